"""Asking an index: query -> vector -> nearest passages among those the filters admit -> hits."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from semsearch import settings
from semsearch.embedders import load_recorded
from semsearch.errors import EmbeddingFailed, UsageError
from semsearch.index import Reader, require_same_model
from semsearch.protocols import Embedder, TokenModel, Vectors
from semsearch.ranking import highlights
from semsearch.records import Filters, Highlight, Hit, ModelFingerprint, Passage

LANGUAGES = ("ko", "en", "ja")


class Index:
    """An index open for questions. Usable from several threads, which take turns; a new build is picked up.

    with semsearch.open("index") as index:
        for hit in index.query("한일 국교 정상화", k=5):
            print(hit.score, hit.passage.source, hit.passage.start, hit.passage.text)
    """

    def __init__(self, folder: str | os.PathLike[str], model: str | Embedder | None = None) -> None:
        """Open the index in `folder`.

        `model` overrides where the model is loaded from, when it has moved; it must be the one the index was
        built with. Raises IndexNotFound, IndexDamaged, FormatMismatch; ModelMismatch comes with the first query.
        """
        self._reader = Reader(folder)
        self._model = model
        self._embedder: tuple[ModelFingerprint, Embedder] | None = None

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
        lang: str | Sequence[str] = (),
        since: date | str | None = None,
        until: date | str | None = None,
        source: str | None = None,
        min_score: float | None = None,
        explain: bool = False,
    ) -> list[Hit]:
        """The `k` passages nearest in meaning to `text`, best first, in whichever language they are written.

        `lang` (`ko`, `en`, `ja`), `since` and `until` (inclusive days) and `source` (a glob over source names)
        are applied before the best `k` are taken. A passage without a date is in no range of dates.
        `explain` fills `Hit.highlights` with the words that carry the likeness.
        Raises UsageError for a blank query or a value out of range.
        """
        filters = _filters(lang, since, until, source)
        _check(text, k)
        vector, nearest = self._nearest(text, k, filters)
        hits = []
        for rank, (score, passage) in enumerate(nearest, 1):
            if min_score is not None and score < min_score:
                break
            marks = self._highlights(vector, passage.text) if explain else ()
            hits.append(Hit(rank, score, passage, scores=(("dense", score),), highlights=marks))
        return hits

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

    def _nearest(self, text: str, k: int, filters: Filters) -> tuple[Vectors, list[tuple[float, Passage]]]:
        """The query's vector, and the best `k` passages that `filters` admit, in one generation."""
        while True:
            embedder = self.embedder
            vector = self._embed(embedder, text)
            with self._reader.view() as view:
                if view.fingerprint.space != embedder.fingerprint.space:
                    continue  # a build has just changed the model
                allowed = view.database.allowed(filters, view.generation) if filters else None
                scores, ids = view.vectors.search(vector, k, allowed)
                found = view.database.passages(ids.tolist(), view.generation)
            return vector, [(score, found[row]) for score, row in zip(scores.tolist(), ids.tolist(), strict=True)]

    def _embed(self, embedder: Embedder, text: str) -> Vectors:
        vector: Vectors = embedder.embed_queries([text])[0]
        if not abs(float(np.linalg.norm(vector)) - 1.0) < 1e-3:
            raise EmbeddingFailed(f"{embedder.fingerprint.name} gave no usable vector for this query")
        return vector

    def _highlights(self, query: Vectors, text: str) -> tuple[Highlight, ...]:
        """The words nearest to the query or, with a model that has no vectors of words, the nearest sentence."""
        model = self.embedder
        if isinstance(model, TokenModel):
            tokens = model.tokens(text)
            vectors = model.token_vectors([token[2] for token in tokens])
            return highlights(text, query, [(start, end) for start, end, _ in tokens], vectors)
        from semsearch.sentences import sentence_ends

        edges = [0, *(end for end in sentence_ends(text) if 0 < end < len(text)), len(text)]
        spans = [(start, end) for start, end in pairwise(edges) if text[start:end].strip()]
        if len(spans) < 2:
            return ()
        nearness = model.embed_passages([text[start:end] for start, end in spans]) @ query
        best = int(nearness.argmax())
        return (Highlight(*spans[best], round(float(nearness[best]), 4)),)


def open(folder: str | os.PathLike[str] = settings.INDEX.default, model: str | Embedder | None = None) -> Index:
    """Open the index in `folder`. See Index for what it can be asked and what it raises."""
    return Index(Path(folder), model)


def _check(text: str, k: int) -> None:
    if not text.strip():
        raise UsageError("the query is blank: say in a few words what you look for")
    if len(text) > settings.MAX_QUERY_CHARS.default:
        raise UsageError(
            f"the query has {len(text)} characters, at most {settings.MAX_QUERY_CHARS.default} are taken: shorten it"
        )
    if not 1 <= k <= settings.MAX_K.default:
        raise UsageError(f"k is {k}, expected 1 to {settings.MAX_K.default}")


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
