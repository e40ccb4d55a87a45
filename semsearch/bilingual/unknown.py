"""Words that the lexicon does not have: names of Koreans by rule, and other unknown words spelled out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import regex

from .keys import NOUN
from .names import split_hangul, spread
from .normal import hide
from .people import Person, bare, people
from .romanise import hepburn, revised_word
from .table import Table
from .values import LANGS, Form, Match
from .weighing import share_out
from .words_ko import STOP

MOST_FORMS = 6
_KNOWN = 5.0
"""How much likelier a name is meant that the lexicon has than one that it has not."""
_HANGUL = regex.compile(r"(?<![\p{L}\p{N}\0])[가-힣]{2,7}(?![\p{L}\p{N}\0])")
_KATAKANA = regex.compile(r"(?<![ァ-ヺー\0])[ァ-ヺー]{3,}(?![ァ-ヺー])")

Heads = tuple[tuple[int, float], ...]
Named = tuple[int, int, int, str, tuple[Form, ...]]
"""Start, end, and end with the particle; the language, and the forms."""


class NameForms:
    """The spellings of Korean names, and what the lexicon knows of those who bear them."""

    def __init__(self, table: Table, forms: Callable[[str, Heads], tuple[Form, ...]]) -> None:
        self._table = table
        self._forms = forms
        self.reading = table.reading

    def lexicon_forms(self, lang: str, heads: Heads) -> tuple[Form, ...]:
        """What the lexicon alone says."""
        return self._forms(lang, heads)

    def of(self, person: Person) -> tuple[Form, ...]:
        """Every form of a name, other spellings in its own language among them."""
        weights: dict[str, dict[str, float]] = {lang: {} for lang in LANGS}
        known: dict[str, tuple[Form, ...]] = {}
        names = []
        for name, weight in person.names:
            heads = tuple((head, 1.0) for head, kind, _ in self._table.find(name, "ko") if kind == NOUN)
            forms = self._forms("ko", heads) if heads else ()
            if any(split_hangul(name) and " " in form.text and form.text[0].isupper() for form in forms):
                known[name] = forms
                weight *= _KNOWN
            names.append((name, weight))
        names.sort(key=lambda pair: -pair[1])
        for name, weight in names:
            for form in known.get(name, ()):
                weights[form.lang][form.text] = weights[form.lang].get(form.text, 0.0) + weight * form.weight
        for lang, spelled in spread(names[:4] if person.lang != "ko" else names).items():
            for text, weight in spelled.items():
                weights[lang][text] = weights[lang].get(text, 0.0) + weight
        return tuple(
            form
            for lang in LANGS
            if weights[lang]
            for form in share_out(
                sorted(weights[lang].items(), key=lambda pair: -pair[1])[: MOST_FORMS + 2], lang, "name"
            )
        )


def named(
    text: str, known: list[tuple[str, Match]], names: NameForms, given: Callable[[int, int], str]
) -> tuple[list[Named], list[tuple[str, Match]]]:
    """Return the names of a text, and what else of it the lexicon knows."""
    found: list[Named] = []
    left = hide(text, [(match.start, match.stop) for _, match in known])
    for person in people(text, left, names.reading, given):
        over = [match for _, match in known if match.start < person.end and person.start < match.end]
        if any(other[0] < person.end and person.start < other[2] for other in found) or not _wins(person, over):
            continue
        forms = names.of(person)
        whole = next((m for m in over if m.start == person.start and m.end == person.end and m.heads), None)
        if whole is not None and not _is_name(person.lang, whole, names, forms):
            continue
        found.append((person.start, person.end, person.stop, person.lang, forms))
        known = [(lang, match) for lang, match in known if match not in over]
    return found, known


def _wins(person: Person, over: list[Match]) -> bool:
    """Tell whether a possible name is likelier than the words that the lexicon knows in its place."""
    if any(
        m.start <= person.start and person.end <= m.end and m.end - m.start > person.end - person.start for m in over
    ):
        return False
    if person.sure or any(m.start == person.start and m.end == person.end for m in over):
        return True
    if person.lang == "ko":
        return all(match.stop != person.stop for match in over)
    return not any(match.end - match.start > 1 for match in over)


def _is_name(lang: str, whole: Match, names: NameForms, forms: tuple[Form, ...]) -> bool:
    """Tell whether the lexicon, too, takes a stretch for the name of a person."""
    told_by = "ko" if lang == "en" else "en"
    spelled = {_plain(form) for form in forms if form.lang == told_by}
    own = names.lexicon_forms(lang, whole.heads)
    return any(_plain(form) in spelled for form in own if form.lang == told_by)


def _plain(form: Form) -> str:
    return form.text.casefold().replace("-", "").replace(" ", "")


def spelled(text: str) -> Iterator[Named]:
    """Spell unknown Korean and katakana words in Latin letters: right for places, a guess for the rest."""
    if text.isascii():
        return
    for found in _HANGUL.finditer(text):
        word = bare(found[0])
        if 2 <= len(word) <= 5 and word not in STOP and found[0] not in STOP and not word.endswith(_VERBAL):
            end = found.start() + len(word)
            yield found.start(), end, found.end(), "ko", (Form(revised_word(word).capitalize(), "en", 1.0, "name"),)
    for found in _KATAKANA.finditer(text):
        latin = hepburn(found[0])
        if latin is not None:
            yield *found.span(), found.end(), "ja", (Form(latin.capitalize(), "en", 1.0, "name"),)


_VERBAL = (
    "다",
    "까",
    "나",
    "는",
    "던",
    "고",
    "지",
    "며",
    "면",
    "서",
    "게",
    "요",
    "한",
    "된",
    "할",
    "될",
    "인",
    "로",
    "을",
    "은",
    "해",
    "들",
)
