"""Finding candidates: vectors and words each propose their best, and every candidate gets every score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from semsearch import ranking
from semsearch.index import View
from semsearch.protocols import Embedder, Ids, TokenModel, Vectors
from semsearch.records import Filters
from semsearch.wording import Wording, ceiling, telling_most

DEPTH: Final = 50
"""Candidates that each way of searching proposes, in each language where it tells them apart; twice as many change
nothing."""
MOST_WORDS: Final = 32
"""Index words that are looked for in a language, the most telling ones, where meaning is asked as well. All of them
find no more."""
COMPARED: Final = 32
"""Candidates that are compared token by token and ranked; 24 to 96 answer as well (scripts/bench/README.md)."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the text, its vector (None for words alone), and its words."""

    text: str
    vector: Vectors | None
    wording: Wording


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates, their vectors, shape (n, d), and their scores: `scores` maps `dense`, `tokens`, `words` to float32
    arrays of shape (n,). `days` are as those of `Traits.days`."""

    ids: Ids
    langs: Sequence[str]
    days: NDArray[np.int32]
    vectors: Vectors
    scores: ranking.Scores


def retrieve(
    view: View, embedder: Embedder | None, question: Question, mode: str, filters: Filters, count: int
) -> Pool:
    """At least the best `count` passages that `filters` admit, as far as there are so many.

    In hybrid mode dense and words propose; the best of these the model, where it can, compares token by token as well,
    and the others are dropped.
    """
    depth = max(DEPTH, count)
    found: dict[str, tuple[Ids, Vectors]] = {}
    if question.vector is not None:
        allowed = view.database.allowed(filters, view.generation) if filters else None
        nearest, ids = view.vectors.search(question.vector, depth, allowed)
        found["dense"] = (ids, nearest)
    if mode != "dense":
        most = MOST_WORDS if mode == "hybrid" else None
        found["words"] = _joined(list(_by_words(view, question.wording, filters, depth, most)))
    ids = ranking.union(*(proposed for proposed, _ in found.values()))
    scores = {name: ranking.placed(ids, *proposal) for name, proposal in found.items()}
    rows = view.vectors.rows(ids)
    vectors = view.vectors.at(rows)
    if question.vector is not None and mode == "hybrid":
        scores["dense"] = vectors @ question.vector
    keep = np.sort(np.array(ranking.best(ranking.convex(scores))[: max(COMPARED, count)], np.int64))
    ids, rows, scores = ids[keep], rows[keep], {name: part[keep] for name, part in scores.items()}
    if mode == "hybrid" and isinstance(embedder, TokenModel):
        scores["tokens"] = embedder.alignment(question.text, view.traits.tokens(rows))
    return Pool(ids, view.traits.langs(rows), view.traits.days(rows), vectors[keep], scores)


def _by_words(
    view: View, wording: Wording, filters: Filters, depth: int, most: int | None
) -> Iterator[tuple[Ids, Vectors]]:
    """The best `depth` of each language, with the share of the question's words that they have, 0 to 1."""
    files = view.database.matching_files(filters.source, view.generation) if filters.source else None
    for lang in view.words.languages:
        if filters.langs and lang not in filters.langs:
            continue
        idf = view.words.idf(lang)
        if weights := telling_most(wording.weights(lang, idf), idf, most):
            scores, ids = view.words.search(lang, weights, depth, filters, files)
            yield ids, scores / np.float32(ceiling(weights, idf))


def _joined(found: Sequence[tuple[Ids, Vectors]]) -> tuple[Ids, Vectors]:
    ids = [np.empty(0, np.int64), *(ids for ids, _ in found)]
    return np.concatenate(ids), np.concatenate([np.empty(0, np.float32), *(scores for _, scores in found)])
