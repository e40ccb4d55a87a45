"""What each word of a query is called in the other languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from .aliases import Aliases
from .english import english
from .japanese import japanese
from .korean import korean
from .normal import SCRIPTS, Normal, hide, normalise
from .table import Source, Table
from .unknown import NameForms, named, spelled
from .values import LANGS, Form, Match, QueryWord
from .weighing import Weighing

DATA = Path(__file__).parent / "data"
_REMEMBERED = 1 << 14
"""Words whose forms are kept, in 20 MB at most: 4,000 questions on news have 12,700 different ones."""

Heads = tuple[tuple[int, float], ...]
Given = Callable[[int, int], str]


class Lexicon:
    """The words of the packaged lexicon (or of one compiled into `directory`), names, and the user's aliases."""

    def __init__(self, directory: Path | None = None, aliases: Path | None = None) -> None:
        self._table = Table(DATA if directory is None else directory)
        self._aliases = None if aliases is None else Aliases(aliases)
        weighing = Weighing(self._table)
        self._forms = lru_cache(_REMEMBERED)(weighing.forms)
        self._names = NameForms(self._table, self._forms)

    def words(self, query: str, lang: str) -> list[QueryWord]:
        """Return what is known of a query in `lang`, in its order; a stretch without a known form is left out."""
        normal = normalise(query)
        text, given = normal.text, _given(query, normal)
        tongues = [tongue for tongue in sorted(LANGS, key=lambda tongue: tongue != lang) if _has(text, tongue)]
        found: list[QueryWord] = []
        if self._aliases is not None:
            for tongue in tongues:
                matches = [match for match in _find(text, tongue, self._aliases, given) if match.heads]
                found += _words(query, normal, tongue, matches, self._aliases.forms)
                text = hide(text, [(match.start, match.stop) for match in matches])
        open_text, known = text, []
        for tongue in tongues:
            matches = _find(text, tongue, self._table, given)
            known += [(tongue, match) for match in matches]
            text = hide(text, [(match.start, match.stop) for match in matches])
        people, known = named(open_text, known, self._names, given)
        for tongue in tongues:
            found += _words(query, normal, tongue, [match for own, match in known if own == tongue], self._forms)
        taken = [(match.start, match.stop) for _, match in known] + [(start, stop) for start, _, stop, _, _ in people]
        for start, end, _, tongue, forms in (*people, *spelled(hide(open_text, taken))):
            place = normal.starts[start], normal.ends[end - 1]
            found.append(QueryWord(*place, query[slice(*place)], tongue, forms))
        return list(_apart(found))


def _has(text: str, lang: str) -> bool:
    if text.isascii():
        return lang == "en"
    return SCRIPTS[lang].search(text) is not None


def _find(text: str, lang: str, source: Source, given: Given) -> list[Match]:
    if lang == "en":
        return english(text, source, given)
    return korean(text, source) if lang == "ko" else japanese(text, source)


def _words(
    query: str, normal: Normal, lang: str, matches: Iterable[Match], forms: Callable[[str, Heads], tuple[Form, ...]]
) -> Iterator[QueryWord]:
    for match in matches:
        made = forms(lang, match.heads) if match.heads else ()
        if made:
            start, end = normal.starts[match.start], normal.ends[match.end - 1]
            yield QueryWord(start, end, query[start:end], lang, made)


def _given(query: str, normal: Normal) -> Given:
    def given(start: int, end: int) -> str:
        return query[normal.starts[start] : normal.ends[end - 1]] if end > start else ""

    return given


def _apart(words: list[QueryWord]) -> Iterator[QueryWord]:
    """The words in order, without one that begins inside another (`㍿` is four characters of one)."""
    end = 0
    for word in sorted(words, key=lambda word: word.start):
        if word.start >= end:
            yield word
            end = word.end
