"""What to look for: the words of a question, in the languages that passages are written in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import exp
from typing import Final

from semsearch.analysis import index_words, script, telling, tells
from semsearch.bilingual import Form, Lexicon, QueryWord
from semsearch.words import Idf, most

_SHARED: Final = {"ko": ("hangul", "alphabet"), "ja": ("han", "kana", "alphabet"), "en": ("alphabet",)}
"""Scripts in which a language writes: a question's own words are looked for there as they are."""


@dataclass(frozen=True)
class Wording:
    """A question in `lang`, in words."""

    text: str
    lang: str
    lexicon: Lexicon

    @cached_property
    def own(self) -> tuple[str, ...]:
        """Its index words."""
        return tuple(telling(index_words(self.text)))

    @cached_property
    def known(self) -> tuple[QueryWord, ...]:
        """Its words that the lexicon knows; looked up when they are first needed, as meaning alone does not."""
        return tuple(self.lexicon.words(self.text, self.lang)) if self.lang in _SHARED else ()

    @cached_property
    def unknown(self) -> tuple[tuple[str, list[str]], ...]:
        """What else tells something, parted by spaces, each piece with its index words."""
        rest = self.text
        for word in reversed(self.known):
            rest = rest[: word.start] + " " + rest[word.end :]
        pieces = ((piece, index_words(piece)) for piece in rest.split())
        return tuple((piece, words) for piece, words in pieces if any(map(tells, words)))

    def weights(self, lang: str, idf: Idf) -> dict[str, float]:
        """Index words to look for in passages of `lang`, with their weights.

        In the question's own language these are its words, of weight 1. In another one each word of the question is
        stood for by its forms that occur, which share a weight of 1; a form of several index words shares its part
        among them by the square root of their number, as longer forms say more.
        """
        if lang == self.lang or lang not in _SHARED:
            return dict.fromkeys(self.own, 1.0)
        found = {word: 1.0 for word in self.own if script(word) in _SHARED[lang] and idf(word) is not None}
        for word in self.known:
            for index_word, weight in _shared_weight([form for form in word.forms if form.lang == lang], idf).items():
                found[index_word] = min(1.0, found.get(index_word, 0.0) + weight)
        return found


def ceiling(weights: dict[str, float], idf: Idf) -> float:
    """The score of a passage that is full of all the words; by it, scores of languages become comparable."""
    values = [idf(word) for word in weights]
    unseen = max((value for value in values if value is not None), default=1.0)
    each = zip(values, weights.values(), strict=True)
    return sum(weight * most(unseen if value is None else value) for value, weight in each)


def telling_most(weights: dict[str, float], idf: Idf, most: int | None) -> dict[str, float]:
    """The `most` index words that could add most to a score, as far as they are rare enough; None: all.

    Together they are in as many passages as there are, each counted as often as words lead to it: that bounds what a
    search reads. A word that would go beyond is left out, as it hardly tells passages apart.
    """
    if most is None:
        return weights
    rare = {word: idf(word) or 0.0 for word in weights}
    left, kept = 1.0, dict[str, float]()
    for word in sorted(weights, key=lambda word: -weights[word] * rare[word])[:most]:
        share = exp(-rare[word]) if rare[word] else 0.0  # of the passages that have it
        if share <= left:
            left, kept[word] = left - share, weights[word]
    return kept


def matching_forms(word: QueryWord, lang: str, present: Iterable[str]) -> list[Form]:
    """The forms of a word in `lang` all of whose index words are `present` in a passage."""
    there = frozenset(present)
    return [form for form in word.forms if form.lang == lang and there.issuperset(_words_of(form.text))]


@lru_cache(maxsize=1 << 12)
def _words_of(form: str) -> tuple[str, ...]:
    """All of its index words, remembered: every hit is asked for those of a question's forms."""
    return tuple(index_words(form))


@lru_cache(maxsize=1 << 14)
def telling_words(known: str) -> tuple[str, ...]:
    """The index words of a word of the lexicon that a search is made for, each once."""
    return tuple(dict.fromkeys(telling(index_words(known))))


def _shared_weight(forms: list[Form], idf: Idf) -> dict[str, float]:
    """The index words of alternative forms; those that occur share a weight of 1."""
    parts = [(form.weight, telling_words(form.text)) for form in forms]
    occurring = [(weight, words) for weight, words in parts if words and None not in map(idf, words)]
    total = sum(weight for weight, _ in occurring)
    shares: dict[str, float] = {}
    for weight, words in occurring:
        for word in words:
            shares[word] = shares.get(word, 0.0) + weight / total / len(words) ** 0.5
    return shares
