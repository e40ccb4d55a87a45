"""HTML: the main text of a page, its title and its date.

What is left out: navigation, headers and footers of the page, forms, scripts, hidden parts, comments, lists of
links. The article is the element the page itself calls one (`article`, `main`), if it holds enough of the text, or
the region in which the paragraphs are thickest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import BinaryIO, Final

from semsearch.errors import Refused, UsageError
from semsearch.readers.dates import first_date, parse_date
from semsearch.readers.encodings import canonical, decode, read_limited
from semsearch.readers.langs import declared_language
from semsearch.readers.outline import Block, Outline, Region, outline, path_of
from semsearch.records import Article, ReadOptions, Skipped

_CHARSET: Final = re.compile(rb"""<meta[^>]{0,400}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{2,30})""", re.IGNORECASE)
_DECLARATION: Final = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([\w.:-]{2,30})""")
_HEAD_BYTES: Final = 4096
_PUBLISHED: Final = re.compile(r'"(?:datePublished|dateCreated|uploadDate)"\s{0,9}:\s{0,9}"([^"\\]{4,64})"')
_DATES: Final = (
    "article:published_time", "datepublished", "og:article:published_time", "date", "pubdate", "publishdate",
    "dc.date.issued", "dc.date", "dcterms.issued", "citation_publication_date", "parsely-pub-date", "time",
)  # fmt: skip
_TITLES: Final = ("og:title", "h1", "twitter:title", "title")
_MIN_PARAGRAPH: Final = 40
"""Characters from which a block counts as a paragraph of an article."""
_MAX_LINKED: Final = 0.5
"""Share of linked characters above which a block is navigation."""
_MIN_SHARE: Final = 0.4
"""Share of the page's text that the chosen region must hold, or the whole page is taken."""


def read(stream: BinaryIO, options: ReadOptions) -> Iterator[Article | Skipped]:
    """One article: the main text, its paragraphs separated by empty lines; `locator` names the element it is in."""
    raw = read_limited(stream)
    page = outline(decode(raw, options.encoding, _declared_charset(raw)).text)
    title = next((page.meta[name] for name in _TITLES if name in page.meta), "")
    region, blocks = main_text(page)
    text = "\n\n".join(block.text for block in blocks if " ".join(block.text.split()) != title) or title
    if not text.strip():
        raise Refused("empty", "the page holds no text outside navigation and scripts")
    yield Article(
        text=text,
        title=title,
        date=_published(page),
        lang=declared_language(page.meta.get("lang")),
        locator=f"main text in {path_of(region)}",
        url=page.meta.get("og:url") or None,
    )


def main_text(page: Outline) -> tuple[Region, list[Block]]:
    """The region that holds the article, and its blocks without lists of links."""
    plain = [block for block in page.blocks if not _is_navigation(block)]
    sure = [block for block in plain if not block.region.doubtful]
    blocks = sure if _length(sure) * 3 >= _length(plain) else plain
    for region in (*_declared(page, blocks), _thickest(page, blocks)):
        inside = _inside(region, blocks)
        if inside and _length(inside) >= _length(blocks) * _MIN_SHARE:
            return region, inside
    return page.regions[0], blocks


def _is_navigation(block: Block) -> bool:
    return block.linked > len(block.text) * _MAX_LINKED


def _length(blocks: Sequence[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _inside(region: Region, blocks: Sequence[Block]) -> list[Block]:
    return [block for block in blocks if region.number <= block.region.number <= region.last]


def _declared(page: Outline, blocks: Sequence[Block]) -> list[Region]:
    """What the page calls its article, the best first: the largest of at most 20 such elements."""
    found = [region for region in page.regions if _is_declared(region)][:20]
    found.sort(key=lambda region: (region.name == "main", -_length(_inside(region, blocks))))
    return found


def _is_declared(region: Region) -> bool:
    said = region.attributes
    return (
        region.name in ("article", "main")
        or said.get("itemprop", "").lower() == "articlebody"
        or said.get("role", "").lower() in ("main", "article")
    )


def _thickest(page: Outline, blocks: Sequence[Block]) -> Region:
    """The region with the most text in paragraphs of its own; the region around it gets half of that."""
    weights = [0.0] * len(page.regions)
    for block in blocks:
        if len(block.text) >= _MIN_PARAGRAPH:
            weights[block.region.number] += len(block.text)
            if block.region.parent is not None:
                weights[block.region.parent.number] += len(block.text) / 2
    return page.regions[max(range(len(weights)), key=weights.__getitem__)]


def _published(page: Outline) -> date | None:
    scripts = (found[1] for script in page.scripts for found in _PUBLISHED.finditer(script))
    said = first_date(page.meta, _DATES[:1]) or next((day for text in scripts if (day := parse_date(text))), None)
    return said or first_date(page.meta, _DATES)


def _declared_charset(raw: bytes) -> str | None:
    """The supported encoding that the page declares of itself, if it does; not UTF-16 or 32, for ASCII tells it."""
    found = _CHARSET.search(raw, 0, _HEAD_BYTES) or _DECLARATION.match(raw)
    try:
        name = canonical(found[1].decode("ascii")) if found else None
    except (UsageError, UnicodeDecodeError):
        return None
    return None if name and name.startswith(("utf-16", "utf-32")) else name
