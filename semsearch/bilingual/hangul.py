"""Hangul syllables as their letters, and the stems that Korean verbs and adjectives inflect with."""

from __future__ import annotations

from functools import lru_cache

FIRST = 0xAC00
INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"

_CONTRACTED = {"ㅗ": "ㅘ", "ㅜ": "ㅝ", "ㅣ": "ㅕ", "ㅚ": "ㅙ"}
_REGULAR_P = "입잡뽑씹접좁꼽업집꼬굽"
_IRREGULAR_T = "듣걷묻싣컫긷붇"
_IRREGULAR_S = "짓낫잇붓긋젓"
_REGULAR_H = "좋넣놓쌓낳닿찧땋빻"
_REGULAR_REU = ("따르", "치르", "들르", "다다르", "우러르", "잠그")

_NOUNS = frozenset(
    """
    바다 캐나다 플로리다 어젠다 아젠다 프로파간다 린다 소다 어맨다 아만다 네바다 혼다 미란다 베란다 우간다 사만다
    에이다 판다 카에다 알카에다 젤다 르완다 브렌다 버뮤다 사이다 베데스다 유다 마쓰다 완다 체다 마틸다 멀린다
    그라나다 프라다 안드로메다 아르마다 힐다 벨린다 요다 람다 앨러미다 그레나다 반다 피바다 폰다 골고다 욜란다
    아나콘다 프리다 론다 알메이다 아스다 마스다 저마다 레이다 노가다 구로다 쿠로다 최다 하네다 스다 이시다 칸다
    간다 히다 집집마다 기시다 노다 우메다 헝다 다다 코다 후쿠다 하마다 이케다
    """.split()  # noqa: SIM905
)
"""Nouns that end as verbs do."""


def is_hangul(char: str) -> bool:
    """Tell whether `char` is one composed syllable."""
    return 0 <= ord(char) - FIRST < 11172


def letters(syllable: str) -> tuple[str, str, str]:
    """Return initial, vowel and final of a syllable; the final of an open one is a space."""
    code = ord(syllable) - FIRST
    return INITIALS[code // 588], VOWELS[code // 28 % 21], FINALS[code % 28]


def syllable(initial: str, vowel: str, final: str = " ") -> str:
    """Compose a syllable."""
    return chr(FIRST + (INITIALS.index(initial) * 21 + VOWELS.index(vowel)) * 28 + FINALS.index(final))


def with_final(text: str, final: str) -> str:
    """Return `text` with `final` under its last syllable."""
    initial, vowel, _ = letters(text[-1])
    return text[:-1] + syllable(initial, vowel, final)


def is_verb(word: str) -> bool:
    """Tell whether a Korean headword is a verb or an adjective."""
    return len(word) > 1 and word[-1] == "다" and word.rsplit(" ", 1)[-1] not in _NOUNS and is_hangul(word[-2])


@lru_cache(4096)
def verb_keys(word: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the stems of a word in -다 that need an ending, and the forms that can stand alone."""
    stem = word.removesuffix("다").replace(" ", "")
    if len(stem) == 0 or not is_hangul(stem[-1]):
        return frozenset(), frozenset()
    if stem[-1] == "하":
        body = stem[:-1]
        alone = {body + form for form in ("해", "한", "할", "함")}
        return frozenset({stem, body + "했", body + "합"}), frozenset(alone)
    past, alone = _past(stem)
    return frozenset({stem, *past}), frozenset(alone)


def _past(stem: str) -> tuple[set[str], set[str]]:
    initial, vowel, final = letters(stem[-1])
    if final != " ":
        return _closed(stem, final)
    forms = {with_final(stem, mark) for mark in "ㄴㄹㅁ"}
    needy = {with_final(stem, "ㅂ")}
    if stem[-1] == "르" and len(stem) > 1 and not stem.endswith(_REGULAR_REU) and letters(stem[-2])[2] == " ":
        dark = "라" if letters(stem[-2])[1] in "ㅏㅗ" else "러"
        infinitive = with_final(stem[:-1], "ㄹ") + dark
    elif vowel == "ㅡ":
        light = len(stem) > 1 and is_hangul(stem[-2]) and letters(stem[-2])[1] in "ㅏㅗ"
        infinitive = stem[:-1] + syllable(initial, "ㅏ" if light else "ㅓ")
    elif stem[-1] == "푸":
        infinitive = stem[:-1] + "퍼"
    else:
        infinitive = stem[:-1] + syllable(initial, _CONTRACTED.get(vowel, vowel))
    return needy | {with_final(infinitive, "ㅆ")}, forms | {infinitive}


def _closed(stem: str, final: str) -> tuple[set[str], set[str]]:
    last, open_stem = stem[-1], with_final(stem, " ")
    if final == "ㄹ":
        return {open_stem, with_final(stem, "ㅂ")}, {with_final(stem, "ㄴ"), stem, with_final(stem, "ㄻ")}
    if final == "ㅂ" and last not in _REGULAR_P:
        wa = "와" if stem in {"돕", "곱"} else "워"
        return {open_stem + "우", open_stem + with_final(wa, "ㅆ")}, {
            open_stem + form for form in (wa, "운", "울", "움")
        }
    if final == "ㄷ" and (last in _IRREGULAR_T or stem.endswith("깨닫")):
        changed, a = with_final(stem, "ㄹ"), "아" if letters(last)[1] in "ㅏㅗ" else "어"
        return {changed + with_final(a, "ㅆ"), changed + "으"}, {changed + form for form in (a, "은", "을")}
    if final == "ㅅ" and last in _IRREGULAR_S:
        a = "아" if letters(last)[1] in "ㅏㅗ" else "어"
        return {open_stem + with_final(a, "ㅆ"), open_stem + "으"}, {open_stem + form for form in (a, "은", "을")}
    if final == "ㅎ" and last not in _REGULAR_H:
        initial, vowel, _ = letters(last)
        fused = stem[:-1] + syllable(initial, {"ㅑ": "ㅒ", "ㅕ": "ㅖ"}.get(vowel, "ㅐ"))
        return {with_final(fused, "ㅆ")}, {fused, with_final(stem, "ㄴ"), with_final(stem, "ㄹ")}
    return set(), set()
