"""How things look on a terminal, and plainly in a pipe."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
import unicodedata
from collections.abc import Sequence
from typing import Final

import click

from semsearch.records import Highlight, Hit, MatchedWord, Passage

_WIDEST = 100
_INDENT = "    "
_OTHERS = 3
_REDRAW_SECONDS = 0.1
_UNSEEN: Final = re.compile(
    "[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""Control and format characters that JSON leaves as they are, joiners aside."""


def width() -> int:
    """Columns to write in: the terminal's, at most 100 for reading."""
    return min(shutil.get_terminal_size((80, 24)).columns, _WIDEST)


def plain(text: str) -> str:
    """`text` with control characters and bidirectional overrides made visible, so that none reaches the terminal."""
    return "".join(c if c.isprintable() or c in "\n " else _visible(c) for c in text)


def one_line(text: str) -> str:
    """`plain` with line ends as spaces: no name or headline can pass for a line of its own."""
    return plain(text).replace("\n", " ")


def to_json(value: object, indent: int | None = None) -> str:
    """JSON in which characters that steer a terminal are escaped; it means the same."""
    return _UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], json.dumps(value, ensure_ascii=False, indent=indent))


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Zs", "Zl", "Zp") or character in "\t\r":
        return " "
    if character in "\u200d\ufe0f\u200c":  # joiners inside emoji and some scripts
        return character
    return f"<U+{ord(character):04X}>"


def marked(text: str, highlights: Sequence[Highlight]) -> str:
    """`text`, safe for the terminal, with the words that carry the likeness in bold colour."""
    pieces, at = [], 0
    for mark in highlights:
        pieces += [
            plain(text[at : mark.start]),
            click.style(plain(text[mark.start : mark.end]), fg="yellow", bold=True),
        ]
        at = mark.end
    return "".join([*pieces, plain(text[at:])])


def paragraph(text: str, highlights: Sequence[Highlight] = ()) -> str:
    """A passage on one line, or wrapped and indented where a person reads it."""
    one_line = marked(text, highlights).replace("\n", " ")
    if not sys.stdout.isatty():
        return _INDENT + click.unstyle(one_line)
    import wcwidth

    lines = wcwidth.wrap(one_line, width() - len(_INDENT))
    return "\n".join(_INDENT + line for line in lines)


def where(passage: Passage) -> str:
    """`path:line`, or for a record of a container `path, record 3, field text`."""
    place = f", {passage.locator}" if passage.locator else f":{passage.place.line_start}"
    return one_line(passage.source + place)


def heading(hit: Hit) -> str:
    """Rank, score, headline, date and language of a hit on one line."""
    passage = hit.passage
    day = passage.date.isoformat() if passage.date else "no date"
    title = click.style(one_line(passage.title) or "(no headline)", bold=True)
    facts = click.style(f"{day}  {passage.lang}", fg="cyan")
    return f"{hit.rank:>2}  {click.style(f'{hit.score:.2f}', fg='green')}  {title}  {facts}"


def hit_head(hit: Hit, explain: bool) -> list[str]:
    """The lines above the text of a hit: what it is, where it stands, and where else; with `explain`, why."""
    place = click.style(where(hit.passage), dim=True) + "  " + click.style(hit.passage.id, dim=True)
    lines = [heading(hit), _INDENT + place]
    for label, others in (("also in", hit.also_in), ("same story", hit.same_story)):
        if others:
            shown = ", ".join(where(other) for other in others[:_OTHERS])
            more = f" and {len(others) - _OTHERS} more" if len(others) > _OTHERS else ""
            lines.append(_INDENT + click.style(f"{label}: {shown}{more}", dim=True))
    if explain:
        parts = "  ".join(f"{name} {value:.3f}" for name, value in hit.scores)
        words = ", ".join(_matched(match) for match in hit.matched)
        lines += [_INDENT + click.style(one_line(line), fg="cyan") for line in (parts, words) if line]
    return lines


def _matched(match: MatchedWord) -> str:
    return match.word if match.origin == "query" else f"{match.word} = {match.form} ({match.origin})"


def hit_lines(hit: Hit, explain: bool = False) -> str:
    """A hit as `semsearch query` prints it."""
    return "\n".join([*hit_head(hit, explain), paragraph(hit.passage.text, hit.highlights), ""])


class Ticker:
    """One line on stderr that says how far a long command is; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._started = self._drawn = time.monotonic()

    def show(self, text: str) -> None:
        """Replace the line, at most ten times a second."""
        now = time.monotonic()
        if self._shown and now - self._drawn >= _REDRAW_SECONDS:
            import wcwidth

            self._drawn = now
            line = wcwidth.clip(one_line(text), 0, width() - 1)
            click.echo(f"\r\x1b[2K{line}", err=True, nl=False)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            click.echo("\r\x1b[2K", err=True, nl=False)

    @property
    def seconds(self) -> float:
        """Since the ticker was made."""
        return time.monotonic() - self._started
