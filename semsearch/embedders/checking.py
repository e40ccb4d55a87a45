"""What a model must return: one vector a text."""

from __future__ import annotations

import numpy as np

from semsearch.errors import EmbeddingFailed
from semsearch.protocols import Vectors


def length_of(vector: Vectors) -> float:
    """The length of a vector, however long."""
    return float(np.linalg.norm(vector.astype(np.float64)))


def unusable(vectors: Vectors) -> list[int]:
    """The rows that are not of unit length, those that hold NaN or infinity among them."""
    squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    wrong: list[int] = np.flatnonzero(~(np.abs(squares - 1.0) < 2e-3)).tolist()
    return wrong


def one_each(name: str, vectors: object, count: int, dimension: int) -> Vectors:
    """`vectors` as float32, shape (count, dimension). Raises EmbeddingFailed where they are nothing of the kind."""
    try:
        found = np.asarray(vectors)
        if found.shape == (count, dimension) and found.dtype.kind == "f":
            return found.astype(np.float32, copy=False)
        what = f"{found.dtype} values of shape {found.shape}"
    except ValueError:  # rows of different lengths
        what = type(vectors).__name__
    raise EmbeddingFailed(f"{name} returned {what}, not {count} vectors of {dimension} numbers: nothing was kept of it")
