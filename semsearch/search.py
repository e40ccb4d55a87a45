"""Asking an index: question -> candidates by meaning and by words -> fused, fair, without copies -> hits."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np

from semsearch import ranking, settings
from semsearch.bilingual import Lexicon
from semsearch.calibration import of_bundled, unrelated
from semsearch.embedders import load_recorded
from semsearch.embedders.checking import one_each, unusable
from semsearch.embedders.registry import BUNDLED
from semsearch.errors import EmbeddingFailed, UsageError
from semsearch.explaining import highlights, matched_words
from semsearch.index import Reader, View, require_same_model
from semsearch.languages import asked_in
from semsearch.protocols import Embedder, Reranker, Vectors
from semsearch.queries import Query, Searcher
from semsearch.records import Answer, Filters, FullArticle, Highlight, Hit, ModelFingerprint, Passage
from semsearch.retrieval import Pool, Question, retrieve
from semsearch.wording import Wording

RERANKED: Final = 50
"""Candidates that a cross-encoder reads, or `k` if that is more."""
_TOGETHER: Final = 500
"""Passages that are fetched at a time."""
SPARE: Final = 22
"""Candidates beyond the `k` wanted, for those that turn out to be copies."""
_MORE: Final = 200
"""How many more there are where copies left fewer than `k`."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a question brought up. `near`: how near the candidates are to each other, shape (n, n)."""

    view: View
    question: Question
    pool: Pool
    near: Vectors
    _read: dict[int, Passage] = field(default_factory=dict)

    def passages(self, places: Sequence[int]) -> list[Passage]:
        """The candidates at these places, read from the database when they are first needed."""
        if new := [place for place in dict.fromkeys(places) if place not in self._read]:
            ids = self.pool.ids[new].tolist()
            by_id = self.view.database.passages(ids, self.view.generation)
            self._read.update((place, by_id[row]) for place, row in zip(new, ids, strict=True))
        return [self._read[place] for place in places]

    def texts(self, places: Sequence[int]) -> list[str]:
        """Their texts."""
        return [passage.text for passage in self.passages(places)]


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Candidates with their scores, before and behind calibration and age. `order` are the places of those that are no
    copies, best first; `repeats` tells of copies which place they repeat."""

    found: _Found
    scores: Vectors
    fused: Vectors
    order: list[int]
    repeats: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What hits are made from: candidates with their final scores, copies, and versions in other languages."""

    query: Query
    found: _Found
    scores: Vectors
    fused: Vectors
    repeats: Mapping[int, int]
    stories: Mapping[int, Sequence[int]]


class Index(Searcher):
    """An index open for questions. Usable from several threads, which take turns; a new build is picked up.

    with semsearch.open("index") as index:
        for hit in index.query("한일 국교 정상화", k=5):
            print(hit.score, hit.passage.source, hit.passage.start, hit.passage.text)

    With `OPENBLAS_NUM_THREADS=1` in the environment before numpy is imported, a question takes as long and half of the
    processor: a second thread only spins between products so small.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        model: str | Embedder | None = None,
        aliases: str | os.PathLike[str] | None = None,
    ) -> None:
        """Open the index in `folder`.

        `model` overrides where the model is loaded from, when it has moved; it must be the one the index was
        built with. `aliases` is a text file of names that mean the same, a group a line, parted by `|`.
        Raises IndexNotFound, IndexDamaged, FormatMismatch, and UsageError for a bad line of aliases; ModelMismatch
        comes with the first query.
        """
        self._lexicon = Lexicon(aliases=Path(aliases) if aliases else None)
        self._reader = Reader(folder)
        self._model = model
        self._embedder: tuple[ModelFingerprint, Embedder] | None = None
        self._rerankers: dict[str, Reranker] = {}

    def close(self) -> None:
        """Close the files of the index."""
        self._reader.close()

    @property
    def embedder(self) -> Embedder:
        """The model of the index, loaded when first needed. Raises ModelUnavailable or ModelMismatch."""
        return self._loaded(self._reader.fingerprint)

    def _loaded(self, wanted: ModelFingerprint) -> Embedder:
        if self._embedder is None or self._embedder[0] != wanted:
            given = self._model
            embedder = load_recorded(wanted, given) if given is None or isinstance(given, str) else given
            require_same_model(embedder.fingerprint, wanted, self._reader.folder)
            self._embedder = (wanted, embedder)
        return self._embedder[1]

    def answers(self, queries: Sequence[Query]) -> list[Answer]:
        """One answer for each of several questions; they are embedded together, in one generation of the index.

        Raises ModelUnavailable and ModelMismatch, EmbeddingFailed, IndexDamaged.
        """
        return list(self.each_answer(queries))

    def each_answer(self, queries: Sequence[Query]) -> Iterator[Answer]:
        """`answers`, one by one as they are found. Other threads wait for the index until the last has been taken."""
        embedder, vectors = None, {}
        while True:
            if asked := [query.text for query in queries if query.mode != "words"]:
                embedder = self.embedder
                vectors = dict(zip(asked, self._embed(embedder, asked), strict=True))
            with self._reader.view() as view:
                if embedder and view.fingerprint.space != embedder.fingerprint.space:
                    continue  # a build has just changed the model
                for query in queries:
                    yield self._answer(view, query, vectors.get(query.text))
                return

    @contextmanager
    def held(self) -> Iterator[int]:
        """Keep to the newest generation, whose number is given: passages and articles read inside are all of it.

        Other threads wait for the index meanwhile.
        """
        with self._reader.database() as (generation, _):
            yield generation

    def passage(self, passage_id: str) -> Passage | None:
        """The passage with the id that a hit showed; None where there is none (any more)."""
        with self._reader.database() as (generation, db):
            found = db.find_passage(passage_id, generation)
        return found[1] if found else None

    def neighbours(self, passage_id: str, reach: int = 1) -> list[Passage]:
        """Up to `reach` passages before and behind one in its article, itself among them, in reading order."""
        with self._reader.database() as (generation, db):
            found = db.find_passage(passage_id, generation)
            return db.around(found[0], reach, generation) if found else []

    def article(self, article_id: str) -> FullArticle | None:
        """The article with the id that a passage names, whole; None where there is none (any more)."""
        with self._reader.database() as (generation, db):
            return db.find_article(article_id, generation)

    def vectors(self, passage_ids: Sequence[str]) -> Vectors:
        """The vectors of passages: float32, shape (len(passage_ids), dimension); zeros for an id that is not there."""
        with self._reader.view() as view:
            rows = [view.database.find_passage(each, view.generation) for each in passage_ids]
            found = np.zeros((len(rows), view.fingerprint.dimension), np.float32)
            there = [place for place, row in enumerate(rows) if row]
            found[there] = view.vectors.of(np.array([row[0] for row in rows if row], np.int64))
            return found

    def sample(self, about: int) -> tuple[int, list[Passage], Vectors]:
        """About so many passages, spread evenly: the generation, the passages, and their vectors, a row each."""
        with self._reader.view() as view:
            ids = view.vectors.ids
            ids = ids[:: max(1, -(-len(ids) // about))]
            by_id: dict[int, Passage] = {}
            for start in range(0, len(ids), _TOGETHER):
                by_id |= view.database.passages(ids[start : start + _TOGETHER].tolist(), view.generation)
            return view.generation, [by_id[row] for row in ids.tolist()], view.vectors.of(ids)

    @property
    def edition(self) -> tuple[object, int]:
        """The database, and the number of its last finished build: another value whenever something else answers.

        Raises IndexNotFound or IndexDamaged where nothing can.
        """
        return self._reader.edition

    def info(self) -> dict[str, Any]:
        """What the index holds and what made it: counts, languages, dates, model, sources, size in bytes."""
        return self._reader.info()

    def __iter__(self) -> Iterator[Passage]:
        """Every passage, file by file, in reading order."""
        found: dict[int, Passage] = {}
        while True:
            with self._reader.database() as (generation, db):
                db.check_selection(generation)
                found = db.next_passages(max(found, default=0), generation)
            if not found:
                return
            yield from found.values()

    def _answer(self, view: View, query: Query, vector: Vectors | None) -> Answer:
        question = Question(query.text, vector, Wording(query.text, asked_in(query.text), self._lexicon))
        count = max(query.k, RERANKED if query.rerank else 0) + SPARE
        ranked = self._ranked(view, query, question, count)
        if ranked.repeats and len(ranked.order) < query.k and len(ranked.found.pool.ids) >= count:
            ranked = self._ranked(view, query, question, count + _MORE)
        found, scores, order = ranked.found, ranked.scores, ranked.order
        if query.rerank:
            order, scores = self._reranked(query, order, found, scores)
        if query.balance == "quota":
            order = ranking.by_quota(order, found.pool.langs)
        best = order[: query.k]
        stories = ranking.same_story(best, order, found.near, found.pool.langs)
        repeats = {copy: kept for copy, kept in ranked.repeats.items() if kept in best}
        found.passages([*best, *repeats, *chain.from_iterable(stories.values())])
        shown = _Shown(query, found, scores, ranked.fused, repeats, stories)
        hits = [self._hit(view, rank, place, shown) for rank, place in enumerate(best, 1)]
        if query.explain:
            hits = self._explained(view, query, question.wording, hits)
        return Answer(query.text, view.fingerprint.name, view.generation, tuple(hits))

    def _ranked(self, view: View, query: Query, question: Question, count: int) -> _Ranked:
        """The best `count` candidates for a question, in their order, copies apart."""
        embedder = None if question.vector is None else self._loaded(view.fingerprint)
        pool = retrieve(view, embedder, question, query.mode, query.filters, count)
        tables = self._tables(view)
        found = _Found(view, question, pool, ranking.nearness(pool.vectors, pool.langs, tables["dense"]))
        scores = fused = ranking.FUSIONS[query.fusion](pool.scores)
        if query.balance != "off" and query.fusion == "convex":
            usual = unrelated(tables[query.mode], question.wording.lang, pool.langs)
            scores = ranking.calibrated(fused, pool.langs, usual)
        if query.half_life:
            newest = _newest(view, query.filters)
            scores = ranking.faded(scores, pool.days, newest, query.half_life)
        least = query.min_score
        order = [place for place in ranking.best(scores) if least is None or scores[place] >= least]
        repeats = ranking.copies(order, found.near, pool.langs, found.texts) if query.collapse else {}
        return _Ranked(found, scores, fused, [place for place in order if place not in repeats], repeats)

    def _hit(self, view: View, rank: int, place: int, shown: _Shown) -> Hit:
        query, found = shown.query, shown.found
        (passage,) = found.passages([place])
        parts = {**{name: part[place] for name, part in found.pool.scores.items()}, "fused": shown.fused[place]}
        around: Sequence[Passage] = ()
        if query.context:
            around = view.database.around(int(found.pool.ids[place]), query.context, view.generation)
        return Hit(
            rank,
            float(shown.scores[place]),
            passage,
            also_in=tuple(found.passages([copy for copy, kept in shown.repeats.items() if kept == place])),
            same_story=tuple(found.passages(shown.stories.get(place, ()))),
            scores=tuple((name, float(value)) for name, value in parts.items()),
            context=tuple(around),
        )

    def _explained(self, view: View, query: Query, wording: Wording, hits: Sequence[Hit]) -> list[Hit]:
        """The hits, with what matched in each."""
        marks: Sequence[tuple[Highlight, ...]] = [()] * len(hits)
        if query.mode != "words":
            marks = highlights(self._loaded(view.fingerprint), query.text, [hit.passage.text for hit in hits])
        return [
            replace(hit, highlights=own, matched=matched_words(wording, hit.passage))
            for hit, own in zip(hits, marks, strict=True)
        ]

    def _reranked(
        self, query: Query, order: Sequence[int], found: _Found, scores: Vectors
    ) -> tuple[list[int], Vectors]:
        """The best places in `order` by a cross-encoder's scores, which replace the others."""
        rerank, order = query.rerank, order[: max(query.k, RERANKED)]
        if isinstance(rerank, str):
            from semsearch.embedders.reranker import CrossEncoderReranker

            if rerank not in self._rerankers:
                self._rerankers[rerank] = CrossEncoderReranker(rerank)
            rerank = self._rerankers[rerank]
        assert rerank
        scores = scores.copy()
        scores[list(order)] = given = rerank(query.text, found.texts(order))
        return [order[place] for place in ranking.best(given)], scores

    def _tables(self, view: View) -> dict[str, dict[str, list[float]]]:
        """Scores of unrelated texts by mode and pair of languages."""
        measured = of_bundled(view.fingerprint.dimension)
        if view.fingerprint.name == BUNDLED:
            return measured
        # Half of a hybrid score are the words, which unrelated texts hardly share.
        halves = {pair: [mean / 2, spread / 2] for pair, (mean, spread) in view.usual.items()}
        return {"dense": view.usual, "hybrid": halves, "words": measured["words"]}

    def _embed(self, embedder: Embedder, texts: Sequence[str]) -> Vectors:
        try:
            vectors = embedder.embed_queries(texts)
        except ValueError as error:
            raise UsageError(f"the query has no letter or digit to search for: {error}") from error
        vectors = one_each(embedder.fingerprint.name, vectors, len(texts), embedder.dimension)
        if wrong := unusable(vectors):
            text = texts[wrong[0]]
            raise EmbeddingFailed(f"{embedder.fingerprint.name} gave no usable vector for the query {text[:40]!r}")
        return vectors


def _newest(view: View, filters: Filters) -> date:
    """The day against which age is told: the last that the filters admit, or that the index has."""
    if filters.until:
        return filters.until
    view.database.check_selection(view.generation)
    last = view.database.counts(view.generation)["last_date"]
    return date.fromisoformat(last) if last else date.min


def open(
    folder: str | os.PathLike[str] = settings.INDEX.default,
    model: str | Embedder | None = None,
    aliases: str | os.PathLike[str] | None = None,
) -> Index:
    """Open the index in `folder`. See Index for what it can be asked and what it raises."""
    return Index(Path(folder), model, aliases)
