"""A page as blocks of text in nested regions: what a reader of HTML chooses the article from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from semsearch.readers.markup import End, Raw, Start, flow, unescape

_SKIPPED: Final = frozenset((
    "head", "nav", "footer", "aside", "button", "select", "option", "template", "svg", "math", "object", "canvas",
    "audio", "video", "dialog", "menu",
))  # fmt: skip
_IN_HEAD: Final = frozenset(("html", "head", "title", "style", "script", "noscript", "template", "object"))
"""What does not end an open head."""
_REGIONS: Final = frozenset((
    "html", "body", "main", "article", "section", "form", "div", "table", "td", "ul", "ol", "dl", "blockquote",
    "header", "figure", "center", "details",
))  # fmt: skip
_NAMED: Final = frozenset(("div", "section", "ul", "ol", "table", "td", "dl"))
"""What is doubtful for its id or class; a form always is, for some frameworks put the whole page into one."""
_VOID: Final = frozenset((
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
))  # fmt: skip
_INLINE: Final = frozenset((
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd",
    "label", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
    "time", "tt", "u", "var", "img", "wbr", "nobr",
))  # fmt: skip
_DOUBTFUL: Final = re.compile(
    r"(?:^|[\s_-])(?:comments?|reply|replies|disqus|sidebar|footer|nav|navbar|navigation|gnb|lnb|menu|share|sharing|"
    r"sns|social|related|recommend(?:ed|ation)?|breadcrumbs?|adverts?|ads?|banner|promo|newsletter|subscribe|cookie|"
    r"popup|modal|copyright|byline-box|tags?|pagination|ranking|widget)(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")
_MAX_PATH: Final = 6


@dataclass(slots=True)
class Region:
    """An element that holds blocks. `last` is the number of the last region inside it."""

    number: int
    parent: Region | None
    label: str
    name: str
    attributes: dict[str, str]
    last: int = 0
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text between two block tags; `linked` of its characters belong to links."""

    text: str
    region: Region
    tag: str
    linked: int = 0


@dataclass(slots=True)
class Outline:
    """What was found in a page. `meta` maps lower-case names to values, `scripts` are those of type JSON-LD."""

    regions: list[Region] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)
    scripts: list[str] = field(default_factory=list)


def outline(page: str) -> Outline:
    """The blocks, regions and metadata of an HTML page."""
    return _Builder().build(page)


def path_of(region: Region) -> str:
    """The element path of a region, for instance `body > div#wrap > article`."""
    labels: list[str] = []
    at: Region | None = region
    while at is not None and len(labels) < _MAX_PATH:
        labels.append(at.label)
        at = at.parent
    return " > ".join(reversed(labels))


class _Builder:
    """Keeps the open elements while the page flows by; every step takes constant time."""

    def __init__(self) -> None:
        self.page = Outline()
        self.here = self._region(None, "page", {})
        self.stack: list[tuple[str, Region]] = []
        self.open: dict[str, int] = {}
        self.skip_depth = 0
        self.pieces: list[str] = []
        self.linked = 0
        self.in_link = False
        self.tag = ""
        self.preformatted = False

    def build(self, page: str) -> Outline:
        for item in flow(page):
            if isinstance(item, str):
                self._text(item)
            elif isinstance(item, Start):
                self._start(item.name, item.attributes)
            elif isinstance(item, End):
                self._end(item.name)
            else:
                self._raw(item)
        self._flush()
        while self.stack:
            self._pop()
        self.page.regions[0].last = len(self.page.regions) - 1
        return self.page

    def _region(self, parent: Region | None, name: str, attributes: dict[str, str]) -> Region:
        mark = attributes.get("id", "").strip()
        label = f"{name}#{mark[:40]}" if mark.isprintable() and mark else name
        named = f"{mark[:200]} {attributes.get('class', '')[:200]}"
        doubt = name == "form" or (name in _NAMED and _DOUBTFUL.search(named) is not None)
        inherited = parent is not None and parent.doubtful
        region = Region(len(self.page.regions), parent, label, name, attributes, doubtful=doubt or inherited)
        self.page.regions.append(region)
        return region

    def _note(self, key: str, value: str) -> None:
        """Keep the first value of `key` that says something."""
        value = " ".join(value.split())
        if value:
            self.page.meta.setdefault(key, value)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "meta":
            key = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or ""
            self._note(key.lower(), attributes.get("content", ""))
        elif name == "time":
            self._note("time", attributes.get("datetime", ""))
        elif name == "html":
            self._note("lang", attributes.get("lang") or attributes.get("xml:lang") or "")
        elif name == "br":
            self._line_break()
        elif name == "a":
            self.in_link = "href" in attributes
        elif name == "script" and "ld+json" in attributes.get("type", ""):
            self.page.scripts.append("")
        if name not in _VOID and name not in _INLINE:
            self._open_block(name, attributes)

    def _open_block(self, name: str, attributes: dict[str, str]) -> None:
        self._flush()
        self.tag, self.in_link = name, False
        self.preformatted = self.preformatted or name == "pre"
        if name not in _IN_HEAD:
            self._close("head")
        if name in ("td", "th") and self.stack and self.stack[-1][0] in ("td", "th"):
            self._pop()
        style = attributes.get("style", "")
        hidden = name not in ("html", "body") and ("hidden" in attributes or _HIDDEN.search(style) is not None)
        of_page = name == "header" and not self.open.get("article") and not self.open.get("main")
        skipped = name in _SKIPPED or hidden or of_page
        if skipped or name in _REGIONS or name == "th":
            self._push(name, attributes, skipped)

    def _push(self, name: str, attributes: dict[str, str], skipped: bool) -> None:
        self.stack.append((name, self.here))
        self.open[name] = self.open.get(name, 0) + 1
        if skipped and not self.skip_depth:
            self.skip_depth = len(self.stack)
        if not self.skip_depth:
            self.here = self._region(self.here, name, attributes)

    def _pop(self) -> str:
        name, outer = self.stack.pop()
        self.open[name] -= 1
        if self.here is not outer:
            self.here.last = len(self.page.regions) - 1
            self.here = outer
        if len(self.stack) < self.skip_depth:
            self.skip_depth = 0
        return name

    def _close(self, name: str) -> None:
        if self.open.get(name):
            while self._pop() != name:
                pass

    def _end(self, name: str) -> None:
        if name == "a":
            self.in_link = False
        if name in _INLINE:
            return
        self._flush()
        self.tag = ""
        self.preformatted = self.preformatted and name != "pre"
        self._close(name)

    def _raw(self, item: Raw) -> None:
        if item.name == "title":
            self._note("title", unescape(item.text))
        elif item.name == "script" and self.page.scripts and not self.page.scripts[-1]:
            self.page.scripts[-1] = item.text

    def _text(self, text: str) -> None:
        if self.skip_depth and self.tag != "h1":
            return
        text = text if self.preformatted else _SPACE.sub(" ", text)
        self.pieces.append(text)
        self.linked += len(text) if self.in_link else 0

    def _line_break(self) -> None:
        """A second break in a row ends a block, as an element would."""
        last = next((piece for piece in reversed(self.pieces) if piece == "\n" or piece.strip()), "")
        if last == "\n" and not self.preformatted and self.tag != "h1":
            self._flush()
        else:
            self.pieces.append("\n")

    def _flush(self) -> None:
        text = "".join(self.pieces)
        linked, self.pieces, self.linked = self.linked, [], 0
        if self.tag == "h1":
            self._note("h1", text)
        if self.skip_depth:
            return
        if text.strip():
            self.page.blocks.append(Block(_tidy(text, self.preformatted), self.here, self.tag, linked))


def _tidy(text: str, preformatted: bool) -> str:
    if preformatted:
        return re.sub(r"\n[ \t]*(?:\r?\n[ \t]*)+", "\n", text.replace("\r\n", "\n")).strip()
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())
