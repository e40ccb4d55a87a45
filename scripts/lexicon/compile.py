#!/usr/bin/env python3
"""Compile the lexicon's rows (data/*.tsv) into the file that semsearch.bilingual maps into memory.

    python scripts/lexicon/compile.py [FOLDER]

The same rows give the same bytes. FOLDER is semsearch/bilingual/data unless given.
"""

from __future__ import annotations

import struct
import sys
import unicodedata
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from zlib import crc32

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from semsearch.bilingual.hangul import is_hangul  # noqa: E402
from semsearch.bilingual.kana import is_kanji  # noqa: E402
from semsearch.bilingual.keys import keys, reach_prefix, size_of  # noqa: E402
from semsearch.bilingual.names import initial_law  # noqa: E402
from semsearch.bilingual.table import BLOCK, BUCKETS, FILES, FORMATS, HEADER, MAGIC, NAMES, REACHES, READINGS  # noqa: E402
from semsearch.bilingual.values import LANGS  # noqa: E402

Row = tuple[list[str], list[str], list[str]]


def read(folder: Path, only: str = "*") -> list[Row]:
    """Read every row of the folder's tables (or of one), files in the order of their names."""
    rows: list[Row] = []
    for path in sorted(folder.glob(f"{only}.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            columns = unicodedata.normalize("NFC", line).split("\t")
            if len(columns) != 3:
                raise SystemExit(f"{path}:{number}: {len(columns)} columns, expected 3")
            en, ko, ja = (
                [word for word in dict.fromkeys(c.strip() for c in column.split("|")) if word] for column in columns
            )
            rows.append((en, ko, ja))
    return rows


def lists(values: Iterable[Sequence[int]], typecode: str) -> tuple[array[int], array[int], array[int]]:
    """Return lists in a row, their lengths, and where every 32nd begins."""
    flat, sizes, starts = array(typecode), array("B"), array("I")
    for place, value in enumerate(values):
        if place % BLOCK == 0:
            starts.append(len(flat))
        flat.extend(value)
        sizes.append(len(value))
    return flat, sizes, starts


def hashed(words: Sequence[str], lang: str) -> tuple[array[int], array[int], array[int]]:
    """Return the starts of the buckets, their entries, and the lengths of keys by how they begin."""
    buckets: dict[int, list[int]] = defaultdict(list)
    reaches = array("H", bytes(2 * REACHES))
    for head, word in enumerate(words):
        for key, kind in keys(word, lang):
            code = crc32(key.encode())
            buckets[code & (BUCKETS - 1)].append(code >> 18 << 18 | kind << 16 | head)
            reaches[crc32(reach_prefix(key, lang).encode()) & (REACHES - 1)] |= 1 << size_of(key, lang)
    starts, entries = array("I", [0]), array("I")
    for bucket in range(BUCKETS):
        entries.extend(sorted(buckets[bucket]))
        starts.append(len(entries))
    return starts, entries, reaches


def readings(rows: Sequence[Row]) -> dict[str, str]:
    """Learn how characters are read in Korean from rows with as many syllables as characters, then from the table."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for _, ko, ja in rows:
        pairs = [
            (k, j) for k in ko for j in ja if len(k) == len(j) >= 2 and all(map(is_kanji, j)) and all(map(is_hangul, k))
        ]
        for hangul, kanji in pairs:
            for place, (syllable, char) in enumerate(zip(hangul, kanji, strict=True)):
                votes[char][syllable] += 2 if place else 1
    found = {}
    for char, counts in sorted(votes.items()):
        best, most = counts.most_common(1)[0]
        inner = [one for one in counts if initial_law(one) == best != one]
        best = max(inner, key=lambda one: (counts[one], one)) if inner else best
        if most >= 3 and 2 * (counts[best] + most * bool(inner)) > counts.total():
            found[char] = best
    for line in (HERE / "data/readings.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            syllable, chars = line.split()
            found.update(dict.fromkeys(chars, syllable))
    return {char: found[char] for char in sorted(found)}


def sections(rows: Sequence[Row]) -> dict[str, array[int]]:
    """Lay out everything the file holds."""
    made: dict[str, array[int]] = {}
    numbers: list[dict[str, int]] = []
    for column, lang in enumerate(LANGS):
        where: dict[str, list[int]] = defaultdict(list)
        for number, row in enumerate(rows):
            for word in row[column]:
                where[word].append(number)
        words = sorted(where)
        numbers.append({word: head for head, word in enumerate(words)})
        names = [f"{lang}.{name}" for name in ("texts", "text_sizes", "text_starts")]
        made.update(zip(names, lists([word.encode() for word in words], "B"), strict=True))
        names = [f"{lang}.{name}" for name in ("buckets", "entries", "reaches")]
        made.update(zip(names, hashed(words, lang), strict=True))
        names = [f"{lang}.{name}" for name in ("rows", "rows_sizes", "rows_starts")]
        made.update(zip(names, lists([where[word] for word in words], "H"), strict=True))
    members = [
        [len(row[0]), len(row[1]), *(numbers[column][word] for column in range(3) for word in row[column])]
        for row in rows
    ]
    made.update(zip(("members", "members_sizes", "members_starts"), lists(members, "H"), strict=True))
    sizes = [len(read(HERE / "data", name)) for name in ("derived-and-phrases", "general", "korean-first")]
    made[FILES] = array("I", accumulate(sizes))
    read_as = readings(rows)
    made[READINGS] = array("H", [ord(char) for char in (*read_as, *read_as.values())])
    return made


def layout(made: dict[str, array[int]]) -> bytes:
    """Return the file's bytes."""
    start = len(MAGIC) + HEADER.size
    header, body = [], bytearray()
    for name in NAMES:
        values = made[name]
        assert values.typecode == FORMATS.get(name.split(".")[-1], "B"), name
        if sys.byteorder == "big":
            values.byteswap()
        body += bytes(-(start + len(body)) % 4)
        header += [start + len(body), len(values) * values.itemsize]
        body += values.tobytes()
    summed = (HEADER.pack(0, *header) + bytes(body))[4:]
    return MAGIC + struct.pack("<I", crc32(summed)) + summed


def main(folder: Path) -> None:
    """Compile into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = read(HERE / "data")
    made = sections(rows)
    data = layout(made)
    (folder / "lexicon.bin").write_bytes(data)
    print(
        f"{len(rows)} rows, {len(data)} bytes", {name: len(v) * v.itemsize for name, v in made.items() if len(v) > 9999}
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent.parent / "semsearch/bilingual/data")
