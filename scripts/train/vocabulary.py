"""Correct a trained vocabulary: whole words in, words with their particles out.

A frequency-trained unigram model keeps `首相は` and `정부는` beside `首相` and `정부`, and cuts English
words that its sample held seldom. Each costs a vector that has to be learnt apart.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable

from corpus import Entry

Scores = dict[str, float]

_JA_TAIL = re.compile(
    r"(.*[\u4e00-\u9fffァ-ー])(?:[はをにがのでともへや]|から|まで|では|には|など|する|した|して|し|され|された|します|すること)"
)
_JA_HEAD = re.compile(r"[はをがのにでとも]+(.*[\u4e00-\u9fffァ-ー].*)")
_KO_TAIL = re.compile(
    r"(.{2,}?)(?:은|는|이|가|을|를|의|에|에서|으로|로|와|과|도|만|까지|부터|에게|이다|이라고|에는|하다|했다|한다|하는"
    r"|하고|하며|하기|하게|한|할|해|하여|하지|된|될|됐다|되는|되고|적|적인|적으로|들|들은|들이|들을|들의)"
)
_HANGUL = re.compile(r"[가-힣]+")
_JAPANESE = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff々]+")
_LATIN = re.compile(r"[a-z]+")


def without_particles(scores: Scores, words: set[str]) -> Scores:
    """Drop pieces that are another piece with a particle or ending, unless they are words."""
    kept = {}
    for piece, score in scores.items():
        match = next(filter(None, (p.fullmatch(piece) for p in (_JA_TAIL, _JA_HEAD, _KO_TAIL))), None)
        if match is None or piece in words or match[1] not in scores:
            kept[piece] = score
    return kept


def lexicon_words(entries: list[Entry], limit: int | None = None) -> set[str]:
    """List single words of the lexicon, at most `limit` per language, first alternatives first.

    Of verbs made with 하다 and する the noun is listed, of other Korean verbs the stem too.
    """
    found: dict[str, dict[str, None]] = {"en": {}, "ko": {}, "ja": {}}
    for level in range(6):
        for entry in entries:
            for lang, words in found.items():
                for word in entry.of(lang)[level : level + 1]:
                    if limit is None or len(words) < limit:
                        words.update(dict.fromkeys(_forms(word, lang)))
    return set().union(*found.values())


def _forms(word: str, lang: str) -> list[str]:
    if lang == "en":
        return [word.lower()] if len(word) > 2 and _LATIN.fullmatch(word.lower()) else []
    if lang == "ko":
        stem = word.removesuffix("하다") if len(word) > 3 else word
        return [w for w in {stem, _stem(stem)} if 2 <= len(w) <= 5 and _HANGUL.fullmatch(w)]
    stem = word.removesuffix("する")
    longest = 8 if "ァ" <= stem[:1] <= "ー" else 4
    return [stem] if 2 <= len(stem) <= longest and _JAPANESE.fullmatch(stem) else []


def _stem(word: str) -> str:
    return word[:-1] if word.endswith("다") and not word.endswith("하다") and len(word) > 2 else word


def best_score(word: str, scores: Scores, longest: int = 12) -> float:
    """Score of the best segmentation of `word`, minus infinity if there is none."""
    best = [0.0] + [-math.inf] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - longest), end):
            piece = scores.get(word[start:end])
            if piece is not None and best[start] + piece > best[end]:
                best[end] = best[start] + piece
    return best[-1]


def with_words(scores: Scores, words: Iterable[str], counts: Counter[str], total: float) -> Scores:
    """Add whole words, scored by their count, but at least as well as their segmentation."""
    found = dict(scores)
    for word in words:
        by_count = math.log(max(counts[word], 1) / total)
        found[word] = max(by_count, best_score(word, scores) + 0.5, scores.get(word, -math.inf))
    return found


def prune(scores: Scores, size: int, essential: Callable[[str], bool]) -> Scores:
    """Keep the `size` likeliest pieces, and every essential one."""
    ordered = sorted(scores, key=lambda piece: (not essential(piece), -scores[piece], piece))
    return {piece: scores[piece] for piece in sorted(ordered[:size], key=lambda piece: -scores[piece])}


def latin_words(texts: Iterable[str], count: int) -> Counter[str]:
    """Count the English words of texts and keep the `count` most frequent."""
    words: Counter[str] = Counter()
    for text in texts:
        words.update(_LATIN.findall(text.lower()))
    return Counter({word: n for word, n in words.most_common(count) if len(word) > 2})
