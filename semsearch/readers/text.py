"""Plain text: the whole file is the text, and its first line may give date and headline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Final, NamedTuple

from semsearch.graphemes import display_width
from semsearch.readers.dates import WRITTEN, parse_date
from semsearch.readers.encodings import Decoded, read_text
from semsearch.records import Article, ReadOptions, Skipped

MAX_TITLE_WIDTH: Final = 120
"""Columns up to which a first line can be a headline."""

_DATE_LINE: Final = re.compile(
    rf"\s*date(?:[^\S\r\n]*:)?[^\S\r\n]+(?P<date>{WRITTEN})"
    r"(?:[T ]\d{1,2}:\d{2}[^\s]*)?(?P<title>[^\S\r\n][^\r\n]*)?(?:\r?\n|\r|\Z)",
    re.IGNORECASE,
)
_FIRST_LINE: Final = re.compile(r"\s*+(?P<title>[^\r\n]+)(?>\r\n?|\n)[^\S\r\n]*+(?:\r|\n)")
_SENTENCE_END: Final = re.compile(r"""[.!?。！？｡．,、，…:;]["'”’」』）)\]]*\Z""")


class Head(NamedTuple):
    """What stands before the paragraphs; `body_start` as in `records.Article`."""

    title: str = ""
    date: date | None = None
    body_start: int = 0


def read(stream: BinaryIO, options: ReadOptions) -> Iterator[Article | Skipped]:
    """One article: the file. Its first line may be `date 2025-06-16 Headline`, or a headline and a blank line."""
    decoded = read_text(stream, options.encoding)
    head = head_of(decoded.text)
    yield whole_file(decoded, head.title, head.date, None, head.body_start)


def whole_file(decoded: Decoded, title: str, day: date | None, lang: str | None, body_start: int) -> Article:
    """The article whose text is all of a decoded file."""
    return Article(
        text=decoded.text,
        title=title,
        date=day,
        lang=lang,
        body_start=body_start,
        encoding=decoded.encoding,
        byte_origin=decoded.origin,
        raw=decoded.raw,
    )


def head_of(text: str) -> Head:
    """Date, headline and the beginning of the body. A headline with nothing behind it is the body too."""
    found = _DATE_LINE.match(text)
    if found is None:
        return Head() if text[:200].lstrip().lower().startswith(("date ", "date:")) else _headline(text, 0)
    day = parse_date(found["date"])
    title = (found["title"] or "").strip()
    if day is None:
        return Head()
    if not title:
        head = _headline(text, found.end())
        return Head(head.title, day, head.body_start if text[head.body_start :].strip() else 0)
    if text[found.end() :].strip():
        return Head(title, day, found.end())
    return Head(title, day, text.index(title, found.start("title")))


def _headline(text: str, start: int) -> Head:
    """A first paragraph of one short line that ends unlike a sentence, with text behind it."""
    found = _FIRST_LINE.match(text, start)
    if found is None or not text[found.end() :].strip():
        return Head(body_start=start)
    title = found["title"].strip()
    if len(title) > MAX_TITLE_WIDTH or display_width(title) > MAX_TITLE_WIDTH or _SENTENCE_END.search(title):
        return Head(body_start=start)
    return Head(title, None, found.end())
