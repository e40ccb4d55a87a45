"""Known words in Japanese text, which has no spaces: the cheapest way to cut it into known pieces."""

from __future__ import annotations

import regex

from .kana import is_hiragana, is_kanji, is_katakana
from .keys import DERIVED, FORM, LONGEST
from .table import Found, Source
from .values import Match
from .words_ja import COUNTERS, STOP

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}々ー〆ヶ&+]+")
_JOINER = regex.compile(r"\s+|\s*[・·‧･＝=\-]\s*")
_BEFORE_KANA = "はがをにでとのもへやら"
_PIECE, _KANA, _LATIN, _OTHER = 10, 6, 3, 40
"""What a known piece costs, and what an unknown character costs by its script."""

Heads = tuple[tuple[int, float], ...]
Step = tuple[int, int, Heads | None]
"""The cost from a place to the end, the next place, and the headwords of the piece between, if it is known."""


def japanese(text: str, source: Source) -> list[Match]:
    """Return the known words of folded text."""
    matches: list[Match] = []
    chain: list[tuple[int, int]] = []
    for found in _WORD.finditer(text):
        if chain and not _JOINER.fullmatch(text[chain[-1][1] : found.start()]):
            matches.extend(_Chain(text, chain).matches(source))
            chain = []
        chain.append(found.span())
    if chain:
        matches.extend(_Chain(text, chain).matches(source))
    return matches


class _Chain:
    """Words with nothing but spaces or middle dots between them."""

    def __init__(self, text: str, spans: list[tuple[int, int]]) -> None:
        self.joined = "".join(text[a:b] for a, b in spans)
        self.places = [place for a, b in spans for place in range(a, b)]
        self.edges = {0}
        for a, b in spans:
            self.edges.add(max(self.edges) + b - a)

    def matches(self, source: Source) -> list[Match]:
        size = len(self.joined)
        steps: list[Step] = [(0, size, None)] * (size + 1)
        for place in range(size - 1, -1, -1):
            best: Step = (self._unknown(place) + steps[place + 1][0], place + 1, None)
            for piece_end, known in self._pieces(place, source):
                cost = _PIECE + steps[piece_end][0]
                if cost < best[0]:
                    best = (cost, piece_end, known)
            steps[place] = best
        found, place = [], 0
        while place < size:
            _, end, heads = steps[place]
            if heads is not None:
                last = self.places[end - 1] + 1
                found.append(Match(self.places[place], last, last, heads))
            place = end
        return found

    def _unknown(self, place: int) -> int:
        char = self.joined[place]
        if is_hiragana(char):
            return _KANA
        return _OTHER if is_kanji(char) or is_katakana(char) else _LATIN

    def _pieces(self, place: int, source: Source) -> list[tuple[int, Heads]]:
        """Every known piece that begins here, the longest first."""
        if not self._may_begin(place):
            return []
        joined = self.joined
        pieces: list[tuple[int, Heads]] = []
        reach = source.reach(joined[place : place + 2], "ja")
        for size in range(min(len(joined) - place, LONGEST["ja"]), 0, -1):
            end = place + size
            if (size > 1 and not reach >> size & 1) or not self._may_end(end):
                continue
            if size == 1 and not self._lone_kanji(place):
                continue
            word = joined[place:end]
            if word in STOP:
                pieces.append((end, ()))
                continue
            found = source.find(word, "ja")
            if not found or (is_hiragana(word[0]) and not self._hiragana(place, end, found)):
                continue
            if word in COUNTERS and place > 0 and joined[place - 1].isdigit():
                pieces.append((end, ()))
                continue
            plain = any(kind not in (FORM, DERIVED) for _, kind, _ in found)
            heads = tuple(
                (head, {DERIVED: 0.5, FORM: 0.4 if plain else 1.0}.get(kind, 1.0))
                for head, kind, text in found
                if text not in STOP
            )
            if plain and word[-1] in "たて" and size > 2:  # 増えた is a headword, and so is 増える
                heads += tuple((head, 0.7) for head, kind, _ in source.find(word[:-1], "ja") if kind == FORM)
            pieces.append((end, heads))
        return pieces

    def _may_begin(self, place: int) -> bool:
        return place in self.edges or not self._same_run(place)

    def _may_end(self, end: int) -> bool:
        return end in self.edges or not self._same_run(end)

    def _same_run(self, place: int) -> bool:
        """Tell whether the border before `place` lies within katakana, letters or figures."""
        before, char = self.joined[place - 1], self.joined[place]
        if is_katakana(before):
            return is_katakana(char)
        return (before.isascii() and char.isascii() and before.isdigit() == char.isdigit()) or char == "ー"

    def _lone_kanji(self, place: int) -> bool:
        joined, edges = self.joined, self.edges
        before = place not in edges and (is_kanji(joined[place - 1]) or joined[place - 1].isdigit())
        after = place + 1 not in edges and is_kanji(joined[place + 1])
        return is_kanji(joined[place]) and not before and not after

    def _hiragana(self, place: int, end: int, found: list[Found]) -> bool:
        """Tell whether a piece that begins with hiragana is a word and not part of an inflection."""
        joined = self.joined
        word = joined[place:end]
        before = place in self.edges or not is_hiragana(joined[place - 1]) or joined[place - 1] in _BEFORE_KANA
        if not all(is_hiragana(char) for char in word):
            return before
        after = end in self.edges or not is_hiragana(joined[end]) or joined[end] in _BEFORE_KANA
        inflected = all(kind == FORM for _, kind, _ in found)
        starts = place in self.edges or not is_hiragana(joined[place - 1])
        starts = starts and (place in self.edges or not is_kanji(joined[place - 1]))
        if len(word) == 2:
            return starts and after and not inflected
        return before and (place in self.edges or not is_kanji(joined[place - 1])) and (after or len(word) > 3)
