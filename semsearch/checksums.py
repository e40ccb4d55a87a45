"""CRC-32 of what the database holds: SQLite itself would not notice a changed bit."""

from __future__ import annotations

from operator import attrgetter
from zlib import crc32

from semsearch.records import Article, Passage

_described = attrgetter(
    *("title", "date", "lang", "body_start", "encoding", "byte_origin", "locator", "external_id", "url")
)
_named = attrgetter("id", "source", "title", "date", "lang", "encoding", "locator", "url", "external_id", "article")


def of_article(article: Article, detected_lang: str) -> int:
    """Of an article as it was read, and of the language that it was found to be in."""
    named = (*_described(article), detected_lang, article.text)
    raw: object = article.raw  # bytes or None, unless it has changed
    return crc32("\0".join(map(str, named)).encode(), crc32(raw if isinstance(raw, bytes) else str(raw or "").encode()))


def of_shown(passage: Passage) -> int:
    """Of everything that is shown of a passage."""
    return crc32("\0".join(map(str, (*_named(passage), *passage.place, passage.text))).encode())


def intact(value: object, crc: object) -> bool:
    """Whether a stored value is bytes, and those that were written."""
    return isinstance(value, bytes) and crc32(value) == crc
