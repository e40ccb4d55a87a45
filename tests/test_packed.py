"""Rows of a packed table, before and after it is unpacked, and the best match of tokens, against plain arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from semsearch.embedders.packed import Packed
from semsearch.protocols import Vectors

ROWS = 40


def table(seed: int, numbers: int = 12) -> tuple[NDArray[np.uint8], Vectors]:
    """Numbers of -8 to 7 packed in bytes, and as they are; the last row is of zeros."""
    whole = np.random.default_rng(seed).integers(-8, 8, (ROWS, numbers))
    whole[-1] = 0
    return ((whole[:, 1::2] + 8) << 4 | (whole[:, ::2] + 8)).astype(np.uint8), whole.astype(np.float32)


@pytest.mark.parametrize("width", [1, 5, 8, 12])
def test_rows_are_the_same_before_and_after_unpacking(width: int) -> None:
    packed, whole = table(width)
    rows = Packed(packed, width)
    ids = np.array([3, 0, 3, ROWS - 1])
    for _ in range(ROWS):  # in all more than the table has
        np.testing.assert_array_equal(rows.rows(ids), whole[ids, :width])
        assert rows.rows(ids).dtype == np.float32
    assert rows._unpacked is not None


@given(st.integers(0, 2**32 - 1), st.lists(st.lists(st.integers(0, ROWS - 1), max_size=9), min_size=1, max_size=6))
def test_the_best_match_is_that_of_plain_arithmetic(seed: int, texts: list[list[int]]) -> None:
    packed, whole = table(seed)
    asked = np.random.default_rng(seed + 1).standard_normal((3, 12)).astype(np.float32)
    rows = Packed(packed, 8)
    wanted = np.zeros((len(texts), 3), np.float32)
    for place, own in enumerate(texts):
        for n, vector in enumerate(asked[:, :8]):
            for row in whole[own, :8]:
                length = float(np.linalg.norm(vector) * np.linalg.norm(row)) or 1.0
                wanted[place, n] = max(wanted[place, n], float(vector @ row) / length)
    for _ in range(3):  # soon unpacked
        found = rows.best(asked, [np.array(own, np.uint32).tobytes() for own in texts])
        np.testing.assert_allclose(found, wanted, atol=1e-5)
