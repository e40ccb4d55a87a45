"""Asking an index: question -> candidates by meaning and by words -> fused, fair, without copies -> hits."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from semsearch import ranking, settings
from semsearch.bilingual import Lexicon
from semsearch.calibration import Usual, of_bundled, unrelated
from semsearch.embedders import load_recorded
from semsearch.embedders.registry import BUNDLED
from semsearch.errors import EmbeddingFailed, UsageError
from semsearch.explaining import highlights, matched_words
from semsearch.index import Reader, View, require_same_model
from semsearch.languages import LANGUAGES, asked_in
from semsearch.protocols import Embedder, Vectors
from semsearch.ranking import FUSIONS
from semsearch.records import Filters, Highlight, Hit, MatchedWord, ModelFingerprint, Passage
from semsearch.retrieval import MODES, Pool, Question, retrieve
from semsearch.wording import wording

if TYPE_CHECKING:
    from semsearch.embedders.reranker import Reranker

BALANCES: Final = ("calibrated", "quota", "off")
RERANKED: Final = 50
"""Candidates that a cross-encoder reads, or `k` if that is more."""
SPARE: Final = 30
"""Candidates beyond the `k` wanted, for those that turn out to be copies."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a question brought up. `near`: how near the candidates are to each other, shape (n, n)."""

    question: Question
    mode: str
    pool: Pool
    near: Vectors
    usual: Mapping[str, Usual]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What hits are made from: candidates with their final scores, copies, and versions in other languages."""

    found: _Found
    scores: Vectors
    fused: Vectors
    repeats: Mapping[int, int]
    stories: Mapping[int, Sequence[int]]


class Index:
    """An index open for questions. Usable from several threads, which take turns; a new build is picked up.

    with semsearch.open("index") as index:
        for hit in index.query("한일 국교 정상화", k=5):
            print(hit.score, hit.passage.source, hit.passage.start, hit.passage.text)
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

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files of the index."""
        self._reader.close()

    @property
    def embedder(self) -> Embedder:
        """The model of the index, loaded when first needed. Raises ModelUnavailable or ModelMismatch."""
        wanted = self._reader.fingerprint
        if self._embedder is None or self._embedder[0] != wanted:
            given = self._model
            embedder = load_recorded(wanted, given) if given is None or isinstance(given, str) else given
            require_same_model(embedder.fingerprint, wanted, self._reader.folder)
            self._embedder = (wanted, embedder)
        return self._embedder[1]

    def query(
        self,
        text: str,
        k: int = settings.K.default,
        *,
        mode: str = settings.MODE.default,
        lang: str | Sequence[str] = (),
        since: date | str | None = None,
        until: date | str | None = None,
        source: str | None = None,
        min_score: float | None = None,
        balance: str = settings.BALANCE.default,
        collapse: bool = True,
        fusion: str = settings.FUSION.default,
        half_life: float | None = None,
        rerank: str | Reranker | None = None,
        explain: bool = False,
    ) -> list[Hit]:
        """The `k` passages that answer `text` best, best first, in whichever language they are written.

        `mode`: `dense` goes by the model's vectors, `words` by the question's words and what the lexicon says they
        are called in the other languages, `hybrid` by both and, with the bundled model, token by token.
        `lang` (`ko`, `en`, `ja`), `since` and `until` (inclusive days) and `source` (a glob over source names)
        are applied before the best `k` are taken. A passage without a date is in no range of dates.

        `balance`: `calibrated` scores say how far a passage lies above unrelated texts of the same two languages, on a
        scale on which these lie at 0 and answers, on the average, at 6; so no passage wins by its language.
        `quota` lets the languages take turns; `off` leaves the scores, 0 to 1, as they are. `min_score` is on the
        scale of the score.
        `collapse` lists copies of a text under the best one (`Hit.also_in`). `half_life`, in days, lets up to half of
        a score fade with age. `fusion`: `convex` or `rrf`. `rerank` is a CrossEncoder by name or path that puts the
        best 50 in its own order. `explain` fills `Hit.highlights` and `Hit.matched`.
        Raises UsageError for a blank query or a value out of range.
        """
        filters = _filters(lang, since, until, source)
        _check(text, k, mode, balance, fusion, half_life)
        found = self._find(text, k, mode, filters)
        pool = found.pool
        scores = fused = ranking.FUSIONS[fusion](pool.scores)
        if balance != "off" and fusion == "convex":
            scores = ranking.calibrated(fused, pool.langs, found.usual)
        if half_life:
            scores = ranking.faded(scores, [p.date for p in pool.passages], self._newest(filters), half_life)
        order = [place for place in ranking.best(scores) if min_score is None or scores[place] >= min_score]
        repeats = ranking.copies(order, found.near, [p.text for p in pool.passages], pool.langs) if collapse else {}
        order = [place for place in order if place not in repeats]
        if rerank:
            order, scores = self._reranked(text, order[: max(k, RERANKED)], pool, scores, rerank)
        if balance == "quota":
            order = ranking.by_quota(order, pool.langs)
        shown = _Shown(found, scores, fused, repeats, ranking.same_story(order[:k], order, found.near, pool.langs))
        return [self._hit(rank, place, shown, explain) for rank, place in enumerate(order[:k], 1)]

    def passage(self, passage_id: str) -> Passage | None:
        """The passage with the id that a hit showed; None where there is none (any more)."""
        with self._reader.database() as (generation, db):
            found = db.find_passage(passage_id, generation)
        return found[1] if found else None

    def neighbours(self, passage_id: str, reach: int = 1) -> list[Passage]:
        """Up to `reach` passages before and behind one in its article, itself among them, in reading order."""
        with self._reader.database() as (generation, db):
            found = db.find_passage(passage_id, generation)
            return db.neighbours(found[0], reach, generation) if found else []

    def info(self) -> dict[str, Any]:
        """What the index holds and what made it: counts, languages, dates, model, sources, size in bytes."""
        return self._reader.info()

    def __iter__(self) -> Iterator[Passage]:
        """Every passage, file by file, in reading order."""
        last = 0
        while True:
            with self._reader.database() as (generation, db):
                row = db.next_file(last, generation)
                passages = list(db.passages_of(row.id, generation)) if row else []
            if row is None:
                return
            last = row.id
            yield from passages

    def _find(self, text: str, k: int, mode: str, filters: Filters) -> _Found:
        """The question, its candidates, and what is usual for unrelated ones, in one generation."""
        asked = asked_in(text)
        worded = wording(text, asked, self._lexicon)
        while True:
            embedder = self.embedder
            question = Question(text, self._embed(embedder, text), worded)
            with self._reader.view() as view:
                if view.fingerprint.space != embedder.fingerprint.space:
                    continue  # a build has just changed the model
                pool = retrieve(view, embedder, question, mode, filters, k + SPARE)
                tables = self._tables(view)
                near = ranking.nearness(view.vectors.of(pool.ids), pool.langs, tables["dense"])
                return _Found(question, mode, pool, near, unrelated(tables[mode], asked, pool.langs))

    def _hit(self, rank: int, place: int, shown: _Shown, explain: bool) -> Hit:
        found, passage = shown.found, shown.found.pool.passages[place]
        parts = {**{name: part[place] for name, part in found.pool.scores.items()}, "fused": shown.fused[place]}
        marks: tuple[Highlight, ...] = ()
        matched: tuple[MatchedWord, ...] = ()
        if explain:
            marks = highlights(self.embedder, found.question.text, passage.text) if found.mode != "words" else ()
            matched = matched_words(found.question.wording, passage.lang, f"{passage.title}\n{passage.text}")
        return Hit(
            rank,
            float(shown.scores[place]),
            passage,
            also_in=tuple(found.pool.passages[copy] for copy, kept in shown.repeats.items() if kept == place),
            same_story=tuple(found.pool.passages[other] for other in shown.stories.get(place, ())),
            scores=tuple((name, float(value)) for name, value in parts.items()),
            highlights=marks,
            matched=matched,
        )

    def _reranked(
        self, text: str, order: Sequence[int], pool: Pool, scores: Vectors, rerank: str | Reranker
    ) -> tuple[list[int], Vectors]:
        """The places in `order` by a cross-encoder's scores, which replace the others."""
        if isinstance(rerank, str):
            from semsearch.embedders.reranker import CrossEncoderReranker

            if rerank not in self._rerankers:
                self._rerankers[rerank] = CrossEncoderReranker(rerank)
            rerank = self._rerankers[rerank]
        scores = scores.copy()
        scores[list(order)] = given = rerank(text, [pool.passages[place].text for place in order])
        return [order[place] for place in ranking.best(given)], scores

    def _tables(self, view: View) -> dict[str, dict[str, list[float]]]:
        """Scores of unrelated texts by mode and pair of languages."""
        measured = of_bundled(view.fingerprint.dimension)
        if view.fingerprint.name == BUNDLED:
            return measured
        # Half of a hybrid score are the words, which unrelated texts hardly share.
        halves = {pair: [mean / 2, spread / 2] for pair, (mean, spread) in view.usual.items()}
        return {"dense": view.usual, "hybrid": halves, "words": measured["words"]}

    def _embed(self, embedder: Embedder, text: str) -> Vectors:
        vector: Vectors = embedder.embed_queries([text])[0]
        if not abs(float(np.linalg.norm(vector)) - 1.0) < 1e-3:
            raise EmbeddingFailed(f"{embedder.fingerprint.name} gave no usable vector for this query")
        return vector

    def _newest(self, filters: Filters) -> date:
        """The day against which age is told: the last that the filters admit, or that the index has."""
        if filters.until:
            return filters.until
        last = self.info()["last_date"]
        return date.fromisoformat(last) if last else date.min


def open(
    folder: str | os.PathLike[str] = settings.INDEX.default,
    model: str | Embedder | None = None,
    aliases: str | os.PathLike[str] | None = None,
) -> Index:
    """Open the index in `folder`. See Index for what it can be asked and what it raises."""
    return Index(Path(folder), model, aliases)


def _check(text: str, k: int, mode: str, balance: str, fusion: str, half_life: float | None) -> None:
    if not text.strip():
        raise UsageError("the query is blank: say in a few words what you look for")
    if len(text) > settings.MAX_QUERY_CHARS.default:
        raise UsageError(
            f"the query has {len(text)} characters, at most {settings.MAX_QUERY_CHARS.default} are taken: shorten it"
        )
    if not 1 <= k <= settings.MAX_K.default:
        raise UsageError(f"k is {k}, expected 1 to {settings.MAX_K.default}")
    for name, value, known in (("mode", mode, MODES), ("balance", balance, BALANCES), ("fusion", fusion, FUSIONS)):
        if value not in known:
            raise UsageError(f"{name} is {value!r}, expected {', '.join(known)}")
    if half_life is not None and not half_life > 0:
        raise UsageError(f"half_life is {half_life} days, expected more than 0")


def _filters(
    lang: str | Sequence[str], since: date | str | None, until: date | str | None, source: str | None
) -> Filters:
    langs = tuple(part.strip() for part in (lang.split(",") if isinstance(lang, str) else lang) if part.strip())
    for name in langs:
        if name not in LANGUAGES:
            raise UsageError(f"language {name!r} is not known: use {', '.join(LANGUAGES)}, or several with commas")
    first, last = _day(since, "since"), _day(until, "until")
    if first and last and first > last:
        raise UsageError(f"since {first} lies behind until {last}: no day can match")
    return Filters(langs, first, last, source)


def _day(value: date | str | None, name: str) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise UsageError(f"{name} is {value!r}, expected a day such as 2025-06-22") from None
