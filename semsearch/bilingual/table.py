"""The compiled lexicon: one memory-mapped file, found by hash, checked by key.

For each language: the headwords, a hash table from their keys to them, and the rows they stand in. A row lists its
headwords in the three languages, the most usual first. All numbers are little-endian.

    magic, CRC-32 of what follows, then (offset, count) of each section as uint32; a list of lists is a byte of
    length each and the start of every 32nd.
    `readings` is the Chinese characters in order, then the Hangul syllable of each;
    `files` is where the rows by the frequency of the English word begin, those by that of the Korean, and the rest.
"""

from __future__ import annotations

import mmap
import struct
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol
from zlib import crc32

from semsearch.errors import UsageError

from .keys import keys, reach_prefix
from .values import LANGS

MAGIC = b"semsearch lexicon 2\n"
BUCKETS = 1 << 15
REACHES = 1 << 14
BLOCK = 32
SECTIONS = (
    "texts", "text_sizes", "text_starts", "buckets", "entries", "rows", "rows_sizes", "rows_starts", "reaches",
)  # fmt: skip
ROW_SECTIONS = ("members", "members_sizes", "members_starts")
READINGS, FILES = "readings", "files"
FORMATS: dict[str, Literal["H", "I"]] = {
    **dict.fromkeys(("text_starts", "buckets", "entries", "rows_starts", "members_starts", FILES), "I"),
    **dict.fromkeys(("rows", "reaches", "members", READINGS), "H"),
}
"""Every other section is of bytes."""
NAMES = (*(f"{lang}.{name}" for lang in LANGS for name in SECTIONS), *ROW_SECTIONS, READINGS, FILES)
HEADER = struct.Struct(f"<{1 + 2 * len(NAMES)}I")
SUMMED_FROM = len(MAGIC) + 4

Found = tuple[int, int, str]
"""A headword's number, the kind of the key that led to it, and the headword as written."""


class Source(Protocol):
    """What the matchers look keys up in."""

    def find(self, key: str, lang: str) -> list[Found]:
        """Headwords with exactly this key."""
        ...

    def reach(self, prefix: str, lang: str) -> int:
        """A bit for each length that a key beginning with `prefix` may have."""
        ...


class Table:
    """The compiled lexicon in a folder."""

    def __init__(self, folder: Path) -> None:
        path = folder / "lexicon.bin"
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read the lexicon {path}: {error}") from None
        whole = memoryview(self._map)
        if whole[: len(MAGIC)] != MAGIC or len(whole) < len(MAGIC) + HEADER.size:
            raise UsageError(f"{path} is no lexicon of this version of semsearch")
        total, *numbers = HEADER.unpack_from(whole, len(MAGIC))
        if crc32(whole[SUMMED_FROM:]) != total:
            raise UsageError(f"{path} has changed since it was made: install semsearch again")
        sections: dict[str, memoryview] = {}
        for place, name in enumerate(NAMES):
            start, size = numbers[2 * place : 2 * place + 2]
            sections[name] = whole[start : start + size].cast(FORMATS.get(name.split(".")[-1], "B"))
        self._of = {lang: tuple(sections[f"{lang}.{name}"] for name in SECTIONS) for lang in LANGS}
        self._members = tuple(sections[name] for name in ROW_SECTIONS)
        self._readings = sections[READINGS]
        general, korean, news = sections[FILES].tolist()
        self.general, self.korean_first = range(general, korean), range(korean, news)

    def find(self, key: str, lang: str) -> list[Found]:
        """Headwords with exactly this key."""
        _, _, _, buckets, entries, *_ = self._of[lang]
        code = crc32(key.encode())
        bucket, mark = code & (BUCKETS - 1), code >> 18
        found = []
        for entry in entries[buckets[bucket] : buckets[bucket + 1]]:
            if entry >> 18 == mark:
                head, kind = entry & 0xFFFF, entry >> 16 & 3
                text = self.text(head, lang)
                if (key, kind) in keys(text, lang):
                    found.append((head, kind, text))
        return found

    def reach(self, prefix: str, lang: str) -> int:
        """A bit for each length that a key beginning with `prefix` may have."""
        reaches = self._of[lang][8]
        return int(reaches[crc32(reach_prefix(prefix, lang).encode()) & (REACHES - 1)])

    def text(self, head: int, lang: str) -> str:
        """A headword as written."""
        texts, sizes, starts, *_ = self._of[lang]
        start = _start(head, sizes, starts)
        return str(texts[start : start + sizes[head]], "utf-8")

    def rows(self, head: int, lang: str) -> Sequence[int]:
        """The rows a headword stands in."""
        _, _, _, _, _, rows, sizes, starts, _ = self._of[lang]
        start = _start(head, sizes, starts)
        return rows[start : start + sizes[head]].tolist()

    def row(self, number: int) -> dict[str, list[int]]:
        """The headwords of a row in each language, the most usual first."""
        members, sizes, starts = self._members
        start = _start(number, sizes, starts)
        first, second, *heads = members[start : start + sizes[number]].tolist()
        return {"en": heads[:first], "ko": heads[first : first + second], "ja": heads[first + second :]}

    def reading(self, char: str) -> str | None:
        """The Korean reading of a Chinese character, as it sounds inside a word."""
        count = len(self._readings) // 2
        place = bisect_left(self._readings[:count], ord(char))
        if place < count and self._readings[place] == ord(char):
            return chr(self._readings[count + place])
        return None


def _start(place: int, sizes: memoryview, starts: memoryview) -> int:
    block = place // BLOCK
    return int(starts[block]) + sum(sizes[block * BLOCK : place])
