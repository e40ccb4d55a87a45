"""Text into index words: one analysis for Korean, English and Japanese, the same for passages and for queries.

Compatibility forms, case and width are folded first, so that NFD text, full-width letters and Hanja compatibility
characters meet their usual forms. Then, run by run of one script:

- Letters of an alphabet: the word, without accents, an English word as its stem. A hyphenated word is its parts and
  the whole (`jae`, `myung`, `jaemyung`).
- Digits: the number, without thousands separators; of a date or time (`2025-06-16`) the parts and the whole.
- Hangul: overlapping pairs of syllables inside an eojeol, and every syllable. 서울, 서울은 and 서울에서 share 서울;
  a particle adds pairs of its own, which are common and weigh little.
- Kana and Chinese characters: overlapping pairs, and every Chinese character, so that a name is found inside an
  unspaced sentence and a word of one character is not lost.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from Stemmer import Stemmer

VERSION: Final = 1
"""Changes when equal text gives other words: indexes made with another version are made again."""

_HAN: Final = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003fffd"
_KANA: Final = "\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe"
_HANGUL: Final = "\uac00-\ud7a3\u3131-\u318e"
_LETTER: Final = rf"[^\W_{_HANGUL}{_HAN}{_KANA}]"
_PAIRS: Final = re.compile(rf"(?=([{_HANGUL}]{{2}}|[{_HAN}{_KANA}]{{2}}))")
_SINGLES: Final = re.compile(rf"[{_HANGUL}{_HAN}]")
_CJK: Final = re.compile(rf"[{_HANGUL}{_HAN}{_KANA}]")
_SPACED: Final = re.compile(rf"\d+(?:[.,:/\-]\d+)+(?!{_LETTER})|(?:{_LETTER}\.){{2,}}|{_LETTER}+(?:['’\-]{_LETTER}+)*")
_THOUSANDS: Final = re.compile(r",(?=\d{3}(?!\d))")
_SEPARATORS: Final = re.compile(r"[.,:/\-]")
_JOINERS: Final = re.compile(r"['’\-]")
_LONGEST: Final = 64
"""Characters of a word that are kept: the longest that help to find anything."""


_FUNCTION_WORDS: Final = frozenset((
    "a", "about", "after", "again", "against", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been",
    "before", "being", "below", "between", "both", "but", "by", "can", "could", "did", "do", "doe", "done", "down",
    "dure", "each", "few", "for", "from", "further", "had", "has", "have", "having", "he", "her", "here", "his", "how",
    "if", "in", "into", "is", "it", "its", "just", "may", "might", "more", "most", "must", "no", "nor", "not", "of",
    "off", "on", "onc", "onli", "or", "other", "our", "out", "over", "own", "same", "shall", "she", "should", "so",
    "some", "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those",
    "through", "to", "too", "under", "until", "up", "veri", "was", "we", "were", "what", "when", "where", "whi",
    "which", "while", "who", "whom", "whose", "will", "with", "would", "you", "your",
))  # fmt: skip
"""Stems of English words that a question holds and no answer is found by. What Korean and Japanese have instead are
endings, whose pairs of characters are so common that they weigh nothing."""


def telling(words: list[str]) -> list[str]:
    """The words that a search is made for: not function words, unless there is nothing else."""
    return [word for word in words if tells(word)] or words


def tells(word: str) -> bool:
    """Whether an index word is no function word."""
    return word not in _FUNCTION_WORDS


@lru_cache(maxsize=1 << 14)
def script(word: str) -> str:
    """What an index word is written in: `hangul`, `han`, `kana`, or `alphabet` for letters and digits."""
    if "\uac00" <= word[0] <= "\ud7a3" or "\u3131" <= word[0] <= "\u318e":
        return "hangul"
    if not _CJK.match(word):
        return "alphabet"
    return "han" if _SINGLES.search(word) else "kana"


def index_words(text: str) -> list[str]:
    """The index words of `text`, repeated as often as they occur; not in its order."""
    folded = _folded(text)
    words: list[str] = []
    for word in _SPACED.findall(folded):
        words += _parts(word) if len(word) <= _LONGEST else _parts.__wrapped__(word)  # those would fill the memory
    if not folded.isascii():
        words += _PAIRS.findall(folded)
        words += _SINGLES.findall(folded)
    return words


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


@lru_cache(maxsize=1 << 16)
def _parts(word: str) -> tuple[str, ...]:
    """What a word, an abbreviation or a number is filed under."""
    if word[0].isdigit() and (parts := _SEPARATORS.split(whole := _THOUSANDS.sub("", word))) and not word.isdigit():
        return (whole,) if len(parts) == 1 else (whole, *parts)
    if word.endswith("."):
        return (word.replace(".", ""),)
    parts = [part for part in _JOINERS.split(word) if part]
    if len(parts) > 1 and parts[-1] == "s":
        parts.pop()
    if len(parts) > 1:
        parts.append("".join(parts))
    return tuple(_stem(_plain(part))[:_LONGEST] for part in parts)


def _plain(word: str) -> str:
    """`word` without the accents of Latin letters."""
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def _stem(word: str) -> str:
    stemmed: str = _stemmer().stemWord(word) if word.isalpha() else word
    return stemmed


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer:
    import Stemmer

    return Stemmer.Stemmer("english", 0)
