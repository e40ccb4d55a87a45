"""What passages are ranked by, of a whole generation in one memory-mapped file: language, day, and tokens.

The rows stand as those of the vectors do. A question compares dozens of candidates; their rows in the database, each in
another place of it, would take longer to read than everything else takes that is done with them.

    tokens, one passage's behind the other's; zeros up to a multiple of eight bytes;
    where each passage's tokens start, and the end of the last: uint64; days: int32; languages: uint8;
    the names of the languages as JSON; then three uint64: the bytes of tokens, the passages, the bytes of names.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from datetime import date
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from semsearch.files import Hashing, require_intact
from semsearch.protocols import Ids
from semsearch.records import Trait

_FOOTER: Final = struct.Struct("<QQQ")
_ALIGNED: Final = 8


class Traits:
    """The file of one generation, open for reading."""

    def __init__(self, content: mmap) -> None:
        size, count, named = _FOOTER.unpack_from(content, len(content) - _FOOTER.size)
        self._tokens = content
        start = size + -size % _ALIGNED
        self._starts: NDArray[np.uint64] = np.frombuffer(content, "<u8", count + 1, start)
        start += self._starts.nbytes
        self._days: NDArray[np.int32] = np.frombuffer(content, "<i4", count, start)
        start += self._days.nbytes
        self._langs: NDArray[np.uint8] = np.frombuffer(content, np.uint8, count, start)
        start += self._langs.nbytes
        self._names: list[str] = json.loads(content[start : start + named])

    @classmethod
    def open(cls, path: Path, sha256: str) -> Self:
        """Map a file of a `Writer`; `sha256` is what its `finish` returned. Raises IndexDamaged where it differs."""
        require_intact(path, sha256)
        with path.open("rb") as file:
            return cls(mmap(file.fileno(), 0, access=ACCESS_READ))

    def __len__(self) -> int:
        return len(self._days)

    def langs(self, rows: Ids) -> list[str]:
        """The languages of passages."""
        return [self._names[code] for code in self._langs[rows].tolist()]

    def days(self, rows: Ids) -> NDArray[np.int32]:
        """The days of passages, counted like `date.toordinal`; 0 where there is none. Shape (len(rows),)."""
        return self._days[rows]

    def tokens(self, rows: Ids) -> list[bytes]:
        """What the model compares passages by."""
        starts, ends = self._starts[rows].tolist(), self._starts[rows + 1].tolist()
        return [self._tokens[start:end] for start, end in zip(starts, ends, strict=True)]


class Writer:
    """Writes the file, passage by passage; memory grows by 13 bytes for each."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._sink = Hashing(self._file)
        self._size = 0
        self._starts = [np.zeros(1, "<u8")]
        self._days: list[NDArray[np.int32]] = []
        self._langs: list[NDArray[np.uint8]] = []
        self._names: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, traits: Sequence[Trait]) -> None:
        """Some more passages."""
        self._sink.write(b"".join(trait.tokens for trait in traits))
        sizes = np.fromiter((len(trait.tokens) for trait in traits), "<u8", len(traits))
        self._starts.append(self._size + np.cumsum(sizes, dtype="<u8"))
        self._size += int(sizes.sum())
        self._days.append(np.array([ordinal(trait.date) for trait in traits], "<i4"))
        names = self._names
        self._langs.append(np.array([names.setdefault(trait.lang, len(names)) for trait in traits], np.uint8))

    def finish(self) -> str:
        """Complete the file and wait until the disk has it; returns its SHA-256."""
        names = json.dumps(list(self._names)).encode()
        self._sink.write(bytes(-self._size % _ALIGNED))
        for part in (*self._starts, *self._days, *self._langs):
            self._sink.write(part.tobytes())
        self._sink.write(names + _FOOTER.pack(self._size, sum(map(len, self._days)), len(names)))
        return self._sink.finish()


def ordinal(day: date | None) -> int:
    """A day as `Traits.days` counts it."""
    return day.toordinal() if day else 0
