"""Kanji, kana, and the stems that Japanese verbs and adjectives inflect with."""

from __future__ import annotations

from functools import lru_cache

_GODAN = {
    "う": "わいえおっ", "く": "かきけこい", "ぐ": "がぎげごい", "す": "さしせそ", "つ": "たちてとっ",
    "ぬ": "なにねのん", "ぶ": "ばびべぼん", "む": "まみめもん", "る": "らりれろっ",
}  # fmt: skip
_E_I = "いきぎしじちぢにひびみりえけげせぜてでねへべめれ"
_BARE = "見出着寝得経似煮居射鋳干"
_BARE_TAILS = ("た", "て", "な", "ま", "ら", "よ", "れ", "ず")
_ADJECTIVE = ("く", "か", "さ", "け", "み")


def is_kanji(char: str) -> bool:
    """Tell whether `char` is a Chinese character (or the sign that repeats one)."""
    return "\u4e00" <= char <= "\u9fff" or char in "々〆ヶ" or "\u3400" <= char <= "\u4dbf"


def is_hiragana(char: str) -> bool:
    """Tell whether `char` is hiragana."""
    return "\u3041" <= char <= "\u309f"


def is_katakana(char: str) -> bool:
    """Tell whether `char` is katakana or the sign that lengthens it, not the middle dot."""
    return "\u30a1" <= char <= "\u30fa" or char == "ー"


@lru_cache(4096)
def inflected_keys(word: str) -> tuple[str, ...]:
    """Return the stems of a Japanese verb or adjective, each with the kana its inflection begins with."""
    if len(word) < 2 or word.endswith("する"):
        return ()
    body, last = word[:-1], word[-1]
    if last == "い" and not is_katakana(body[-1]):
        return tuple(body + tail for tail in _ADJECTIVE)
    if last not in _GODAN or is_katakana(body[-1]):
        return ()
    if last == "る" and body[-1] in _E_I and len(body) > 1:
        return (body,)
    if last == "る" and body[-1] in _BARE:
        return tuple(body + tail for tail in _BARE_TAILS)
    if word.endswith("行く"):
        return tuple(body + tail for tail in "かきけこっ")
    if word.endswith("来る"):
        return tuple(body + tail for tail in ("た", "て", "な", "ま", "ら"))
    return tuple(body + tail for tail in _GODAN[last])
