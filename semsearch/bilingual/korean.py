"""Known words in Korean text: compounds taken apart, particles and endings recognised, spaces not relied on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import regex

from .hangul import is_hangul
from .kana import is_kanji
from .keys import DERIVED, FORM, LONGEST, NOUN, STEM
from .table import Found, Source
from .values import Match
from .words_ko import COUNTERS, HEADLINE_HANJA, NUMERALS, PREFIXES, STOP

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}&%+]+")
_DOT = regex.compile(r"[・·ㆍ‧･\-]")
_JOINER = regex.compile(r"\s+|\s*[・·ㆍ‧･\-]\s*")
_JOSA = (
    r"들?(?:에게서?|께서?|한테서?|에서?|으?로|와|과|이?랑|까지|부터|만|보다|처럼|만큼|대로|마다|같이|하고|이?나|간|끼리|이?라고"
    r"|이?라는|이?란|이?라며|뿐|밖에|이?든지?)?"
    r"(?:서|써|부터|까지|만|의|는|은|도|엔|을|를|이|가|이?라도|조차|마저|나|인|이다|이고|선)?"
)
_COPULA = (
    r"이?(?:다|고|며|면|자|지만|라|라면|라서|냐|냐는|었다|였다|었던|였던|었나|였나|었고|였고|니|니까|야|요|어서|여서|에요|예요)"
    r"|인(?:가요?|지|데|데다|만큼|가를)?|일까?|입니다|입니까|임|이던"
)
_SUFFIX = r"(?:들|측|님|씨|군|양|적|상|내|별|용|형|식|화|성|권|급|째|쯤|당|여|발|산|행|제|률|율|론|전)"
_VERBAL = (
    r"(?:하|했|해|할|한|합|함|되|됐|돼|될|된|됩|됨|시키|시켰|시킨|시킬|시켜|당하|당했|당한|당할|당해|받|받았|받은|받을|받아"
    r"|지|졌|진|질|져|롭|로운|스럽|스러운|스레)"
)
_LOOSE = (
    r"[가거건게겠고구군기길나냐네노느는니다더던데도든듯랴러려련며면므만말세습시아았어었여였오와요우으은을음읍이자잔지진질죠해서야"
    r"라왔웠갔냈줬주준줄줘보본볼봤봐내낸낼있없않못버올온간갈될된됐돼졌져질]?[가-힣]{0,5}"
)
_STRICT = (
    r"고(?:자|서|도|는)?|는(?:지|가|데|다|다고|다는|다면|지는|지를)?|던(?:가)?|지(?:만|는|도|를|요)?|며|면(?:서)?|게(?:끔)?"
    r"|기(?:로|를|에|도|만|까지|는|가|위해|때문에)?|다(?:고|는|가|며|면)?|도록|자(?:고|는)?|나(?:요)?|니(?:까)?|네|거나"
    r"|겠(?:다|다고|다는|나|지)|[어아](?:서|야|도|라|지는|진)?|[었았](?:다|고|으며|던|는지|는데|나|을|지만|다고|다는|을까)"
    r"|은(?:지|가|데)?|을(?:지|까|수록|지는)?|으(?:면|며|니|려|려고|려는|려던|러)|려(?:고|는|던|면)?|러|음|습니다|라(?:고|는)?"
    r"|므로|더니|길|죠|냐|지않은"
)
_PARTICLE = regex.compile(f"{_JOSA}|{_COPULA}")
_NOUN_TAIL = regex.compile(f"{_SUFFIX}?(?:{_JOSA}|{_COPULA})|{_VERBAL}(?:{_LOOSE})?")
_VERB_TAIL = regex.compile(_LOOSE)
_VERB_TAIL_STRICT = regex.compile(_STRICT)
_FORM_TAIL_STRICT = regex.compile(f"(?:{_STRICT}|다|들|데|지|가|[서야도])?")

Heads = tuple[tuple[int, float], ...]
Parse = tuple[tuple[bool, int, int], tuple[Match, ...]]
"""How good a reading of an eojeol is (all of it, characters read, fewest pieces), and its matches."""


@dataclass(slots=True)
class _Line:
    """The words of a text written together, and where they were."""

    joined: str
    places: list[int]
    starts: list[int]
    """Of each eojeol in `joined`, and the end of the last."""
    gaps: list[str]
    """Between each eojeol and the next; `!` where no match may pass."""
    found: dict[int, Parse] = field(default_factory=dict)


def korean(text: str, source: Source) -> list[Match]:
    """Return the known words of folded text, the longest first from left to right."""
    line = _line(text)
    matches: list[Match] = []
    place, count = 0, len(line.starts) - 1
    while place < count:
        crossing = _crossing(line, place, source)
        if crossing is not None:
            matches.append(crossing[0])
            place = crossing[1]
        else:
            start, end = line.starts[place : place + 2]
            if line.joined[start:end] in STOP or _counted(line, place):
                matches.append(_match(line, start, end, end, ()))
            else:
                line.found.clear()
                matches.extend(_within(line, start, start, end, source)[1])
            place += 1
    return matches


def _counted(line: _Line, place: int) -> bool:
    """Tell whether an eojeol only counts (한 명도)."""
    if place == 0 or line.joined[slice(*line.starts[place - 1 : place + 1])] not in NUMERALS:
        return False
    word = line.joined[slice(*line.starts[place : place + 2])]
    return word[:1] in COUNTERS and is_particle(word[1:])


def is_particle(tail: str) -> bool:
    """Tell whether `tail` can stand behind a noun."""
    return tail == "" or _PARTICLE.fullmatch(tail) is not None


def _line(text: str) -> _Line:
    spans = [found.span() for found in _WORD.finditer(text)]
    line = _Line("".join(text[a:b] for a, b in spans), [], [0], [])
    for number, (start, end) in enumerate(spans):
        line.places.extend(range(start, end))
        line.starts.append(len(line.places))
        gap = text[end : spans[number + 1][0]] if number + 1 < len(spans) else "!"
        line.gaps.append(gap if _JOINER.fullmatch(gap) else "!")
    return line


def _match(line: _Line, start: int, end: int, stop: int, heads: Heads) -> Match:
    return Match(line.places[start], line.places[end - 1] + 1, line.places[stop - 1] + 1, heads)


def _crossing(line: _Line, place: int, source: Source) -> tuple[Match, int] | None:
    """The longest match that goes on into the next eojeol, and the eojeol behind it."""
    if line.gaps[place] == "!":
        return None
    start, own_end = line.starts[place], line.starts[place + 1]
    last = place
    while line.gaps[last] != "!" and line.starts[last + 1] - start < LONGEST["ko"]:
        last += 1
    limit = min(line.starts[last + 1] - start, LONGEST["ko"])
    reach = source.reach(line.joined[start : start + 2], "ko")
    for size in range(limit, own_end - start, -1):
        if not reach >> size & 1:
            continue
        end = start + size
        final = next(n for n in range(place, last + 1) if line.starts[n + 1] >= end)
        tail = line.joined[end : line.starts[final + 1]]
        if _torn(line, place, final, end):
            continue
        found = source.find(line.joined[start:end], "ko")
        heads = _valid(found, tail, size) if found else None
        if heads is not None:
            return _match(line, start, end, line.starts[final + 1], heads), final + 1
    return None


def _torn(line: _Line, first: int, final: int, end: int) -> bool:
    """Tell whether a lone syllable would be joined over a space."""
    edges = [*line.starts[first : final + 1], end]
    parts = [0]
    for number in range(len(edges) - 1):
        if number and line.gaps[first + number - 1].isspace():
            parts.append(0)
        parts[-1] += edges[number + 1] - edges[number]
    return len(parts) > 1 and min(parts) < 2


def _within(line: _Line, place: int, start: int, end: int, source: Source) -> Parse:
    """Read `joined[place:end]` of the eojeol that begins at `start`."""
    if place in line.found:
        return line.found[place]
    best: Parse = ((place == end, 0, 0), ())
    if place < end:
        reach = source.reach(line.joined[place : place + 2], "ko")
        for size in range(min(end - place, LONGEST["ko"]), 0, -1):
            if size == 1 or reach >> size & 1:
                parse = _piece(line, place, size, start, end, source)
                if parse is not None and parse[0] > best[0]:
                    best = parse
        if place == start and not best[0][0] and line.joined[place] in PREFIXES and end - place > 2:
            (whole, covered, pieces), rest = _within(line, place + 1, start, end, source)
            if whole and rest and not best[1]:
                best = ((True, covered, pieces - 1), rest)
        if place == start and not is_hangul(line.joined[place]):
            skipped = _skip(line, place, end)
            parse = _within(line, skipped, start, end, source)
            if skipped < end and is_particle(line.joined[skipped:end]):
                parse = ((True, end - skipped, 0), ())
            if parse[0] > best[0]:
                best = parse
    line.found[place] = best
    return best


def _piece(line: _Line, place: int, size: int, start: int, end: int, source: Source) -> Parse | None:
    """Read on from a match of `size` characters at `place`, or return None if there is none."""
    if size == 1 and place != start:
        return None
    word = line.joined[place : place + size]
    if word in HEADLINE_HANJA and not is_kanji(line.joined[place + 1 : min(place + 2, end)] or "."):
        word, size = HEADLINE_HANJA[word], 2
        after = place + 1
    else:
        after = place + size
    found = source.find(word, "ko")
    if not found:
        return None
    tail = line.joined[after:end]
    heads = _valid(found, tail, size)
    if heads is not None:
        return (True, end - place, -1), (_match(line, place, after, end, heads),)
    heads = _valid([one for one in found if one[1] in (NOUN, DERIVED)], "", size)
    if size == 1 or heads is None:
        return None
    (whole, covered, pieces), rest = _within(line, after, start, end, source)
    return (whole, after - place + covered, pieces - 1), (_match(line, place, after, after, heads), *rest)


def _skip(line: _Line, place: int, end: int) -> int:
    """Step over figures with their counter, or letters of another script, at the start of an eojeol."""
    first = place
    while place < end and not is_hangul(line.joined[place]):
        place += 1
    if line.joined[first:place][-1:].isdigit():
        for size in (3, 2, 1):
            if line.joined[place : min(place + size, end)] in COUNTERS:
                return min(place + size, end)
    return place


def _valid(found: Sequence[Found], tail: str, size: int) -> Heads | None:
    """Return the headwords that may be followed by `tail`, or None; empty for function words."""
    tests: dict[int, Callable[[str], object]] = {
        NOUN: (_PARTICLE if size == 1 else _NOUN_TAIL).fullmatch,
        DERIVED: _NOUN_TAIL.fullmatch,
        STEM: _VERB_TAIL_STRICT.fullmatch if size == 1 else _VERB_TAIL.fullmatch,
        FORM: _FORM_TAIL_STRICT.fullmatch if size == 1 else _VERB_TAIL.fullmatch,
    }
    fitting = [one for one in found if (tests[one[1]](tail) if tail else one[1] != STEM)]
    if not fitting:
        return None
    noun = any(kind == NOUN for _, kind, _ in fitting)
    weights = {NOUN: 1.0, DERIVED: 0.5, STEM: 0.4 if noun else 1.0, FORM: 0.2 if noun else 1.0}
    if noun and size == 1:
        fitting = [one for one in fitting if one[1] == NOUN]
    return tuple((head, weights[kind]) for head, kind, text in fitting if text not in STOP)
