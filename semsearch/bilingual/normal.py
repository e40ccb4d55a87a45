"""Text in one spelling (NFKC, casefold), with a way back to the offsets of the text as given."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import regex

_CLUSTER = regex.compile(r"\X")
SCRIPTS = {
    "ko": regex.compile(r"\p{Hangul}"),
    "ja": regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]"),
    "en": regex.compile(r"\p{Latin}"),
}
"""What tells a language, the surest first."""
HIDDEN = "\0"
"""Stands for a character that an earlier match has taken; no key has it."""


@dataclass(frozen=True, slots=True)
class Normal:
    """Normalised text; its character `i` stands for `starts[i]` to `ends[i]` of the source."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def fold(text: str) -> str:
    """Return `text` as keys are written."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def normalise(text: str) -> Normal:
    """Fold `text` grapheme by grapheme, so that decomposed Hangul and wide letters keep their offsets."""
    folded = fold(text)
    if len(folded) == len(text) and unicodedata.is_normalized("NFKC", text):
        return Normal(folded, range(len(text)), range(1, len(text) + 1))
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        part = fold(cluster[0])
        parts.append(part)
        starts += [cluster.start()] * len(part)
        ends += [cluster.end()] * len(part)
    return Normal("".join(parts), starts, ends)


def hide(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return `text` with every span taken out of sight."""
    for start, end in spans:
        text = text[:start] + HIDDEN * (end - start) + text[end:]
    return text
