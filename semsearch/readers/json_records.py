"""JSON and JSON Lines: one article a record, its text in one field."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final, TypeGuard

from semsearch.errors import Refused
from semsearch.readers.dates import date_of
from semsearch.readers.encodings import canonical, read_text
from semsearch.readers.langs import declared_language
from semsearch.records import Article, ReadOptions, Skipped
from semsearch.settings import MAX_RECORD_BYTES

_PIECE: Final = 1 << 20
_LINE_ENCODINGS: Final = ("utf-8", "cp949", "cp932", "euc-jp", "johab", "cp1252")
"""Encodings in which the byte 10 is always a line end."""


def read_lines(stream: BinaryIO, options: ReadOptions) -> Iterator[Article | Skipped]:
    """JSON Lines, of any length: one record a line, in UTF-8 unless `options.encoding` says otherwise.

    A line that is unusable, or longer than MAX_RECORD_BYTES, becomes a `Skipped` named `line 12`.
    """
    encoding = canonical(options.encoding or "utf-8")
    if encoding not in _LINE_ENCODINGS:
        raise Refused("encoding", f"JSON Lines cannot be read in {encoding}; convert the file to UTF-8")
    blank = True
    for number, line in enumerate(_lines(stream), 1):
        if number == 1 and line is not None:
            line = _without_mark(line)
        if line is None or line.strip():
            blank = False
            yield _from_line(line, f"line {number}", encoding, options)
    if blank:
        raise Refused("empty", "the file holds no record")


def read_document(stream: BinaryIO, options: ReadOptions) -> Iterator[Article | Skipped]:
    """A JSON file: an array of records, an object with one array of records, or one record.

    Raises `Refused("malformed")` where it is none of these.
    """
    text = read_text(stream, options.encoding).text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed", f"not JSON: {_why(error)}") from None
    for number, record in enumerate(_records(value, options), 1):
        yield _article(record, f"record {number}", options)


def _without_mark(line: bytes) -> bytes:
    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Refused("encoding", "JSON Lines cannot be read in UTF-16; convert the file to UTF-8")
    return line.removeprefix(codecs.BOM_UTF8)


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """The lines, and None for one that is too long, of which no more than a piece is held at a time."""
    limit = MAX_RECORD_BYTES.default
    while line := stream.readline(limit + 1):
        if len(line) <= limit or line.endswith(b"\n"):
            yield line
            continue
        while (piece := stream.readline(_PIECE)) and not piece.endswith(b"\n"):
            pass
        yield None


def _from_line(line: bytes | None, place: str, encoding: str, options: ReadOptions) -> Article | Skipped:
    if line is None:
        return Skipped(place, "too-large", f"longer than {MAX_RECORD_BYTES.default:,} bytes")
    try:
        record = json.loads(line.decode(encoding))
    except UnicodeDecodeError:
        return Skipped(place, "encoding", f"not {encoding}; name the file's --encoding")
    except (ValueError, RecursionError) as error:
        return Skipped(place, "malformed", f"not JSON: {_why(error)}")
    return _article(record, place, options)


def _records(value: object, options: ReadOptions) -> list[object]:
    if isinstance(value, list):
        if value:
            return value
        raise Refused("empty", "the file holds no record")
    if not isinstance(value, dict):
        raise Refused("malformed", f"expected records, found a lone {type(value).__name__}")
    if options.text_field in value:
        return [value]
    lists = [inner for inner in value.values() if _is_records(inner)]
    if len(lists) == 1:
        return lists[0]
    raise Refused("malformed", f"expected one list of records or a field {options.text_field!r}, {_fields(value)}")


def _is_records(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _article(record: object, place: str, options: ReadOptions) -> Article | Skipped:
    if not isinstance(record, dict):
        return Skipped(place, "malformed", f"expected an object, found {type(record).__name__}")
    text = record.get(options.text_field)
    if not isinstance(text, str):
        return Skipped(place, "malformed", f"no text in field {options.text_field!r}, {_fields(record)}")
    if not text.strip():
        return Skipped(place, "empty", f"field {options.text_field!r} is blank")
    article = Article(
        text=text,
        title=_string(record, options.title_field).strip(),
        date=date_of(record.get(options.date_field)),
        lang=declared_language(record.get(options.lang_field)),
        locator=f"{place}, field {options.text_field}",
        external_id=_string(record, options.id_field) or None,
        url=_string(record, options.url_field) or None,
    )
    return article if _is_unicode(article) else Skipped(place, "malformed", "holds half a surrogate pair")


def _string(record: Mapping[str, object], name: str) -> str:
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def _is_unicode(article: Article) -> bool:
    values = (article.text, article.title, article.external_id or "", article.url or "")
    try:
        return all(value.isascii() or value.encode() is not None for value in values)
    except UnicodeEncodeError:
        return False


def _fields(record: Mapping[str, object]) -> str:
    names = ", ".join(ascii(name)[:40] if not name.isprintable() else name[:40] for name in list(record)[:8])
    return f"found the fields {names}" if names else "found no field"


def _why(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0][:200]
