"""Inflected forms of dictionary words, drawn at random: enough grammar to teach a bag of tokens."""

from __future__ import annotations

from random import Random

_HANGUL = 0xAC00
_FINALS = 28
_VOWELS = 21
_NOUN_PARTICLES = (
    ("은", "는"), ("이", "가"), ("을", "를"), ("과", "와"), ("으로", "로"),
    ("의", "의"), ("에", "에"), ("에서", "에서"), ("도", "도"), ("까지", "까지"),
    ("에게", "에게"), ("부터", "부터"), ("이다", "다"), ("이라고", "라고"), ("에는", "에는"),
)  # fmt: skip
_HADA = (
    "하다", "했다", "한다", "하는", "하고", "해", "할", "한", "하며", "하기로", "했으며", "하지",
    "했다고", "해야", "하면서", "하기", "함", "했나", "하겠다고", "하도록", "했을", "되다", "됐다",
    "된다", "되는", "된", "될", "돼", "되고", "됐으며", "되면서",
)  # fmt: skip
_PLAIN_ENDINGS = ("고", "는", "지", "며", "기", "다", "던", "게", "겠다고", "도록", "면서", "기로")
_JA_PARTICLES = ("は", "が", "を", "に", "で", "の", "と", "へ", "も", "から", "まで", "では", "には", "による")
_SURU = (
    "する", "した", "して", "し", "しない", "される", "された", "している", "していた", "すると",
    "しました", "します", "しており", "され", "させる",
)  # fmt: skip
_ICHIDAN = ("る", "た", "て", "ない", "ます", "ました", "られる", "られた", "ている", "よう", "")
_GODAN = {
    "う": "わいえった", "く": "かきけいた", "ぐ": "がぎげいだ", "す": "さしせした", "つ": "たちてった",
    "ぬ": "なにねんだ", "ぶ": "ばびべんだ", "む": "まみめんだ", "る": "らりれった",
}  # fmt: skip
_E_I_KANA = "いきぎしじちぢにひびみりえけげせぜてでねへべめれ"


def inflect(word: str, lang: str, rng: Random) -> str:
    """Return a random written form of `word`: inflected, or with a particle, or as it is."""
    if rng.random() < 0.3 or not word:
        return word
    if lang == "ko":
        return _korean(word, rng)
    return _japanese(word, rng) if lang == "ja" else _english(word, rng)


def _korean(word: str, rng: Random) -> str:
    if word.endswith("하다") and len(word) > 2:
        return word[:-2] + rng.choice(_HADA)
    if word.endswith("다") and len(word) > 1 and _is_hangul(word[-2]):
        return _korean_verb(word[:-1], rng)
    if not _is_hangul(word[-1]) or word[-1] in "의한는된은던로게히인":
        return word
    with_final, without_final = rng.choice(_NOUN_PARTICLES)
    final = _final(word[-1])
    if with_final == "으로" and final == 8:
        return word + "로"
    return word + (with_final if final else without_final)


def _is_hangul(char: str) -> bool:
    return 0 <= ord(char) - _HANGUL < 11172


def _final(char: str) -> int:
    return (ord(char) - _HANGUL) % _FINALS


def _with_final(char: str, final: int) -> str:
    return chr(ord(char) - _final(char) + final)


def _korean_verb(stem: str, rng: Random) -> str:
    past = _past_stem(stem)
    form = rng.randrange(4)
    if form == 0:
        return past + rng.choice(("다", "고", "으며", "다고", "던", "나", "는데"))
    if form == 1:
        return stem + rng.choice(_PLAIN_ENDINGS)
    if past.endswith("웠"):
        return past[:-1] + rng.choice(("운", "울", "우며", "우면"))
    if _final(stem[-1]):
        return stem + rng.choice(("은", "을", "으며", "으면", "은데"))
    return stem[:-1] + _with_final(stem[-1], rng.choice((4, 8))) + rng.choice(("", "", "다"))


def _past_stem(stem: str) -> str:
    """Add the past infix with the usual contractions (가+았 = 갔, 오+았 = 왔, 돕+았 = 도왔)."""
    last = stem[-1]
    initial, vowel = divmod((ord(last) - _HANGUL) // _FINALS, _VOWELS)
    final = _final(last)
    ssang = 20
    if final == 17 and last not in "입잡뽑씹접좁꼽업":  # ㅂ irregular
        return stem[:-1] + _with_final(last, 0) + "웠"
    if final:
        return stem + ("았" if vowel in (0, 2, 8) else "었")
    if last == "르" and len(stem) > 1 and not _final(stem[-2]):
        return stem[:-2] + _with_final(stem[-2], 8) + "렀"
    contracted = {8: 9, 13: 14, 20: 6, 18: 4}.get(vowel, vowel)
    return stem[:-1] + chr(_HANGUL + (initial * _VOWELS + contracted) * _FINALS + ssang)


def _japanese(word: str, rng: Random) -> str:
    if word.endswith("する") and len(word) > 2:
        return word[:-2] + rng.choice(_SURU)
    if word.endswith("い") and len(word) > 1:
        return word[:-1] + rng.choice(("い", "く", "かった", "さ", "くない", "くて"))
    if word[-1] in _GODAN and len(word) > 1 and not "ァ" <= word[-2] <= "ー":
        return _japanese_verb(word, rng)
    return word + rng.choice(_JA_PARTICLES)


def _japanese_verb(word: str, rng: Random) -> str:
    stem, last = word[:-1], word[-1]
    if last == "る" and stem[-1] in _E_I_KANA:
        return stem + rng.choice(_ICHIDAN)
    a, i, e, onbin, ta = _GODAN[last]
    te = {"た": "て", "だ": "で"}[ta]
    return stem + rng.choice(
        (last, i + "ます", i, i + "ました", a + "ない", a + "れる", a + "れた", e + "る", onbin + ta, onbin + te)
    )


def _english(word: str, rng: Random) -> str:
    if len(word) < 3 or not word.isascii() or not word.islower() or word.endswith(("s", "y")):
        return word
    return rng.choice((word, word, word + "s"))


def english_verb(word: str, rng: Random) -> str:
    """Return a random regular form of an English verb."""
    if " " in word or len(word) < 3 or not word.isascii() or not word.islower():
        return word
    base = word.removesuffix("e")
    past = word[:-1] + "ied" if word.endswith("y") and word[-2] not in "aeou" else base + "ed"
    return rng.choice((word, word + "s", past, base + "ing"))


def english_lemmas(word: str) -> list[str]:
    """List dictionary forms an English word may come from, the likeliest first."""
    found = [word]
    for suffix, endings in (
        ("'s", ("",)), ("ies", ("y",)), ("ied", ("y",)), ("es", ("e", "")), ("s", ("",)),
        ("ed", ("e", "")), ("ing", ("", "e")), ("er", ("", "e")), ("est", ("", "e")), ("ly", ("",)),
    ):  # fmt: skip
        if word.endswith(suffix) and len(word) - len(suffix) >= 2:
            root = word.removesuffix(suffix)
            found.extend(root + ending for ending in endings)
            if len(root) > 3 and root[-1] == root[-2]:
                found.append(root[:-1])
    return found
