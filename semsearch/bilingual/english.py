"""Known words and phrases in English text, compared by their stems."""

from __future__ import annotations

from collections.abc import Callable

import regex

from .keys import LONGEST, english_stem, english_words
from .normal import fold
from .table import Found, Source
from .values import Match
from .words_en import ACRONYMS, IRREGULAR, SPELLINGS, STOP

_GAP = regex.compile(r"\s+|\s*[-‐‑'’`]\s*|\s*&\s*|\.\s+(?=\S)")
_ENDINGS = regex.compile(r"[a-z]?(?:s|es|ed|d|ing|ings|ies|ied|t)?")
_LEADING = frozenset({"the", "a", "an", "in", "at", "of", "for", "by"})
_INFLECTED = 0.3
"""What a headword counts that is another inflection of the query's word, where the word itself is known too."""

Heads = tuple[tuple[int, float], ...]


def english(text: str, source: Source, given: Callable[[int, int], str]) -> list[Match]:
    """Return the known words of folded text, longest first from left to right; `given` is the text unfolded."""
    spans = list(english_words(text))
    stems = [english_stem(text[a:b]) for a, b in spans]
    linked = [_GAP.fullmatch(text[spans[i][1] : spans[i + 1][0]]) is not None for i in range(len(spans) - 1)]
    shouting = text.upper() == given(0, len(text)) if text else True
    matches = []
    place = 0
    while place < len(spans):
        longest = 1
        while longest < LONGEST["en"] and place + longest < len(spans) and linked[place + longest - 1]:
            longest += 1
        reach = source.reach(stems[place], "en") | 2
        size = 1
        for size in (n for n in range(longest, 0, -1) if reach >> n & 1):
            start, end = spans[place][0], spans[place + size - 1][1]
            if size == 1:
                heads = _single(text[start:end], given(start, end), source, shouting)
            else:
                words = [text[a:b] for a, b in spans[place : place + size]]
                found = [] if _empty(words) else source.find(" ".join(stems[place : place + size]), "en")
                heads = _closest(found, text[start:end], given(start, end))
            if heads is not None:
                matches.append(Match(start, end, end, heads))
                break
        place += size
    return matches


def _single(word: str, given: str, source: Source, shouting: bool) -> Heads | None:
    """Return the headwords of one word: none for function words, except an acronym that looks like one (US)."""
    if word.isdigit() or len(word) == 1:
        return None
    plain = word.replace(".", "")
    if plain in STOP:
        if shouting or not given.replace(".", "").isupper():
            return ()
        found = [one for one in source.find(english_stem(plain), "en") if one[2].isupper()]
        if not found and plain in ACRONYMS:
            found = source.find(" ".join(map(english_stem, ACRONYMS[plain].split())), "en")
        return tuple((head, 1.0) for head, _, _ in found)
    found = source.find(english_stem(word), "en")
    heads = _closest(found, word, given) or ()
    if word in IRREGULAR:
        base = source.find(english_stem(IRREGULAR[word]), "en")
        known = {head for head, _ in heads}
        heads += tuple(pair for pair in _closest(base, IRREGULAR[word], given) or () if pair[0] not in known)
    if not heads:
        for candidate in _respelled(word):
            heads = heads or _closest(source.find(english_stem(candidate), "en"), candidate, given) or ()
    return heads or None


def _empty(words: list[str]) -> bool:
    """Tell whether a phrase says no more than its last word, or nothing."""
    return all(word in STOP for word in words) or (len(words) == 2 and words[0] in _LEADING)


def _respelled(word: str) -> list[str]:
    """British spellings as American ones."""
    return [word.replace(british, american) for british, american in SPELLINGS if british in word]


def _closest(found: list[Found], word: str, given: str) -> Heads | None:
    """Keep the headwords nearest to the word as written: `university` and `universe` have the same stem."""
    if len(found) < 2:
        return tuple((head, 1.0) for head, _, _ in found) or None
    word = _plain(word)
    texts = {head: text for head, _, text in found}
    plain = {head: _plain(fold(text)) for head, text in texts.items()}
    shared = {head: _common(word, text) for head, text in plain.items()}
    most = max(shared.values())
    exact = [head for head in texts if plain[head] == word]
    best = exact or [head for head in texts if shared[head] == most]
    same_case = [head for head in best if texts[head][0].isupper() == given[0].isupper()]
    if given.isupper() and len(given) > 1:
        same_case = [head for head in best if texts[head].isupper()] or same_case
    heads = dict.fromkeys(same_case or best, 1.0)
    for head in texts:
        if head not in best and _is_inflection(word, plain[head]):
            heads[head] = _INFLECTED if exact else 1.0
    return tuple(heads.items())


def _plain(folded: str) -> str:
    return " ".join(folded[a:b] for a, b in english_words(folded)).replace(".", "")


def _common(one: str, two: str) -> int:
    size = 0
    for a, b in zip(one, two, strict=False):
        if a != b:
            break
        size += 1
    return size


def _is_inflection(one: str, two: str) -> bool:
    size = _common(one, two)
    return all(_ENDINGS.fullmatch(rest) or rest in ("e", "y") for rest in (one[size:], two[size:]))
