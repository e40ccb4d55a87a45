"""Hangul spelled in Latin letters and in katakana, kana in Latin letters."""

from __future__ import annotations

from functools import lru_cache

import regex

from .hangul import FINALS, INITIALS, VOWELS, is_hangul, letters, syllable, with_final


def _parts(joined: str) -> list[str]:
    return joined.split(",")


_RR_INITIAL = dict(zip(INITIALS, _parts("g,kk,n,d,tt,r,m,b,pp,s,ss,,j,jj,ch,k,t,p,h"), strict=True))
_MR_INITIAL = dict(zip(INITIALS, _parts("k,kk,n,t,tt,r,m,p,pp,s,ss,,ch,tch,ch',k',t',p',h"), strict=True))
_VOWEL = dict(zip(VOWELS, _parts("a,ae,ya,yae,eo,e,yeo,ye,o,wa,wae,oe,yo,u,wo,we,wi,yu,eu,ui,i"), strict=True))
_FINAL = dict(zip(FINALS, _parts(",k,k,k,n,n,n,t,l,k,m,l,l,l,p,l,m,p,p,t,t,ng,t,t,k,t,p,t"), strict=True))
_BREVE = {"eo": "ŏ", "yeo": "yŏ", "eu": "ŭ", "ui": "ŭi"}
_VOICED = {"ㄱ": "g", "ㄷ": "d", "ㅂ": "b", "ㅈ": "j"}

_KANA = {
    "": "アイウエオ", "k": "カキクケコ", "g": "ガギグゲゴ", "s": "サシスセソ", "n": "ナニヌネノ", "h": "ハヒフヘホ",
    "b": "バビブベボ", "p": "パピプペポ", "m": "マミムメモ", "r": "ラリルレロ",
}  # fmt: skip
_T = {"t": ("タ", "ティ", "トゥ", "テ", "ト"), "d": ("ダ", "ディ", "ドゥ", "デ", "ド")}
_I_ROW = {"": ""} | dict(zip("kgstdnhbpmr", "キギシテデニヒビピミリ", strict=True))
_PLAIN = dict(zip(INITIALS, _parts("k,k,n,t,t,r,m,p,p,s,s,,c,c,c,k,t,p,h"), strict=True))
_SOFT = {"ㄱ": "g", "ㄷ": "d", "ㅂ": "b", "ㅈ": "j"}
_KANA_FINAL = {" ": ""} | dict(zip(FINALS[1:], "クククンンンッルクムルルルプルムププッッンッックップッ", strict=True))
_SIMPLE = {"ㅏ": 0, "ㅣ": 1, "ㅟ": 1, "ㅢ": 1, "ㅜ": 2, "ㅡ": 2, "ㅔ": 3, "ㅐ": 3, "ㅖ": 3, "ㅗ": 4, "ㅓ": 4}
_GLIDE = {"ㅑ": "ヤ", "ㅠ": "ユ", "ㅛ": "ヨ", "ㅕ": "ヨ", "ㅒ": "エ"}
_W = {"ㅘ": "ワ", "ㅝ": "ウォ", "ㅚ": "ウェ", "ㅙ": "ウェ", "ㅞ": "ウェ", "ㅟ": "ウィ", "ㅢ": "ウィ"}

_SMALL = dict(zip("ㅏㅑㅐㅔㅖㅒㅜㅡㅠㅣㅢㅘㅝㅟ", _parts("ャ,ャ,ェ,ェ,ェ,ェ,ュ,ュ,ュ,,,ュワ,ュウォ,ュィ"), strict=True))

_HEPBURN = {
    kana: latin
    for row, latins in (
        ("アイウエオ", "a i u e o"), ("カキクケコ", "ka ki ku ke ko"), ("ガギグゲゴ", "ga gi gu ge go"),
        ("サシスセソ", "sa shi su se so"), ("ザジズゼゾ", "za ji zu ze zo"), ("タチツテト", "ta chi tsu te to"),
        ("ダヂヅデド", "da ji zu de do"), ("ナニヌネノ", "na ni nu ne no"), ("ハヒフヘホ", "ha hi fu he ho"),
        ("バビブベボ", "ba bi bu be bo"), ("パピプペポ", "pa pi pu pe po"), ("マミムメモ", "ma mi mu me mo"),
        ("ヤユヨ", "ya yu yo"), ("ラリルレロ", "ra ri ru re ro"), ("ワヲンヴ", "wa o n v"),
        ("ァィゥェォャュョ", "a i u e o ya yu yo"),
    )
    for kana, latin in zip(row, latins.split(), strict=True)
}  # fmt: skip
_LONG = regex.compile(r"ou|oo|uu|aa|ー")


def revised(one: str) -> str:
    """Return the Revised Romanization of one syllable."""
    initial, vowel, final = letters(one)
    return _RR_INITIAL[initial] + _VOWEL[vowel] + _FINAL.get(final, "")


def revised_word(word: str) -> str:
    """Return the Revised Romanization of a word, a final consonant carried to a following vowel."""
    joined = list(word)
    for place in range(len(joined) - 1):
        initial, vowel, final = letters(joined[place + 1])
        before = letters(joined[place])[2]
        if initial == "ㅇ" and before in "ㄱㄴㄷㄹㅁㅂㅅㅈㅊㅋㅌㅍ":
            joined[place] = with_final(joined[place], " ")
            joined[place + 1] = syllable(before, vowel, final)
    return "".join(map(revised, joined))


def mccune(word: str) -> str:
    """Return McCune-Reischauer of a given name, its syllables joined by hyphens."""
    parts: list[str] = []
    before = "x"
    for one in word:
        initial, vowel, final = letters(one)
        soft = initial in _VOICED and parts and before in " ㄴㄹㅁㅇ"
        start = _VOICED[initial] if soft else _MR_INITIAL[initial]
        latin = _VOWEL[vowel]
        parts.append(start + _BREVE.get(latin, latin) + _FINAL.get(final, ""))
        before = final
    return "-".join(parts)


@lru_cache(4096)
def kana_of(word: str, before: str = "", liaison: bool = True) -> str:
    """Spell Hangul in katakana; `before` is the final consonant of the surname ahead (a space: none)."""
    spelled = ""
    chars = list(word)
    for place, one in enumerate(chars):
        initial, vowel, final = letters(one)
        following = letters(chars[place + 1]) if place + 1 < len(chars) else None
        if liaison and following is not None and following[0] in "ㅇㅎ":
            if final in "ㄱㄹ" and following[0] == "ㅇ" and following[1] in "ㅑㅕㅛㅠ":  # 석열: ソンニョル
                final = "ㄴ" if final == "ㄱ" else final
                chars[place + 1] = syllable("ㄴ" if final == "ㄴ" else "ㄹ", following[1], following[2])
            elif final in "ㄴㄹㅁ" or (final in "ㄱㅂ" and following[0] == "ㅇ"):
                chars[place + 1] = syllable(final, following[1], following[2])
                final = " "
        soft = initial in _SOFT and before != "" and before in " ㄴㄹㅁㅇ"
        spelled += _mora(_SOFT[initial] if soft else _PLAIN[initial], vowel)
        spelled += _KANA_FINAL.get(final, "")
        before = final
    return spelled


def _mora(onset: str, vowel: str) -> str:
    if onset in "cj" and onset:
        return _affricate("チ" if onset == "c" else "ジ", vowel)
    if vowel in _GLIDE:
        glide = _GLIDE[vowel]
        return _I_ROW[onset] + (glide if onset == "" else {"ヤ": "ャ", "ユ": "ュ", "ヨ": "ョ", "エ": "ェ"}[glide])
    if vowel in _W:
        if onset == "":
            return _W[vowel]
        if onset == "h":
            return {"ㅘ": "ファ", "ㅟ": "フィ", "ㅢ": "ヒ", "ㅝ": "フォ"}.get(vowel, "フェ")
        if vowel == "ㅢ":
            return _KANA[onset][1]
        return (_T[onset][2] if onset in _T else _KANA[onset][2]) + _W[vowel]
    if vowel == "ㅖ" and onset == "":
        return "イェ"
    if onset == "s" and vowel == "ㅣ":
        return "シ"
    return _T[onset][_SIMPLE[vowel]] if onset in _T else _KANA[onset][_SIMPLE[vowel]]


def _affricate(base: str, vowel: str) -> str:
    small = _SMALL.get(vowel)
    if small is None:
        small = "ョ" if vowel in "ㅗㅓㅛㅕ" else "ェ"
    return base + small


def hepburn(kana: str) -> str | None:
    """Return kana in plain Hepburn without macrons, or None if there is something else in it."""
    spelled, doubled = "", False
    for char in kana:
        if "\u3041" <= char <= "\u3096":
            char = chr(ord(char) + 0x60)
        if char == "ー":
            continue
        if char == "ッ":
            doubled = True
            continue
        latin = _HEPBURN.get(char)
        if latin is None:
            return None
        if char in "ャュョ" and spelled.endswith("i"):
            spelled = spelled[:-1] + (latin[1:] if spelled.endswith(("shi", "chi", "ji")) else latin)
        elif char in "ァィゥェォ" and spelled and spelled[-1] in "iuoe":
            spelled = spelled[:-1] + ("w" if spelled == "u" else "") + latin
        else:
            if doubled:
                latin = ("t" if latin.startswith("ch") else latin[0]) + latin
            spelled += latin
        doubled = False
    return _LONG.sub(lambda found: found[0][0], spelled) or None


def all_hangul(text: str) -> bool:
    """Tell whether a text is composed syllables only."""
    return text != "" and all(map(is_hangul, text))
