"""From bytes to text: which encoding a file is in, and never a wrong letter.

The order is: byte order mark, the encoding the user declared, strict UTF-8, then a choice among UTF-16 without a
mark, CP949, CP932 and EUC-JP by how many letters of each reading are common in Korean or Japanese. A choice that is
not clear is refused; nothing is ever decoded with replacement characters.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO, Final

from semsearch.errors import Refused, UsageError
from semsearch.readers.letters import commonness
from semsearch.settings import MAX_TEXT_BYTES

SUPPORTED: Final = (
    "utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp949", "cp932", "euc-jp", "johab", "cp1252",
)  # fmt: skip
"""All are stateless: any slice of the bytes on character borders decodes by itself."""

_ALIASES: Final = {
    "euc_kr": "cp949", "shift_jis": "cp932", "euc_jp": "euc-jp", "ascii": "utf-8", "utf-8-sig": "utf-8",
    "iso8859-1": "cp1252",
}  # fmt: skip
_LABELS: Final = {
    "x-sjis": "cp932", "windows-31j": "cp932", "windows-949": "cp949", "x-windows-949": "cp949", "x-euc-jp": "euc-jp",
}  # fmt: skip
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC: Final = {
    b"%PDF-": "a PDF document", b"PK\x03\x04": "a ZIP archive or office document", b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image", b"\x7fELF": "a program",
    b"SQLite format 3": "an SQLite database", b"\xd0\xcf\x11\xe0": "an old office document", b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive", b"7z\xbc\xaf": "a 7-Zip archive",
}  # fmt: skip
_CONTROLS: Final = bytes({*range(32), 127} - {9, 10, 11, 12, 13, 27})
_WHITE: Final = re.compile(rb"[ \t\r\n]")
_WRITTEN: Final = re.compile(r"[^\s\u200b\u200c\u200d\u2060\ufeff]")
_ISO_2022: Final = re.compile(rb"\x1b\$[@AB()]")
_LEGACY: Final = ("cp949", "cp932", "euc-jp")
_WIDE: Final = ("utf-16-le", "utf-16-be")

_MIN_LETTERS: Final = 8
"""Letters beyond ASCII that a choice must rest on."""
_MIN_COMMON: Final = 0.6
_MIN_LEAD: Final = 0.35
"""Least share of common letters in the best reading, and least lead over the second best."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded file. `origin` is the length of its byte order mark; `raw` as in `records.Article`."""

    text: str
    encoding: str
    origin: int = 0
    raw: bytes | None = None


def read_text(stream: BinaryIO, declared: str | None = None, hint: str | None = None) -> Decoded:
    """Read and decode a whole file of at most MAX_TEXT_BYTES bytes.

    `declared` is what the user says, `hint` what the file says of itself: it settles only what detection leaves
    open. Raises `Refused` (`too-large`, `empty`, `binary`, `encoding`), and `UsageError` for an encoding that is
    not in `SUPPORTED`.
    """
    return decode(read_limited(stream), declared, hint)


def read_limited(stream: BinaryIO) -> bytes:
    """The bytes of a file. Raises `Refused("too-large")` after one byte more than MAX_TEXT_BYTES."""
    limit = MAX_TEXT_BYTES.default
    raw = stream.read(limit + 1)
    if len(raw) <= limit:
        return raw
    try:
        size = f"{stream.seek(0, 2):,} bytes"
    except OSError:
        size = f"more than {limit:,} bytes"
    raise Refused("too-large", f"the file has {size}; at most {limit:,} are read: split it, or use JSON Lines")


def canonical(name: str) -> str:
    """The name in `SUPPORTED` for a codec name or alias (`euc_kr` is read as `cp949`, `sjis` as `cp932`).

    Raises `UsageError` for an unknown or unsupported codec.
    """
    label = name.strip().lower()
    try:
        found = _LABELS.get(label) or codecs.lookup(label).name
    except (LookupError, ValueError):
        found = label
    found = _ALIASES.get(found, found)
    if found not in SUPPORTED:
        raise UsageError(f"encoding {name!r} cannot be read; give one of {', '.join(SUPPORTED)}")
    return found


def decode(raw: bytes, declared: str | None = None, hint: str | None = None) -> Decoded:
    """The text of a whole file; see `read_text`."""
    wanted = None if declared is None else canonical(declared)
    mark, encoding = next(((m, e) for m, e in _MARKS if raw.startswith(m)), (b"", wanted))
    if encoding is None:
        encoding = _detected(raw, hint)
    decoded = _strict(raw, encoding, len(mark))
    _refuse_unreadable(decoded.text)
    return decoded


def _strict(raw: bytes, encoding: str, origin: int) -> Decoded:
    try:
        text = raw[origin:].decode(encoding)
    except UnicodeDecodeError as error:
        at = origin + error.start
        raise Refused(
            "encoding", f"byte {at} is not {encoding}; save the file as UTF-8 or name its --encoding"
        ) from None
    kept = None if encoding in SUPPORTED[:5] or text.encode(encoding) == raw[origin:] else raw
    return Decoded(text, encoding, origin, kept)


def _refuse_unreadable(text: str) -> None:
    if _WRITTEN.search(text) is None:
        raise Refused("empty", "the file holds no text")
    if "\0" in text or _controls(text.encode("utf-8", "surrogatepass")):
        raise Refused("binary", "the file holds control characters and is no text")


def _controls(raw: bytes) -> bool:
    """Whether more than one byte in 200 is a control character."""
    return (len(raw) - len(raw.translate(None, _CONTROLS))) * 200 > len(raw)


def _detected(raw: bytes, hint: str | None) -> str:
    kind = next((what for magic, what in _MAGIC.items() if raw.startswith(magic)), None)
    if kind is not None:
        raise Refused("binary", f"the file is {kind}, no text")
    if b"\0" in raw:
        return _wide(raw)
    if _ISO_2022.search(raw):
        raise Refused("encoding", "the file looks like ISO-2022, which is not read; convert it to UTF-8")
    if _readable(raw, "utf-8") is not None:
        if _could_be_wide(raw):
            raise Refused("encoding", "the file could be UTF-8 or UTF-16 without a mark; name its --encoding")
        return "utf-8"
    if _controls(raw):
        raise Refused("binary", "the file holds control characters and is no text")
    return _legacy(raw, hint)


def _readable(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _scores(raw: bytes, encodings: tuple[str, ...]) -> list[tuple[float, int, str]]:
    """Share of common letters, letters and name of every encoding that can read `raw`; the best first."""
    found = []
    for encoding in encodings:
        text = _readable(raw, encoding)
        if text is not None:
            share, letters = commonness(text, ascii_counts=encoding in _WIDE)
            found.append((share, letters, encoding))
    return sorted(found, reverse=True)


def _could_be_wide(raw: bytes) -> bool:
    """Whether UTF-8 without any white space reads as Korean or Japanese in UTF-16."""
    if _WHITE.search(raw):
        return False
    return any(share >= _MIN_COMMON and letters * 2 >= _MIN_LETTERS for share, letters, _ in _scores(raw, _WIDE))


def _wide(raw: bytes) -> str:
    """Bytes with NULs: UTF-16 without a mark, or no text."""
    best = next(iter(_scores(raw, _WIDE)), (0.0, 0, ""))
    if best[0] < _MIN_COMMON or best[1] < _MIN_LETTERS:
        raise Refused("binary", "the file holds NUL bytes and is neither text nor UTF-16")
    return best[2]


def _legacy(raw: bytes, hint: str | None) -> str:
    scores = _scores(raw, _LEGACY + _WIDE)
    best = scores[0] if scores else (0.0, 0, "")
    second = scores[1][0] if len(scores) > 1 else 0.0
    if best[0] >= _MIN_COMMON and best[1] >= _MIN_LETTERS and best[0] - second >= _MIN_LEAD:
        return best[2]
    if hint is not None and _readable(raw, hint) is not None:
        return hint
    names = [name for _, _, name in scores if name in _LEGACY]
    could = f"it could be {' or '.join(names)}" if names else "nor any other encoding that is detected"
    raise Refused("encoding", f"the file is not UTF-8, {could}; save it as UTF-8 or name its --encoding")
