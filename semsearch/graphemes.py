"""User-perceived characters: where a text may be cut without tearing one apart.

The rules are those of Unicode Standard Annex #29, as the `regex` package implements them.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import accumulate

import regex

_CLUSTER = regex.compile(r"\X")
_LONGEST = 1_000
"""Code points from which a character is none, but marks heaped up to make one passage of a whole file."""


def safe_edge(text: str, at: int) -> bool:
    """Whether a cut at `at`, next to white space or punctuation, leaves every character whole."""
    if not 0 < at < len(text):
        return True
    cluster = _CLUSTER.match(text, at - 1)
    return cluster is None or cluster.end() == at


def last_edge(text: str, start: int, limit: int) -> int:
    """The last character border in (start, limit]; the end of the first character where it is longer than that.

    `start` must itself be a border. Reads no further than the character that `limit` lies in, and of that no more than
    `_LONGEST` code points.
    """
    edge = start
    for cluster in _CLUSTER.finditer(text, start, max(limit + 1, start + _LONGEST)):
        if edge > start and cluster.end() > limit:
            break
        edge = cluster.end()
    return edge


def display_width(text: str) -> int:
    """Columns `text` takes on a terminal: two for a wide East Asian letter, none for a combining mark."""
    return sum(map(_columns, unicodedata.normalize("NFC", text)))


def narrower(text: str, columns: int) -> bool:
    """Whether `text` takes fewer than `columns` on a terminal; reads no further than it must."""
    widths = map(_columns, unicodedata.normalize("NFC", text))
    return all(width < columns for width in accumulate(widths))


@lru_cache(maxsize=1 << 14)
def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
