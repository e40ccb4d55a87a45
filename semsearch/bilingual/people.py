"""Where a query may name a Korean person, in any of the four ways to write one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import regex

from .hangul import letters
from .korean import is_particle
from .names import Weighed, is_surname, kana_surname, read_hanja, read_kana, read_latin, split_hangul
from .names_data import TITLES
from .normal import HIDDEN

_LATIN = regex.compile(r"[\p{Latin}][\p{Latin}\p{M}]*(?:['’‘`][\p{Latin}\p{M}]+)*(?:[-‐][\p{Latin}\p{M}'’‘`]+)?")
_HANGUL = regex.compile(r"[가-힣]+")
_KATAKANA = regex.compile(r"[ァ-ヺー]+(?:[・·＝=][ァ-ヺー]+)?")
_KANJI = regex.compile(r"[\u4e00-\u9fff]+")
_TITLE = regex.compile("|".join(sorted(TITLES, key=len, reverse=True)))
_DOT = regex.compile(r"[・·＝=]")
_HONOURS = regex.compile(
    r"氏|大統領|首相|国家主席|総書記|国務委員長|委員長|党首|代表|議員|長官|選手|監督|さん|被告|容疑者|会長|総長|議長|教授"
)
_ENGLISH_WORDS = frozenset(
    """
    no so do i in on an o you ban song sun son man ma hur ho pan bang king won kong had day or you me her
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Person:
    """A stretch of folded text that may be a name."""

    start: int
    end: int
    stop: int
    lang: str
    names: tuple[tuple[str, float], ...]
    """In Hangul, with how likely each is."""
    sure: bool
    """Whether its shape alone says that it is a name."""


def people(
    text: str, unknown: str, reading: Callable[[str], str | None], given: Callable[[int, int], str]
) -> Iterator[Person]:
    """Yield the possible names of a text, script by script; `unknown` is what the lexicon has left of it."""
    if not text.isascii():
        yield from _hangul(text)
        yield from _katakana(text, unknown)
        yield from _kanji(text, reading)
    yield from _latin(text, given)


def _hangul(text: str) -> Iterator[Person]:
    words = [found.span() for found in _HANGUL.finditer(text)]
    for place, (start, end) in enumerate(words):
        word = text[start:end]
        for size in (3, 4, 2):
            if len(word) < size or not split_hangul(word[:size]):
                continue
            title = _TITLE.match(word, size)
            own_title = title[0] if title else ""
            if not is_particle(word[size + len(own_title) :]):
                continue
            following = place + 1 < len(words) and _TITLE.match(text, words[place + 1][0]) is not None
            titled = following and text[end : words[place + 1][0]] == " "
            if size > 2 or titled or len(own_title) > 1:
                stop = start + size if own_title else end
                yield Person(start, start + size, stop, "ko", ((word[:size], 1.0),), titled or own_title != "")
                break


def _katakana(text: str, unknown: str) -> Iterator[Person]:
    for found in _KATAKANA.finditer(text):
        family, dot, first = _parted(found[0])
        if not dot:
            family = kana_surname(found[0]) if HIDDEN not in unknown[found.start() : found.end()] else ""
            first = found[0][len(family) :]
        names = read_kana(family, first) if family and (dot or len(first) > 2) else ()
        if names:
            weights = tuple((name, 1 / (1 + rank)) for rank, name in enumerate(names))
            yield Person(found.start(), found.end(), found.end(), "ja", weights, dot)


def _parted(run: str) -> tuple[str, bool, str]:
    parts = _DOT.split(run)
    return parts[0], len(parts) == 2, parts[-1]


def _kanji(text: str, reading: Callable[[str], str | None]) -> Iterator[Person]:
    for found in _KANJI.finditer(text):
        run = found[0]
        for size in (3, 2, 4):
            titled = _HONOURS.match(text, found.start() + size) is not None
            if len(run) < size or not (titled or (len(run) == size == 3)):
                continue
            name = read_hanja(run[:size], reading)
            if name is not None and split_hangul(name):
                end = found.start() + size
                yield Person(found.start(), end, end, "ja", ((name, 1.0),), titled)
                break


def _latin(text: str, given: Callable[[int, int], str]) -> Iterator[Person]:
    words = [found.span() for found in _LATIN.finditer(text)]
    family = [is_surname(text[a:b]) for a, b in words]
    place = 0
    while place + 1 < len(words):
        for size in (3, 2):
            spans = words[place : place + size]
            if len(spans) < size or not (family[place] or family[place + size - 1]):
                continue
            if all(text[one[1] : two[0]].isspace() for one, two in pairwise(spans)):
                names = _read(tuple(given(*span) for span in spans))
                if names:
                    yield Person(spans[0][0], spans[-1][1], spans[-1][1], "en", names, True)
                    place += size - 1
                    break
        place += 1


@lru_cache(2048)
def _read(written: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """Read two or three Latin words as a name; capitals or a hyphen have to show that they are one."""
    hyphened = any("-" in word or "‐" in word for word in written)
    capitals = all(word[0].isupper() for word in written)
    if not (capitals or hyphened) or (len(written) == 3 and hyphened):
        return ()
    if not hyphened and any(word.lower() in _ENGLISH_WORDS for word in written):
        return ()
    names: Weighed = read_latin(list(written))
    if not hyphened and len(written) == 2:
        names = [(name, weight) for name, weight in names if len(name) > 2]
    return tuple(names)


_AGREEING = regex.compile(r"에서는|에서|에게|에는|까지|부터|으로|은|는|을|를|이|가|의|에|와|과")


def bare(word: str) -> str:
    """Return an unknown Hangul word without the particle that its last syllable agrees with."""
    found = next((m for m in _AGREEING.finditer(word) if m.end() == len(word) and m.start() >= 2), None)
    if found is None:
        return word
    closed = letters(word[found.start() - 1])[2] != " "
    if (found[0] in ("은", "을", "이", "과", "으로") and not closed) or (
        found[0] in ("는", "를", "가", "와") and closed
    ):
        return word
    return word[: found.start()]
