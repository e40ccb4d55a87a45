"""What makes a passage an answer, as pure functions on arrays: today, which of its words carry the likeness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from semsearch.protocols import Vectors
from semsearch.records import Highlight

_MOST: Final = 8
_SHARE_OF_BEST: Final = 0.35


def highlights(
    text: str, query: Vectors, spans: Sequence[tuple[int, int]], vectors: Vectors, most: int = _MOST
) -> tuple[Highlight, ...]:
    """The words of `text` that are closest in meaning to `query`, in reading order.

    A passage's vector is the sum of its tokens' vectors, brought to unit length; so its cosine with the query is
    a sum over tokens, and a word's share of the score is exact. `query`: shape (d,), unit length; `spans[i]`:
    code points of token i; `vectors`: shape (n, d). Words whose share is below 35% of the best one's are left out.
    """
    if not len(vectors):
        return ()
    length = float(np.linalg.norm(vectors.sum(axis=0))) or 1.0
    shares = (vectors @ query) / length
    words = _by_word(text, spans, shares)
    best = max((share for _, _, share in words), default=0.0)
    strong = [word for word in words if word[2] >= max(best * _SHARE_OF_BEST, 1e-6)]
    strong = sorted(strong, key=lambda word: -word[2])[:most]
    return tuple(Highlight(start, end, round(share, 4)) for start, end, share in sorted(strong))


def _by_word(text: str, spans: Sequence[tuple[int, int]], shares: NDArray[np.float32]) -> list[tuple[int, int, float]]:
    """Join tokens that touch inside one alphabetic word; in Japanese every token stands for itself."""
    words: list[tuple[int, int, float]] = []
    for (start, end), share in zip(spans, shares.tolist(), strict=True):
        if not any(c.isalnum() for c in text[start:end]):
            continue
        if words and words[-1][1] == start and _is_spaced(text[start]) and _is_spaced(text[start - 1]):
            words[-1] = (words[-1][0], end, words[-1][2] + share)
        else:
            words.append((start, end, share))
    return words


def _is_spaced(character: str) -> bool:
    """Whether the script of `character` sets spaces between words: not so for kana and Han."""
    return character.isalnum() and not "\u3040" <= character <= "\u9fff"
