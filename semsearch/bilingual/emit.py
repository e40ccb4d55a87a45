"""How a headword is written when it is to be found in text: verbs lose their dictionary ending."""

from __future__ import annotations

from functools import lru_cache

from .hangul import is_hangul, is_verb, letters, verb_keys, with_final
from .kana import inflected_keys, is_hiragana, is_kanji
from .keys import KO_WHOLE

_HADA = ("하다", "되다", "시키다", "당하다")
_ADNOMINAL = ("하는", "되는", "적인", "된")
_SURU = ("させられる", "している", "される", "させる", "した", "する", "な", "だ", "の", "に")
_ENOUGH = 2
"""Syllables that a Korean stem needs to be looked for alone."""

Texts = tuple[str, ...]


@lru_cache(8192)
def emitted(word: str, lang: str) -> Texts:
    """Return what to look for when `word` is meant; several texts share its weight."""
    if lang == "ko":
        return _korean(word)
    return _japanese(word) if lang == "ja" else (word,)


def _korean(word: str) -> Texts:
    last = word[-1]
    if last not in "다는된인의들":
        return (word,)
    if last in "의들" and len(word) > _ENOUGH and not word.endswith(KO_WHOLE):
        return (word[:-1],)
    if last != "다":
        ending = next((e for e in _ADNOMINAL if word.endswith(e) and len(word) >= len(e) + 2), None)
        if ending is not None and is_hangul(word[-len(ending) - 1]):
            return (word.removesuffix(ending) + ("적" if ending == "적인" else ""),)
        return (word,)
    ending = next((e for e in _HADA if word.endswith(e) and len(word) >= len(e) + 2), None)
    if ending is not None:
        return (word.removesuffix(ending).rstrip(),)
    stem = word[:-1]
    if not is_verb(word) or letters(stem[-1])[2] == "ㅆ":
        return (word,)
    short = stem.rsplit(" ", 1)[-1]
    before = stem.removesuffix(short)
    needy, alone = verb_keys(short + "다")
    past = sorted(key for key in needy if letters(key[-1])[2] == "ㅆ")
    if len(short) >= _ENOUGH:
        return tuple(before + form for form in dict.fromkeys((short, *past)))
    bare = letters(short)[2] == " "
    adnominal = with_final(short, "ㄴ") if bare else short + "은"
    adnominal = next((key for key in sorted(alone) if letters(key[-1])[2] == "ㄴ"), adnominal)
    if not past:
        a = "아" if letters(short)[1] in "ㅏㅗ" else "어"
        past = [short + with_final(a, "ㅆ")]
    infinitive = with_final(past[0], " ")
    forms = [past[0], short + "는", adnominal]
    if len(infinitive) > 1:
        forms.insert(1, infinitive)
    return tuple(before + form for form in dict.fromkeys(forms))


def _japanese(word: str) -> Texts:
    if not is_hiragana(word[-1]) or len(word) < 2:
        return (word,)
    ending = next((e for e in _SURU if word.endswith(e) and len(word) >= len(e) + 2), None)
    if ending is not None and not all(is_hiragana(char) for char in word.removesuffix(ending)):
        return (word.removesuffix(ending),)
    inflected = inflected_keys(word)
    if not inflected:
        return (word,)
    body = word[:-1]
    if sum(map(is_kanji, body)) > 1 or len(body) > 1:
        return (body,)
    if word[-1] == "い":
        return (word, body + "く", body + "か")
    forms = {"る": (body + "る", body + "っ", body + "り")}.get(word[-1])
    if len(inflected) == 8:
        return (body + "る", body + "た", body + "て")
    onbin = inflected[-1]
    return forms or tuple(dict.fromkeys((word, onbin, inflected[1])))
