"""What makes a passage a better answer than another: pure functions on arrays.

Fusion of scores, fairness between languages, copies of one text, age, and which words carry a likeness.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from semsearch.protocols import Ids, Vectors

Scores: TypeAlias = Mapping[str, Vectors]
"""Scores of the same n passages by what gave them: `dense`, `tokens`, `words`; each float32, shape (n,)."""

Texts: TypeAlias = Callable[[Sequence[int]], Sequence[str]]
"""Gives the texts of passages by their places."""

WEIGHTS: Final = {"dense": 1.0, "tokens": 1.5, "words": 1.0}
"""Parts in the convex combination; measured on news questions (scripts/bench/README.md)."""
_RRF_K: Final = 60
"""The constant of Cormack et al. 2009, which found it good enough for everything."""
_COPY_NEARNESS: Final = 0.7
"""Nearness under which two passages are not looked at as copies."""
_COPY_OVERLAP: Final = 0.75
"""Share of the shorter text's shingles that a copy has."""
_STORY_NEARNESS: Final = 0.7
"""Nearness of passages that tell the same in two languages: on 1,372 news passages in three languages, 98% of the
translations reach it, and one passage in forty has another one that does."""
_SHINGLE: Final = 5
_NO_LETTERS: Final = re.compile(r"[\W_]+")


def convex(scores: Scores) -> Vectors:
    """The weighted mean of scores that are 0 to 1 already; shape (n,)."""
    total = sum(WEIGHTS[name] for name in scores)
    first, *others = (WEIGHTS[name] / total * part for name, part in scores.items())
    return sum(others, start=first)


def reciprocal_rank(scores: Scores) -> Vectors:
    """Reciprocal rank fusion: the mean of 61 / (60 + rank) over the rankings; a score of 0 is no rank. Shape (n,)."""
    parts = []
    for part in scores.values():
        ranks = np.empty(len(part), np.float32)
        ranks[np.argsort(-part, kind="stable")] = np.arange(1, len(part) + 1, dtype=np.float32)
        parts.append(np.where(part > 0, (_RRF_K + 1) / (_RRF_K + ranks), 0.0))
    mean: Vectors = np.mean(parts, axis=0).astype(np.float32)
    return mean


FUSIONS: Final = {"convex": convex, "rrf": reciprocal_rank}


def calibrated(scores: Vectors, langs: Sequence[str], unrelated: Mapping[str, tuple[float, float]]) -> Vectors:
    """How many steps each score lies above those of unrelated passages in the same language; shape (n,).

    `unrelated`: their mean, and the step, for each language that occurs (`semsearch.calibration`).
    """
    usual = np.array([unrelated[lang] for lang in langs], np.float32).reshape(-1, 2)
    above: Vectors = (scores - usual[:, 0]) / usual[:, 1]
    return above


def by_quota(order: Sequence[int], langs: Sequence[str]) -> list[int]:
    """`order` (places, best first) dealt out so that the languages take turns, the one of the best first."""
    queues: dict[str, list[int]] = {}
    for place in order:
        queues.setdefault(langs[place], []).append(place)
    rounds = max(map(len, queues.values()), default=0)
    return [queue[turn] for turn in range(rounds) for queue in queues.values() if turn < len(queue)]


def faded(scores: Vectors, days: NDArray[np.int32], newest: date, half_life: float) -> Vectors:
    """`scores` with up to half of each lost to age: a quarter of it at `half_life` days before `newest`.

    `days`: as `date.toordinal`; a passage without a date, 0, counts as old. Negative scores stay. Shape (n,).
    """
    ages = np.where(days > 0, newest.toordinal() - days, np.inf)
    kept = 0.5 + 0.5 * np.exp2(-np.maximum(ages, 0.0) / half_life)
    result: Vectors = np.where(scores > 0, scores * kept, scores).astype(np.float32)
    return result


def nearness(vectors: Vectors, langs: Sequence[str], usual: Mapping[str, Sequence[float]]) -> Vectors:
    """How near passages are to each other: 0 as near as unrelated ones, 1 the same; shape (n, n).

    `vectors`: shape (n, d), unit length. `usual`: the mean cosine of unrelated passages, first in a row for each pair
    of languages, such as `ko>en`; it differs from model to model, and 1 is the most with all of them.
    """
    known = [row[0] for row in usual.values()]
    typical = sum(known) / len(known) if known else 0.0
    kinds, kind = list(dict.fromkeys(langs)), _kinds(langs)
    means = np.array([[usual.get(f"{a}>{b}", (typical,))[0] for b in kinds] for a in kinds], np.float32)
    expected = means[kind[:, None], kind] if kinds else np.zeros((0, 0), np.float32)
    result: Vectors = (vectors @ vectors.T - expected) / (1.0 - expected)
    return result


def copies(order: Sequence[int], near: Vectors, langs: Sequence[str], texts: Texts) -> dict[int, int]:
    """Which of the places in `order` (best first) repeat the text of a better one: {copy: the one it repeats}.

    Copies of one language are near each other in meaning and share most of the shorter one's runs of five characters,
    so that a wire story is found again that was cut, or whose first words were changed. `near`: as of `nearness`.
    `texts` is asked once, for those that are near another one.
    """
    kind = _kinds(langs)
    alike = (near >= _COPY_NEARNESS) & (kind[:, None] == kind)
    suspects = np.asarray(order, np.intp)[np.count_nonzero(alike[np.ix_(order, order)], axis=1) > 1].tolist()
    shingles = dict(zip(suspects, map(_shingles, texts(suspects)), strict=True))
    found: dict[int, int] = {}
    kept: list[int] = []
    for place in suspects:
        originals = [other for other in kept if alike[place, other]]
        overlaps = [_overlap(shingles[place], shingles[other]) for other in originals]
        if overlaps and max(overlaps) >= _COPY_OVERLAP:
            found[place] = originals[int(np.argmax(overlaps))]
        else:
            kept.append(place)
    return found


def same_story(shown: Sequence[int], order: Sequence[int], near: Vectors, langs: Sequence[str]) -> dict[int, list[int]]:
    """For each of the places in `shown`, those in `order` that tell the same in another language, nearest first."""
    kind, others = _kinds(langs), np.asarray(order, np.intp)
    rows = np.asarray(shown, np.intp)
    nearby = near[np.ix_(rows, others)]
    alike = (nearby >= _STORY_NEARNESS) & (kind[rows, None] != kind[others])
    told = {}
    for row in np.flatnonzero(alike.any(axis=1)).tolist():
        places = np.flatnonzero(alike[row])
        told[shown[row]] = others[places[best(nearby[row, places])]].tolist()
    return told


def _kinds(langs: Sequence[str]) -> NDArray[np.intp]:
    """A number for each language, in the order in which they occur; shape (len(langs),)."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(lang, len(numbers)) for lang in langs], np.intp)


def _shingles(text: str) -> frozenset[str]:
    letters = _NO_LETTERS.sub("", text.casefold())
    return frozenset([letters[start : start + _SHINGLE] for start in range(max(1, len(letters) - _SHINGLE + 1))])


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / min(len(one), len(other))


def union(*proposals: Ids) -> Ids:
    """All ids, ascending, each once."""
    return np.unique(np.concatenate([np.empty(0, np.int64), *proposals]))


def placed(ids: Ids, proposed: Ids, scores: Vectors) -> Vectors:
    """`scores` of the `proposed` ids at their places among `ids` (ascending), 0 for the others; shape (len(ids),)."""
    result = np.zeros(len(ids), np.float32)
    result[np.searchsorted(ids, proposed)] = scores
    return result


def best(scores: Vectors) -> list[int]:
    """Places of scores, best first; equal ones in their order."""
    places: list[int] = np.argsort(-scores, kind="stable").tolist()
    return places
