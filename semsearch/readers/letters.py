"""How ordinary the letters of a text are: the evidence by which encodings are told apart.

Bytes read in the wrong encoding give rare syllables, rare Chinese characters, half-width katakana, private-use
characters or lone vowels; read in the right one they give mostly the few hundred letters below and kana.
"""

from __future__ import annotations

import re
from typing import Final

SAMPLE: Final = 20_000
"""Characters beyond ASCII that are looked at."""

_SYLLABLES: Final = (
    "가각간감강같개거건것게겠격견결경계고곳공과관광교구국군권규그근금급기까께나난날남내너네녀년노는니다단"
    "달담당대더던데도독돌동됐되된될두드든들등디따때또라락란람랑래러런레려력련령로록료루르른를리린마막만많"
    "말망매머메며면명모목못무문물미민바박반받발밝방배버번법베변별병보복본부북분불브비사산살상새생서석선설"
    "성세소속송수스습승시식신실심아악안않알았야약양어억언업없었에엔여역연열였영예오온올와외요용우운울워원"
    "월위유으은을음의이인일임입있자작장재저적전절점정제졌조족존종좋주준중증지직진질집차찰참책처청체초총최"
    "추출치친침카코크키타탄태터테토통투트티파판편평포폭표품프피하학한할함합항해했행험현협혔호화확환회후히"
)
"""The 300 most frequent Hangul syllables: 91 % of running Korean."""
_KANJI: Final = (
    "一万三上下不世両中主乗争事二交京人今他付代以件任会伝位住体何作使係保信側備元先光入全公共内円再出分切"
    "初判利制前力加動務勝化北区半南原反取受古可史号合同名向君呼命和品員問営回図国土在地型城域基場増士変外"
    "多大天太女好始子存学安官定実害家対小少山島川州工市平年広府度建式引強当形彼後得心必思性意成戦戸所手持"
    "指採接描撃支改政教数文料断新方施日明昭時書最月有朝期木本村条来東松果校業楽構様標権機次歌止正死残母民"
    "気水求江決沢治法洋活派流海済点無父物特状王現球理生産用田由町画界発登白的目直相県着知石研確示社神私移"
    "種積究空立第系紀約素細終組経結続総線置考者聖能自航船色落藤血行術表装製西要見規親解言計記設訳試話認語"
    "説誰調論議谷資賞質赤起路身車軍転込近送通造連進運道達選部都配酸重野量金鉄鉱銅録長開間関降陸隊際集電面"
    "音領頭題類食館馬験高"
)
"""The 360 most frequent kanji: two thirds of those in running Japanese."""
_OTHERS: Final = (
    "\u3001\u3002\u300c-\u300f\u30fb\u30fc\u201c\u201d\u2018\u2019\u2026\u00b7\u2013\u2014\uff08\uff09\u3000"
)
_KANA: Final = "\u3041-\u3093\u30a1-\u30f3"

_COMMON: Final = re.compile(f"[{_SYLLABLES}{_KANJI}{_OTHERS}{_KANA}]+")
_COMMON_OR_ASCII: Final = re.compile(f"[{_SYLLABLES}{_KANJI}{_OTHERS}{_KANA}\t\r\n -~]+")
_PHONETIC: Final = re.compile(f"[\uac00-\ud7a3{_KANA}]+")
_MIN_PHONETIC: Final = 0.1
"""Least share of Hangul and kana: without them it is neither Korean nor Japanese, but perhaps Chinese misread."""
_ASCII: Final = re.compile(r"[\x00-\x7f]+")


def commonness(text: str, *, ascii_counts: bool) -> tuple[float, int]:
    """The share of common letters, 0 to 1, and how many letters that rests on.

    ASCII is left out where every candidate reads it alike; in UTF-16, where it is evidence, `ascii_counts`. The
    share is 0 where ASCII does not count and there is next to no Hangul or kana.
    """
    letters = text[:SAMPLE] if ascii_counts else _ASCII.sub("", text)[:SAMPLE]
    if not ascii_counts and len(_PHONETIC.sub("", letters)) > (1 - _MIN_PHONETIC) * len(letters):
        return 0.0, len(letters)
    common = _COMMON_OR_ASCII if ascii_counts else _COMMON
    rest = common.sub("", letters)
    return (1 - len(rest) / len(letters) if letters else 0.0), len(letters)
