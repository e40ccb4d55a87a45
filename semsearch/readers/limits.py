"""What no article and no file may blow up: headlines that go to the model with every passage, lists of bad records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from semsearch.records import Article, Skipped
from semsearch.settings import MAX_FIELD_CHARS, MAX_NAMED


def limited(items: Iterable[Article | Skipped]) -> Iterator[Article | Skipped]:
    """What a reader yields of one file, with headlines cut, longer addresses and ids dropped, for a part of one means
    nothing, and of the records that were skipped the first MAX_NAMED; a last one says how many more there are."""
    skipped = 0
    for item in items:
        if isinstance(item, Article):
            yield _cut(item)
        elif (skipped := skipped + 1) <= MAX_NAMED.default:
            yield item
    if more := max(0, skipped - MAX_NAMED.default):
        yield Skipped("other records", "malformed", f"{more:,} more of them cannot be used")


def _cut(article: Article) -> Article:
    most = MAX_FIELD_CHARS.default
    if max(map(len, (article.title, article.url or "", article.external_id or ""))) <= most:
        return article
    url, external_id = (value if value and len(value) <= most else None for value in (article.url, article.external_id))
    return replace(article, title=article.title[:most].rstrip(), url=url, external_id=external_id)
