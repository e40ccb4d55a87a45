"""Markdown: the whole file is the text, marks and all; front matter or the first heading gives the title.

Of the front matter only `title`, `date` and `lang` are wanted, so that a few lines read it here and no YAML
parser is needed. Where it is malformed it is taken for text, and nothing is lost.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from typing import BinaryIO, Final

from semsearch.readers.dates import first_date
from semsearch.readers.encodings import read_text
from semsearch.readers.langs import declared_language
from semsearch.readers.text import whole_file
from semsearch.records import Article, ReadOptions, Skipped

_FRONT: Final = re.compile(r"---[ \t]*(?:\r?\n|\r)")
_LINE: Final = r"(?:^|(?<=\r))"
"""The beginning of a line, whatever ended the one before."""
_FRONT_END: Final = re.compile(rf"{_LINE}(?:---|\.\.\.)[ \t]*(?:\r?\n|\r|\Z)", re.MULTILINE)
_MAX_FRONT: Final = 64 << 10
"""Characters in which front matter must end."""
_ENTRY: Final = re.compile(r"([\w.-]+(?: [\w.-]+)*)[ \t]*:(?:[ \t]+(.*))?\Z")
_INSIDE: Final = re.compile(r"[ \t]|#|-(?:[ \t]|\Z)|[\]}]")
_QUOTED: Final = re.compile(r"""(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)')[ \t]*(?:#.*)?\Z""")
_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_HEADING: Final = re.compile(rf"{_LINE} {{0,3}}#[ \t]+([^\r\n]*)", re.MULTILINE)
_UNDERLINED: Final = re.compile(r"\s*([^\s#>|`~=-][^\r\n]*)(?:\r?\n|\r)=+[ \t]*(?:\r?\n|\r|\Z)")
_FENCE: Final = re.compile(rf"{_LINE} {{0,3}}```", re.MULTILINE)


def read(stream: BinaryIO, options: ReadOptions) -> Iterator[Article | Skipped]:
    """One article: the file, with title, date and language from its front matter or its first heading."""
    decoded = read_text(stream, options.encoding)
    fields, body_start = front_matter(decoded.text)
    if not decoded.text[body_start:].strip():
        body_start = 0
    title = fields.get("title") or _first_heading(decoded.text, body_start)
    day = first_date(fields, ("date", "published", "pubdate"))
    yield whole_file(decoded, title, day, declared_language(fields.get("lang") or fields.get("language")), body_start)


def front_matter(text: str) -> tuple[dict[str, str], int]:
    """The plain entries of the front matter and where the text behind it begins; ({}, 0) without a well-formed one."""
    opening = _FRONT.match(text)
    closing = _FRONT_END.search(text, opening.end(), opening.end() + _MAX_FRONT) if opening else None
    if opening is None or closing is None:
        return {}, 0
    fields: dict[str, str] = {}
    for line in re.split(r"\r?\n|\r", text[opening.end() : closing.start()]):
        entry = _ENTRY.match(line)
        if entry is not None:
            fields[entry[1].lower()] = _scalar(entry[2] or "")
        elif line.strip() and not _INSIDE.match(line):
            return {}, 0
    return (fields, closing.end()) if fields else ({}, 0)


def _scalar(value: str) -> str:
    """A plain or quoted YAML value; "" for what is none of these."""
    value = value.strip()
    quoted = _QUOTED.match(value)
    if quoted is not None:
        return quoted[2].replace("''", "'") if quoted[1] is None else _ESCAPE.sub(_meant, quoted[1])
    if value[:1] in tuple("|>&*!{[\"'%@`"):
        return ""
    return re.split(r"(?:^|[ \t])#", value, maxsplit=1)[0].strip()


def _meant(escape: re.Match[str]) -> str:
    """What an escape in double quotes stands for; nothing for a code that is no character."""
    number = int(escape[1] or escape[2] or escape[3] or "0", 16)
    if escape[4] is not None:
        return " " if escape[4] in "nrt" else escape[4]
    return "" if number > 0x10FFFF or 0xD800 <= number < 0xE000 else chr(number)


def _first_heading(text: str, start: int) -> str:
    underlined = _UNDERLINED.match(text, start)
    if underlined is not None:
        return underlined[1].strip()
    fences = [fence.start() for fence in _FENCE.finditer(text, start)]
    for heading in _HEADING.finditer(text, start):
        title = _without_closing(heading[1].strip())
        if title and bisect(fences, heading.start()) % 2 == 0:
            return title
    return ""


def _without_closing(heading: str) -> str:
    """`heading` without the number signs that may close it; those of `C#` stay."""
    bare = heading.rstrip("#")
    return bare.rstrip() if not bare or bare[-1].isspace() else heading
