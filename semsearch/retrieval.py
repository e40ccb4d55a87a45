"""Finding candidates: vectors and words each propose their best, and every candidate gets every score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from semsearch import ranking
from semsearch.index import View
from semsearch.protocols import Embedder, Ids, TokenModel, Vectors
from semsearch.records import Filters, Passage
from semsearch.wording import Wording, ceiling

MODES: Final = ("hybrid", "dense", "words")
DEPTH: Final = 100
"""Candidates that each way of searching proposes, in each language where it tells them apart."""
COMPARED: Final = 64
"""Candidates that are compared token by token and ranked."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the text, its vector (not needed for words alone), and its words."""

    text: str
    vector: Vectors
    wording: Wording


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates and their scores: `scores` maps `dense`, `tokens`, `words` to float32 arrays of shape (n,)."""

    ids: Ids
    passages: Sequence[Passage]
    scores: ranking.Scores

    @property
    def langs(self) -> list[str]:
        """Language of each candidate."""
        return [passage.lang for passage in self.passages]


def retrieve(view: View, embedder: Embedder, question: Question, mode: str, filters: Filters, count: int) -> Pool:
    """At least the best `count` passages that `filters` admit, as far as there are so many.

    In hybrid mode dense and words propose; the best of these the model, where it can, compares token by token as well,
    and the others are dropped.
    """
    depth = max(DEPTH, count)
    found: dict[str, tuple[Ids, Vectors]] = {}
    if mode != "words":
        allowed = view.database.allowed(filters, view.generation) if filters else None
        nearest, ids = view.vectors.search(question.vector, depth, allowed)
        found["dense"] = (ids, nearest)
    if mode != "dense":
        found["words"] = _by_words(view, question.wording, filters, depth)
    ids = ranking.union(*(proposed for proposed, _ in found.values()))
    scores = {name: ranking.placed(ids, *proposal) for name, proposal in found.items()}
    if mode == "hybrid":
        scores["dense"] = view.vectors.of(ids) @ question.vector
    keep = np.sort(np.array(ranking.best(ranking.convex(scores))[: max(COMPARED, count)], np.int64))
    ids, scores = ids[keep], {name: part[keep] for name, part in scores.items()}
    if mode == "hybrid" and isinstance(embedder, TokenModel):
        scores["tokens"] = embedder.alignment(question.text, view.database.tokens(ids.tolist()))
    by_id = view.database.passages(ids.tolist(), view.generation)
    passages = [by_id[row] for row in ids.tolist()]
    return Pool(ids, passages, scores)


def _by_words(view: View, wording: Wording, filters: Filters, depth: int) -> tuple[Ids, Vectors]:
    """The best `depth` of each language, scored by the share of the question's words that they have, 0 to 1."""
    files = view.database.matching_files(filters.source, view.generation) if filters.source else None
    ids, scores = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    for lang in view.words.languages:
        if filters.langs and lang not in filters.langs:
            continue
        idf = cache(lambda word, lang=lang: view.words.idf(lang, word))
        if weights := wording.weights(lang, idf):
            points, rows = view.words.search(lang, weights, depth, filters, files)
            ids.append(rows)
            scores.append(points / np.float32(ceiling(weights, idf)))
    return np.concatenate(ids), np.concatenate(scores)
