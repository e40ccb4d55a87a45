"""Nearest neighbours: an exact inner-product index of FAISS in one file, and codes that find its candidates faster.

Nothing else imports faiss.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from semsearch.errors import IndexDamaged
from semsearch.files import Hashing, digest, flush, require_intact
from semsearch.protocols import Ids, Vectors

if TYPE_CHECKING:
    from types import ModuleType

ENOUGH_FOR_CODES: Final = 50_000
"""Vectors from which codes pay: reading all of fewer takes under 5 ms."""
_CANDIDATES: Final = 400
"""Candidates that codes propose, or five times what is wanted. Measured on 103,000 passages of real text: of the best
10 998 in 1,000 are among them, of the best 50 981; more change no answer's nDCG@10."""
_TRAINING_ROWS: Final = 20_000
_MOST_OF_IT: Final = 0.8
"""Share of the squared length that makes the first half of the dimensions enough to find candidates by."""


class FlatVectors:
    """An `IndexFlatIP` under an `IndexIDMap2`, memory-mapped from its file. Ids are ascending."""

    def __init__(self, index: Any) -> None:
        faiss = _faiss()
        self._faiss = faiss
        self._codes: Any = None
        self._index = index  # keeps the map alive, which owns the vectors below
        self._flat = faiss.downcast_index(index.index)
        self._ids: Ids = faiss.vector_to_array(index.id_map)

    @classmethod
    def open(cls, path: Path, sha256: str) -> FlatVectors:
        """Map a file that `write` made; `sha256` is the digest it returned.

        Raises IndexDamaged where the file is missing or differs in a single bit: FAISS itself would answer
        from damaged vectors without a word.
        """
        return cls(_read(path, sha256, _faiss().IO_FLAG_MMAP_IFC))

    def use_codes(self, path: Path, sha256: str) -> None:
        """Find candidates with the codes that `write_codes` made of these vectors. Raises IndexDamaged like `open`."""
        self._codes = _read(path, sha256)

    def __len__(self) -> int:
        return int(self._flat.ntotal)

    @property
    def ids(self) -> Ids:
        """Ids of all vectors, ascending; shape (len(self),), int64."""
        return self._ids

    def search(self, query: Vectors, k: int, allowed: Ids | None = None) -> tuple[Vectors, Ids]:
        """The best `k` by inner product, best first; with `allowed` (ascending ids) among those only.

        `query`: float32, shape (dimension,). Returns scores (float32) and ids (int64), both of one length <= `k`.
        Scores are exact. With codes and without `allowed` the candidates are those whose codes are nearest.
        """
        if self._codes is not None and allowed is None:
            return self._search_coded(query, k)
        parameters = None
        if allowed is not None:
            bits = self._bits(allowed)
            selector = self._faiss.IDSelectorBitmap(len(self), self._faiss.swig_ptr(bits))
            parameters = self._faiss.SearchParameters(sel=selector)
            k = min(k, len(allowed))
        if not (k := min(k, len(self))):
            return np.empty(0, np.float32), np.empty(0, np.int64)
        scores, rows = self._flat.search(query.reshape(1, -1), k, params=parameters)
        found = rows[0] >= 0
        return scores[0][found], self._ids[rows[0][found]]

    def _search_coded(self, query: Vectors, k: int) -> tuple[Vectors, Ids]:
        first = query.reshape(1, -1)[:, : self._codes.d]
        _, found = self._codes.search(first, min(len(self), max(_CANDIDATES, 5 * k)))
        rows = found[0][found[0] >= 0]
        scores = self.at(rows) @ query
        best = np.argsort(-scores, kind="stable")[:k]
        return scores[best], self._ids[rows[best]]

    def rows(self, ids: Ids) -> Ids:
        """Where the vectors of these ids stand among all; shape (len(ids),). Raises IndexDamaged where one is not."""
        rows = np.searchsorted(self._ids, ids)
        if not np.array_equal(self._ids.take(rows, mode="clip"), ids):
            raise IndexDamaged("the index names a passage that has no vector: run `semsearch repair`")
        return rows

    def of(self, ids: Ids) -> Vectors:
        """The vectors of these ids, in their order: float32, shape (len(ids), dimension)."""
        return self.at(self.rows(ids))

    def at(self, rows: Ids) -> Vectors:
        """The vectors that stand at these places: float32, shape (len(rows), dimension)."""
        vectors: Vectors = self._flat.reconstruct_batch(rows) if len(rows) else np.empty((0, self._flat.d), np.float32)
        return vectors

    def _bits(self, allowed: Ids) -> np.ndarray[Any, np.dtype[np.uint8]]:
        return np.packbits(np.isin(self._ids, allowed, assume_unique=True), bitorder="little")

    def batches(self, size: int = 4096) -> Iterator[tuple[Ids, Vectors]]:
        """All ids and vectors, at most `size` at a time."""
        for start in range(0, len(self), size):
            count = min(size, len(self) - start)
            yield self._ids[start : start + count], self._flat.reconstruct_n(start, count)

    @staticmethod
    def write(path: Path, dimension: int, count: int, batches: Iterable[tuple[Ids, Vectors]]) -> str:
        """Write `count` vectors to `path` and flush them to the disk; returns the SHA-256 of the file.

        The bytes are those of `faiss.write_index` (a test compares them), written as they come, so that memory
        stays flat: FAISS itself would hold all vectors at once.
        """
        with path.open("wb") as file:
            sink = Hashing(file)
            _write_flat(sink, dimension, count, batches)
            return sink.finish()


def write_codes(codes: Path, vectors: Path, dimension: int, count: int) -> str:
    """Write a code of half a byte for every two numbers of the vectors in a file of `FlatVectors.write`.

    Only of the first half of them, where it makes most of a vector, as with a model that was trained to put first what
    says most (Matryoshka). A product quantizer (`IndexPQFastScan`), trained on a sample. The vectors are read, not
    mapped, so that few are in memory at once. When this returns, the disk has the file; returns its SHA-256.
    """
    faiss = _faiss()
    every = -(-count // _TRAINING_ROWS)
    sample = np.concatenate([rows[::every].copy() for rows in _rows(vectors, dimension, count)])
    width = _telling(sample)
    coded = faiss.IndexPQFastScan(width, width // 2, 4, faiss.METRIC_INNER_PRODUCT)
    coded.train(_first(sample, width))
    for rows in _rows(vectors, dimension, count):
        coded.add(_first(rows, width))
    faiss.write_index(coded, str(codes))
    flush(codes)
    return digest(codes)


def _telling(sample: Vectors) -> int:
    """How many of the dimensions tell vectors apart well enough: the first half, or all; an even number."""
    half = sample.shape[1] // 4 * 2
    share = np.square(sample[:, :half]).sum() / max(np.square(sample).sum(), np.finfo(np.float32).tiny)
    return half if half and share >= _MOST_OF_IT else int(sample.shape[1])


def _first(rows: Vectors, width: int) -> Vectors:
    return np.ascontiguousarray(rows[:, :width])


def _rows(path: Path, dimension: int, count: int, batch: int = 4096) -> Iterator[Vectors]:
    with path.open("rb") as file:
        file.seek(2 * len(_header(b"IxFI", dimension, count)) + 8)
        for start in range(0, count, batch):
            wanted = min(batch, count - start)
            yield np.fromfile(file, np.float32, wanted * dimension).reshape(wanted, dimension)


def _header(kind: bytes, dimension: int, count: int) -> bytes:
    trained, inner_product = 1, 0
    return kind + struct.pack("<iqqqBi", dimension, count, 1 << 20, 1 << 20, trained, inner_product)


def _write_flat(sink: Hashing, dimension: int, count: int, batches: Iterable[tuple[Ids, Vectors]]) -> None:
    """FAISS 1.7 to 1.15: an `IxM2` map around an `IxFI` flat inner-product index, then the ids."""
    sink.write(_header(b"IxM2", dimension, count) + _header(b"IxFI", dimension, count))
    sink.write(struct.pack("<Q", count * dimension))
    all_ids = [np.empty(0, np.int64)]
    for ids, vectors in batches:
        sink.write(np.ascontiguousarray(vectors, np.float32).tobytes())
        all_ids.append(ids)
    written = np.concatenate(all_ids)
    if len(written) != count:
        raise IndexDamaged(f"{count} passages but {len(written)} vectors: delete the index folder and build it again")
    sink.write(struct.pack("<Q", count) + written.astype(np.int64).tobytes())


def _read(path: Path, sha256: str, flags: int = 0) -> Any:
    require_intact(path, sha256)
    faiss = _faiss()
    try:
        return faiss.read_index(str(path), flags)
    except RuntimeError as error:
        raise IndexDamaged(f"{path} cannot be read by faiss {faiss.__version__}: {_last_line(error)}") from error


@cache
def _faiss() -> ModuleType:
    """FAISS, with one thread.

    For one query at a time a second one finds nothing sooner, and spins. Training takes a quarter less time with two,
    and three times as long where another program wants a core.
    """
    import faiss

    faiss.omp_set_num_threads(1)
    return faiss


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1][:200]
