"""Korean spellings of Japanese: Hepburn names in Hangul, and Sino-Korean readings of kanji words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from corpus import Entry

_ROWS = {
    "": "아이우에오", "k": "카키쿠케코", "g": "가기구게고", "s": "사시스세소", "z": "자지즈제조",
    "t": "타치쓰테토", "d": "다지즈데도", "n": "나니누네노", "h": "하히후헤호", "b": "바비부베보",
    "p": "파피푸페포", "m": "마미무메모", "r": "라리루레로", "w": "와위우웨오",
    "ky": "캬키큐케쿄", "gy": "갸기규게교", "sh": "샤시슈셰쇼", "j": "자지주제조", "ch": "차치추체초",
    "ny": "냐니뉴네뇨", "hy": "햐히휴헤효", "by": "뱌비뷰베뵤", "py": "퍄피퓨페표", "my": "먀미뮤메묘",
    "ry": "랴리류레료", "ts": "쓰쓰쓰쓰쓰", "f": "파피후페포", "y": "야이유예요",
}  # fmt: skip
_INITIAL = {"k": "가기구게고", "t": "다지쓰데도", "ky": "갸기규게교", "ch": "자지주제조"}
_N, _S = 4, 19
_LONG = (("ou", "o"), ("oo", "o"), ("uu", "u"), ("aa", "a"))


def hangul_of_romaji(word: str) -> str | None:
    """Spell a Hepburn-romanised Japanese name in Hangul, or return None if it is not one."""
    rest = word.lower()
    for long, short in _LONG:
        rest = rest.replace(long, short)
    spelled = ""
    while rest:
        onset = next((c for c in (rest[:2], rest[:1], "") if c in _ROWS and _vowel(rest[len(c) :])), None)
        if onset is not None:
            row = _ROWS[onset] if spelled else _INITIAL.get(onset, _ROWS[onset])
            spelled += row["aiueo".index(rest[len(onset)])]
            rest = rest[len(onset) + 1 :].lstrip("'")
        elif spelled and not _has_final(spelled) and rest[0] in "nm":
            spelled, rest = _close(spelled, _N), rest[1:].lstrip("'-")
        elif spelled and not _has_final(spelled) and (rest[:1] == rest[1:2] or rest[:2] == "tc"):
            spelled, rest = _close(spelled, _S), rest[1:]
        else:
            return None
    return spelled if len(spelled) > 1 else None


def _vowel(rest: str) -> bool:
    return rest[:1] != "" and rest[0] in "aiueo"


def _has_final(spelled: str) -> bool:
    return (ord(spelled[-1]) - 0xAC00) % 28 != 0


def _close(spelled: str, final: int) -> str:
    return spelled[:-1] + chr(ord(spelled[-1]) + final)


def is_kanji(text: str) -> bool:
    """Tell whether a text is made of kanji only."""
    return all("\u4e00" <= char <= "\u9fff" for char in text)


class SinoKorean:
    """Readings of kanji learnt from lexicon rows whose two sides have as many characters."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        votes: dict[tuple[bool, str], Counter[str]] = defaultdict(Counter)
        for entry in entries:
            for ja in filter(is_kanji, entry.ja):
                for ko in entry.ko:
                    if len(ko) == len(ja) >= 2:
                        for place, (kanji, syllable) in enumerate(zip(ja, ko, strict=True)):
                            votes[place == 0, kanji][syllable] += 1
        self._readings = {key: best for key, counts in votes.items() if (best := _agreed(counts)) is not None}

    def read(self, word: str) -> str | None:
        """Read a kanji word in Korean, or return None if a character has no sure reading."""
        syllables = [
            self._readings.get((place == 0, kanji)) or self._readings.get((place != 0, kanji))
            for place, kanji in enumerate(word)
        ]
        return "".join(filter(None, syllables)) if all(syllables) else None


def _agreed(counts: Counter[str]) -> str | None:
    (best, votes), total = counts.most_common(1)[0], counts.total()
    return best if votes >= 2 and votes * 2 > total else None
