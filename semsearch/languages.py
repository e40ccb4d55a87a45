"""Which language a text is in, told by its script."""

from __future__ import annotations

import re
from typing import Final

LANGUAGES: Final = ("ko", "en", "ja")
SAMPLE: Final = 1_000
"""Characters that are looked at."""
_LETTER_WEIGHT: Final = 3
"""Latin letters that say about as much as one Hangul syllable, kana or Chinese character."""

_HANGUL = re.compile(r"[\u1100-\u115f\u3131-\u318e\uac00-\ud7a3\uffa1-\uffdc]+")
"""Syllables, compatibility and half-width letters, and of conjoining letters the initials: one a syllable."""
_KANA = re.compile(r"[\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\u31f0-\u31ff\uff66-\uff6f\uff71-\uff9d]+")
_HAN = re.compile(r"[\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\uff21-\uff3a\uff41-\uff5a]+")
_OTHER = re.compile(
    r"[^\W\d_\u0000-\u024f\u1100-\u11ff\u2000-\u2bff\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003fffd]+"
)
"""Letters of any other script; symbols such as circled or Roman numerals, which `re` takes for letters, are none."""


def detect(text: str) -> str:
    """`ko`, `ja`, `en`, or `und` where no letters of these are found or another script prevails.

    Chinese characters count for the side that prevails, and for Japanese where neither Hangul nor kana is there;
    English stands for every language in Latin letters. Looks at the first `SAMPLE` characters.
    """
    sample = text[:SAMPLE]
    if sample.isascii():
        return "en" if _LATIN.search(sample) else "und"
    most = len(sample) // 2
    if (hangul := _count(_HANGUL, sample)) > most:
        return "ko"
    kana, han = _count(_KANA, sample), _count(_HAN, sample)
    if kana > hangul and kana + han > most:
        return "ja"
    latin, other = _count(_LATIN, sample), _count(_OTHER, sample)
    cjk = "ko" if hangul > kana else "ja"
    weight = (hangul + kana + han) * _LETTER_WEIGHT
    if other > max(weight, latin):
        return "und"
    if weight > latin:
        return cjk
    return "en" if latin else "und"


def asked_in(question: str) -> str:
    """The language of a question: as `detect`, but Korean or Japanese words outweigh any names in Latin letters."""
    without_latin = detect(_LATIN.sub("", question))
    return without_latin if without_latin != "und" else detect(question)


def _count(script: re.Pattern[str], text: str) -> int:
    return len("".join(script.findall(text)))
