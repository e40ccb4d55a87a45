"""Korean names that no lexicon has: from Hangul, Latin letters, katakana or Chinese characters to the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import product

from .hangul import letters, syllable, with_final
from .names_data import COMMON, DOUBLE_SURNAMES, SURNAMES, SYLLABLES
from .romanise import all_hangul, kana_of, mccune, revised

Weighed = list[tuple[str, float]]
MOST = 6
_INITIAL_LAW = {"ㅑ": "ㅇ", "ㅕ": "ㅇ", "ㅛ": "ㅇ", "ㅠ": "ㅇ", "ㅣ": "ㅇ", "ㅖ": "ㅇ"}


_UNMARKED = str.maketrans("ŏŭ", "ou", "'’`")


def _plain(latin: str) -> str:
    """A romanised name without case, breves, apostrophes."""
    return latin.lower().translate(_UNMARKED)


@lru_cache(1)
def _surnames() -> dict[str, list[tuple[str, float]]]:
    found: dict[str, list[tuple[str, float]]] = {}
    for rank, (name, (spellings, _)) in enumerate(SURNAMES.items()):
        for place, spelling in enumerate(spellings):
            found.setdefault(_plain(spelling), []).append((name, 1 / (1 + place) / (8 + rank)))
    for name, spelling in DOUBLE_SURNAMES.items():
        found.setdefault(_plain(spelling), []).append((name, 0.01))
    return found


def is_surname(latin: str) -> bool:
    """Tell whether a folded Latin word is one of the spellings of a Korean surname."""
    return _plain(latin) in _surnames()


def _frequency(syllable: str) -> float:
    return 1 / (1 + (COMMON.find(syllable) if syllable in COMMON else 150) / 8)


@lru_cache(1)
def _given() -> dict[str, list[tuple[str, float]]]:
    found: dict[str, list[tuple[str, float]]] = {}
    for name, spellings in SYLLABLES.items():
        often = _frequency(name)
        known = dict.fromkeys([*spellings, revised(name), _plain(mccune(name))])
        for place, spelling in enumerate(known):
            found.setdefault(spelling, []).append((name, often / (1 + place)))
            voiced = {"k": "g", "p": "b", "t": "d"}.get(spelling[0])  # T'ae-u, but Yŏng-dae
            if voiced and voiced + spelling[1:] not in known:
                found.setdefault(voiced + spelling[1:], []).append((name, 0.1 * often))
    return found


def split_hangul(name: str) -> tuple[str, str] | None:
    """Part a Hangul name into surname and given name, or return None if it does not look like one."""
    if not all_hangul(name) or not 2 <= len(name) <= 4:
        return None
    size = 2 if name[:2] in DOUBLE_SURNAMES and len(name) > 2 else 1
    surname, given = name[:size], name[size:]
    if size == 1 and (surname not in SURNAMES or len(given) > 2):
        return None
    return (surname, given) if all(one in SYLLABLES for one in given) else None


@lru_cache(1024)
def latin_forms(surname: str, given: str) -> tuple[tuple[str, float], ...]:
    """Spell a Korean name in Latin letters, the most usual way first."""
    spellings = SURNAMES[surname][0] if surname in SURNAMES else [DOUBLE_SURNAMES[surname]]
    customary = [SYLLABLES.get(one, [revised(one)]) for one in given]
    usual = "-".join(choices[0] for choices in customary)
    others = ["-".join(choice) for choice in product(*(choices[:3] for choices in customary))]
    rules = "-".join(map(revised, given))
    scholarly = mccune(given)
    weighed: Counter[str] = Counter()
    second = spellings[min(1, len(spellings) - 1)]
    for family, first, weight in (
        (spellings[0], usual, 8.0), (spellings[0], rules, 4.0), (second, usual, 2.0), (second, rules, 1.5),
        (spellings[0], next((o for o in others if o not in (usual, rules)), usual), 2.0), (second, scholarly, 0.5),
    ):  # fmt: skip
        weighed[f"{family} {first[0].upper()}{first[1:]}"] += weight  # type: ignore[assignment]
    return tuple(weighed.most_common(MOST))


@lru_cache(1024)
def kana_forms(surname: str, given: str) -> tuple[tuple[str, float], ...]:
    """Spell a Korean name in katakana, sounds running together or not."""
    family = kana_of(surname)
    before = letters(surname[-1])[2]
    usual, other = kana_of(given, before), kana_of(given, before, False)
    forms = {f"{family}・{usual}": 1.0}
    forms.setdefault(f"{family}・{other}", 0.5)
    return tuple(forms.items())


def read_latin(words: list[str]) -> Weighed:
    """Return the Hangul names that a romanised one may stand for; the words are as parted by spaces."""
    if not 2 <= len(words) <= 3:
        return []
    found: dict[str, float] = {}
    for family, given in ((words[0], words[1:]), (words[-1], words[:-1])):
        surnames = _surnames().get(_plain(family))
        if surnames:
            penalty = 1.0 if family == words[0] else 0.7
            parts = [part for word in given for part in _plain(word).replace("‐", "-").split("-")]
            for first, weight in _syllables(parts):
                for name, likely in surnames:
                    found[name + first] = found.get(name + first, 0.0) + penalty * weight * likely
    return sorted(found.items(), key=lambda pair: -pair[1])[:MOST]


def _syllables(parts: list[str]) -> Weighed:
    table = _given()
    if len(parts) == 2:
        return [(a + b, x * y) for a, x in table.get(parts[0], []) for b, y in table.get(parts[1], [])]
    if len(parts) != 1:
        return []
    whole = parts[0]
    one = list(table.get(whole, []))
    for cut in range(2 if len(whole) > 3 else 1, len(whole)):
        for a, x in table.get(whole[:cut], []):
            one += [(a + b, 0.9 * x * y) for b, y in table.get(whole[cut:], [])]
    return one


@lru_cache(1)
def _kana_surnames() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in (*SURNAMES, *DOUBLE_SURNAMES):
        found.setdefault(kana_of(name), []).append(name)
    return found


@lru_cache(2)
def _spelled(voiced: bool) -> list[tuple[str, str, str]]:
    """Of each syllable its katakana, and those without the final consonant, which may go on to the next."""
    before = " " if voiced else ""
    return [(one, kana_of(one, before), kana_of(with_final(one, " "), before)) for one in SYLLABLES]


@lru_cache(1024)
def read_kana(family: str, given: str) -> tuple[str, ...]:
    """Return the Hangul names that a katakana one stands for, the likeliest first."""
    found: dict[str, float] = {}
    for surname in _kana_surnames().get(family, []):
        before = letters(surname[-1])[2]
        for one, whole, opened in _spelled(before in " ㄴㄹㅁㅇ"):
            if whole == given:
                found[surname + one] = _frequency(one)
            if given.startswith(opened) and given != opened:
                for two, _, _ in _spelled(True):
                    if _ends_alike(given, two) and given in (
                        kana_of(one + two, before), kana_of(one + two, before, False)
                    ):  # fmt: skip
                        found[surname + one + two] = _frequency(one) * _frequency(two)
    return tuple(sorted(found, key=lambda name: (-found[name], name))[:MOST])


def _ends_alike(given: str, two: str) -> bool:
    return kana_of(two, " ")[-1] == given[-1] or letters(two)[0] in "ㅇㅎ"


@lru_cache(1)
def _hanja_surnames() -> dict[str, str]:
    return {char: name for name, (_, hanja) in reversed(SURNAMES.items()) for char in hanja}


def read_hanja(name: str, reading: Callable[[str], str | None]) -> str | None:
    """Read a name in Chinese characters as Korean, or return None if it is no Korean name."""
    family = _hanja_surnames().get(name[:1])
    if family is None or not 2 <= len(name) <= 4:
        return None
    syllables = [reading(char) for char in name[1:]]
    if not all(syllables):
        return None
    given = "".join(filter(None, syllables))
    return family + initial_law(given) if len(given) <= 2 else None


def kana_surname(run: str) -> str:
    """Return the surname that a katakana name written without a dot begins with, or nothing."""
    return next((run[:size] for size in (3, 2, 1) if run[:size] in _kana_surnames() and len(run) > size), "")


def initial_law(word: str) -> str:
    """Apply the rule that ㄹ and ㄴ do not begin a Korean word (림 is 임)."""
    initial, vowel, final = letters(word[0])
    if initial in "ㄹㄴ" and vowel in _INITIAL_LAW:
        return syllable("ㅇ", vowel, final) + word[1:]
    return syllable("ㄴ", vowel, final) + word[1:] if initial == "ㄹ" else word


def spread(names: Iterable[tuple[str, float]]) -> dict[str, Counter[str]]:
    """Return every language's spellings of some Hangul names."""
    found: dict[str, Counter[str]] = {"en": Counter(), "ko": Counter(), "ja": Counter()}
    for name, weight in names:
        parts = split_hangul(name) or (name[:1], name[1:])
        if parts[0] not in SURNAMES and parts[0] not in DOUBLE_SURNAMES:
            continue
        found["ko"][name] += weight  # type: ignore[assignment]
        for lang, forms in (("en", latin_forms(*parts)), ("ja", kana_forms(*parts))):
            total = sum(w for _, w in forms)
            for form, likely in forms:
                found[lang][form] += weight * likely / total  # type: ignore[assignment]
    return found
