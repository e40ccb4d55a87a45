"""A table of small whole numbers, two to a byte, of which rows are looked up and compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from semsearch.protocols import Vectors

_PAIRS: Final = (
    np.stack([np.arange(256) % 16 - 8.0, np.arange(256) // 16 - 8.0], axis=1).astype(np.float32).view(np.uint64)[:, 0]
)
"""The two numbers that a byte holds, the first in its lower half; seen as one, to be looked up at once."""
_TINY: Final = np.finfo(np.float32).tiny


class Packed:
    """The first `width` numbers of each row of a table, which is read as it lies until it has been read a lot."""

    def __init__(self, table: NDArray[np.uint8], width: int) -> None:
        """`table`: shape (n, at least width / 2), two numbers of -8 to 7 a byte."""
        self._table, self.width = table[:, : -(-width // 2)], width
        self._unpacked: NDArray[np.int8] | None = None
        self._looked_up = 0

    def __len__(self) -> int:
        return len(self._table)

    def rows(self, ids: NDArray[np.integer[Any]]) -> Vectors:
        """Rows by their places: float32, shape (len(ids), width)."""
        if self._unpacked is None:
            self._looked_up += len(ids)
            if self._looked_up > len(self):
                pairs = _PAIRS.view(np.float32).astype(np.int8).view(np.uint16)
                self._unpacked = pairs[self._table].view(np.int8)[:, : self.width]
        rows: Vectors
        if self._unpacked is not None:
            rows = self._unpacked.take(ids, 0).astype(np.float32)
        else:
            rows = _PAIRS[self._table[ids]].view(np.float32)[:, : self.width]
        return rows

    def best(self, asked: Vectors, encoded: Sequence[bytes]) -> Vectors:
        """The largest cosine of each vector `asked` with any of the rows that a text names; at least 0.

        `asked`: shape (m, at least `width`). `encoded`: for each text the places of its rows, as uint32 bytes.
        Returns float32, shape (len(encoded), m).
        """
        every = np.frombuffer(b"".join(encoded), np.uint32).astype(np.intp)
        distinct, places = _distinct(every, len(self))
        rows = self.rows(distinct)
        cosines = rows @ unit(asked[:, : self.width].copy()).T
        cosines /= np.maximum(lengths(rows), _TINY)[:, None]
        starts = np.cumsum([0, *(len(own) // np.uint32().itemsize for own in encoded)])
        filled = np.flatnonzero(np.diff(starts))
        best = np.zeros((len(encoded), len(asked)), np.float32)
        best[filled] = np.maximum.reduceat(cosines.take(places, 0), starts[filled], axis=0)
        return np.maximum(best, 0.0, out=best)


def lengths(vectors: Vectors) -> Vectors:
    """Lengths of rows."""
    found: Vectors = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return found


def unit(vectors: Vectors) -> Vectors:
    """Bring rows to unit length, in place."""
    vectors /= np.maximum(lengths(vectors), _TINY)[:, None]
    return vectors


def _distinct(ids: NDArray[np.intp], most: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Each of the ids, all under `most`, once, and the place of every one among these; no sorting is needed."""
    numbers, place_of = np.arange(len(ids)), np.empty(most, np.intp)
    place_of[ids] = numbers
    distinct = ids[place_of.take(ids) == numbers]
    place_of[distinct] = numbers[: len(distinct)]
    return distinct, place_of.take(ids)
