"""What a headword is looked up by: the same rules for the compiled lexicon, the user's aliases and the query."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import regex
import Stemmer

from .hangul import is_verb, verb_keys
from .kana import inflected_keys
from .normal import fold

NOUN, STEM, FORM, DERIVED = range(4)
"""How a key matches: a word; a stem that needs an ending; a form that may have one; the noun of a verb."""
LONGEST = {"en": 6, "ko": 15, "ja": 15}
"""Words of English, characters of the others."""

_stemmer = Stemmer.Stemmer("english", 0)
_WORD = regex.compile(r"(?:\p{L}\.){2,}\p{L}?|[\p{L}\p{M}\p{N}]+")
_JOINERS = regex.compile(r"[\s・·ㆍ‧･\-]+")
_KO_ENDINGS = ("하다", "되다", "당하다", "시키다", "하는", "되는", "된", "들", "의")
KO_WHOLE = tuple(
    """
    주의 회의 합의 동의 논의 협의 심의 결의 항의 강의 정의 문의 건의 예의 명의 호의 악의 질의 거의 창의 제의 토의
    임의 성의 모의 편의 상의 하의 탈의 만들 흔들 아들 이들 그들 발의
    """.split()  # noqa: SIM905
)
"""What looks like a word with an ending and is none."""
_JA_ENDINGS = ("させられる", "される", "させる", "する", "した", "な", "だ", "の")


def english_words(folded: str) -> Iterator[tuple[int, int]]:
    """Yield where the words of folded text are; hyphens and apostrophes part words, dots of `U.S.` do not."""
    return (found.span() for found in _WORD.finditer(folded))


@lru_cache(20000)
def english_stem(word: str) -> str:
    """Return the stem of one folded word, without accents and abbreviation dots."""
    if not word.isascii():
        word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    stem: str = _stemmer.stemWord(word.replace(".", ""))
    return stem


def compact(folded: str) -> str:
    """Return Korean or Japanese text without what may or may not be written between words."""
    return _JOINERS.sub("", folded)


def plain_key(word: str, lang: str) -> str | None:
    """Return what a word is looked up by as it is, or None if it is too long or empty."""
    folded = fold(word)
    if lang == "en":
        stems = [english_stem(folded[a:b]) for a, b in english_words(folded)]
        return " ".join(stems) if 0 < len(stems) <= LONGEST["en"] else None
    plain = compact(folded)
    return plain if 0 < len(plain) <= LONGEST[lang] else None


@lru_cache(8192)
def keys(word: str, lang: str) -> tuple[tuple[str, int], ...]:
    """Return every key of a headword with its kind: as it is, or as what its inflections share."""
    plain = plain_key(word, lang)
    if plain is None:
        return ()
    if lang == "en":
        return ((plain, NOUN),)
    return tuple((_korean(fold(word), plain) if lang == "ko" else _japanese(plain)).items())


def _korean(folded: str, plain: str) -> dict[str, int]:
    ending = next((e for e in _KO_ENDINGS if folded.endswith(e) and len(plain) >= len(e) + 2), None)
    if ending is not None and not folded.endswith(KO_WHOLE):
        return {compact(folded.removesuffix(ending)): DERIVED}
    found = {plain: NOUN}
    if is_verb(folded):
        needy, alone = verb_keys(folded)
        for key in sorted(needy):
            found.setdefault(key, STEM)
        for key in sorted(alone):
            found.setdefault(key, FORM)
    return found


def _japanese(plain: str) -> dict[str, int]:
    ending = next((e for e in _JA_ENDINGS if plain.endswith(e) and len(plain) >= len(e) + 2), None)
    if ending is not None and not all("\u3041" <= char <= "\u309f" for char in plain.removesuffix(ending)):
        return {plain.removesuffix(ending): DERIVED}
    return {plain: NOUN} | {key: FORM for key in inflected_keys(plain) if key != plain}


def reach_prefix(key: str, lang: str) -> str:
    """Return the beginning of a key that tells how long keys can be."""
    return key.split(" ", 1)[0] if lang == "en" else key[:2]


def size_of(key: str, lang: str) -> int:
    """Return a key's length in the units of `LONGEST`."""
    return key.count(" ") + 1 if lang == "en" else len(key)
