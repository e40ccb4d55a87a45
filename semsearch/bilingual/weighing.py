"""How usual each translation of a word is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from .emit import emitted
from .hangul import is_hangul
from .kana import is_kanji
from .names import initial_law
from .table import Table
from .values import LANGS, Form

MOST_FORMS = 6
_LOOKED_AT = 10
"""Candidates among which the usual forms are picked."""
_SIDE = 0.4
"""What a row counts for English that was written for a Korean word."""
_RANKS = 3000
"""The rank at which a word's frequency, and so the weight of its row, has halved."""
_COGNATE = 2.5
"""How much likelier a Korean and a Japanese word are to mean the same if one is the other's reading."""


class Weighing:
    """Weighs what the rows of the lexicon say."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._read = lru_cache(8192)(self._sound)

    def forms(self, lang: str, heads: tuple[tuple[int, float], ...]) -> tuple[Form, ...]:
        """Weigh the rows of some headwords: what comes early in a row, beside them, or in many rows counts more."""
        counts: dict[str, dict[int, float]] = {tongue: {} for tongue in LANGS if tongue != lang}
        for head, meant in heads:
            for number in self._table.rows(head, lang):
                row = self._table.row(number)
                place = row[lang].index(head)
                own = 0.5 * meant * self._frequency(number, lang) / (1 + place)
                for tongue, weights in counts.items():
                    for rank, other in enumerate(row[tongue]):
                        near = abs(rank - place)
                        weights[other] = weights.get(other, 0.0) + own * (1 / (1 + rank) + 1 / (1 + near))
        sources = [self._table.text(head, lang) for head, _ in heads[:3]] if lang != "en" else []
        return tuple(form for tongue, weights in counts.items() for form in self._weighed(tongue, weights, sources))

    def _frequency(self, number: int, lang: str) -> float:
        """How usual the sense of a row is: rows stand in the order of their words' frequency."""
        for rows in (self._table.general, self._table.korean_first):
            if number in rows:
                side = _SIDE if lang == "en" and rows is self._table.korean_first else 1.0
                return side / (1 + (number - rows.start) / _RANKS)
        return 1.0

    def _weighed(self, lang: str, weights: dict[int, float], sources: list[str]) -> list[Form]:
        likely = sorted(weights.items(), key=lambda pair: -pair[1])[:_LOOKED_AT]
        words = [(self._table.text(head, lang), weight) for head, weight in likely]
        if lang != "en" and sources:
            words = [
                (word, weight * _COGNATE if any(self._cognate(word, one) for one in sources) else weight)
                for word, weight in words
            ]
            words.sort(key=lambda pair: -pair[1])
        texts: dict[str, float] = {}
        written: dict[str, str] = {}
        for word, weight in words:
            if len(written) == MOST_FORMS and word.lower() not in written:
                continue
            shown = written.setdefault(word.lower(), word)
            if lang == "en":
                if word[0].isupper() and shown[0].islower():
                    texts[word] = texts.pop(shown)
                    written[word.lower()] = shown = word
                texts[shown] = texts.get(shown, 0.0) + weight
            else:
                shares = emitted(word, lang)
                for text in shares:
                    texts[text] = texts.get(text, 0.0) + weight / len(shares)
        return share_out(sorted(texts.items(), key=lambda pair: -pair[1]), lang, "lexicon")

    def _cognate(self, one: str, two: str) -> bool:
        """Tell whether one word in Chinese characters is read as the other, in Korean."""
        kanji, hangul = (one, two) if is_kanji(one[0]) else (two, one)
        size = next((place for place, char in enumerate(kanji) if not is_kanji(char)), len(kanji))
        if size < 2 or not is_hangul(hangul[0]) or len(hangul) < size:
            return False
        read = self._read(kanji[:size])
        return hangul[:size] == read or (is_hangul(read[0]) and hangul[:size] == initial_law(read))

    def _sound(self, kanji: str) -> str:
        return "".join(self._table.reading(char) or "?" for char in kanji)


def share_out(texts: Iterable[tuple[str, float]], lang: str, origin: str) -> list[Form]:
    """Return the forms of a word in one language, their weights brought to the sum of 1."""
    kept = list(texts)
    total = sum(weight for _, weight in kept)
    return [Form(text, lang, weight / total, origin) for text, weight in kept]
