"""Where sentences end in Korean, Japanese and English text.

Rules instead of a library: the splitters that know all three languages either leave Korean to a morphological
analyser or tear a quotation from the verb that reports it (`"…다."라고 말했다`, `「…だ。」と述べた`).
A missed end costs little here, because the ends are only used to divide a paragraph that is too long.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from semsearch.graphemes import safe_edge

_END = re.compile(r"""([.!?。！？｡．‼⁇⁈⁉…]+)(["'”’»」』）)\]》〉】〕｣］]*)(\s*)""")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_WIDE_MARKS = frozenset("。！？｡．")
_REPORTING = re.compile(r"(?:이?라(?:고|며|는|면서)|하고|고|며|면서)(?![가-힣]{3})")
_JAPANESE_TAIL = re.compile(r"[\u3041-\u3096\uff66-\uff9fー、，､]")
_LAST_WORD = re.compile(r"[^\s(\[\"'“‘]*\Z")
_LAST_NUMBER = re.compile(r"\d+\Z")
_INITIALS = re.compile(r"(?:[A-Za-z]\.)*[A-Za-z]\Z")
_FIRST_WORD = re.compile(r"[\"'“‘(\[]*([A-Za-z]+)")
_LOOKBACK = 24

_NEVER_LAST = frozenset((
    "mr", "mrs", "ms", "dr", "prof", "gen", "col", "lt", "sgt", "capt", "cmdr", "adm", "maj", "brig", "sen", "rep",
    "gov", "pres", "rev", "hon", "messrs", "st", "mt", "ft", "no", "nos", "vol", "fig", "pp", "art", "sec", "ch",
    "vs", "cf", "viz", "approx", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov",
    "dec", "mon", "tue", "tues", "wed", "thu", "thurs", "fri", "sat", "sun", "e.g", "i.e",
))  # fmt: skip
_SOMETIMES_LAST = frozenset((
    "inc", "ltd", "co", "corp", "jr", "sr", "etc", "dept", "est", "ave", "blvd", "bros", "univ", "a.m", "p.m",
    "al", "ph.d",
))  # fmt: skip
_ABBREVIATIONS = _NEVER_LAST | _SOMETIMES_LAST
_STARTERS = frozenset((
    "A", "After", "All", "Also", "Although", "An", "And", "As", "At", "Before", "Both", "But", "By", "Despite",
    "During", "Each", "Even", "Every", "For", "From", "Gov", "He", "Her", "His", "However", "I", "If", "In", "It",
    "Its", "Japan", "Korea", "Later", "Many", "Meanwhile", "Most", "Mr", "Mrs", "Ms", "My", "No", "Now", "Of",
    "On", "One", "Only", "Our", "She", "Since", "So", "Some", "Such", "That", "The", "Their", "Then", "There",
    "These", "They", "This", "Those", "Though", "Today", "Two", "Under", "Until", "We", "What", "When", "Where",
    "Which", "While", "Who", "Why", "With", "Yet", "You",
))  # fmt: skip


def sentence_ends(text: str) -> list[int]:
    """Ascending offsets one past each sentence and the white space behind it; the last is `len(text)`.

    Takes time linear in the text. Abbreviations (`U.S.`, `Mr.`, `Jan.`), initials, decimals, dates such as
    `2025. 6. 16.` and a quotation followed by its reporting verb do not end a sentence.
    """
    ends = [end for end in _ends(text) if safe_edge(text, end)]
    if text and ends[-1:] != [len(text)]:
        ends.append(len(text))
    return ends


def _ends(text: str) -> Iterator[int]:
    for found in _END.finditer(text):
        if found.end() == len(text) or _is_end(text, found):
            yield found.end()


def _is_end(text: str, found: re.Match[str]) -> bool:
    marks, closers, gap = found.groups()
    if marks[-1] in _WIDE_MARKS:
        return _ends_wide(text, found)
    before, after = text[found.start() - 1 : found.start()], text[found.end()]
    if _HANGUL.match(before):
        return _ends_korean(text, found)
    if not gap:
        return marks != "." and not closers and _is_wide_letter(after) and marks[-1] != "…"
    if closers and _reports(text, found.end()):
        return False
    return _ends_latin(text, found, after)


def _ends_wide(text: str, found: re.Match[str]) -> bool:
    """`。！？`: an end, unless what follows belongs to the sentence: `」と述べた`, `3．5`."""
    _, closers, gap = found.groups()
    after = text[found.end()]
    if found[1] == "．" and (number := _LAST_NUMBER.search(text[max(0, found.start() - _LOOKBACK) : found.start()])):
        return not after.isdigit() and not _opens_line(text, found.start() - len(number[0]))
    if closers and not gap:
        return not (_JAPANESE_TAIL.match(after) or _reports(text, found.end()))
    return True


def _ends_korean(text: str, found: re.Match[str]) -> bool:
    """Hangul and a mark: an end even where no space follows, but not before `라고`, `고` or a letter or digit."""
    marks, closers, gap = found.groups()
    after = text[found.end()]
    if closers and _reports(text, found.end()):
        return False
    if not gap and (marks[-1] == "…" or (after.isascii() and after.isalnum()) or after in ",·~"):
        return False
    return not (closers and not gap and _HANGUL.match(after))


def _ends_latin(text: str, found: re.Match[str], after: str) -> bool:
    """A mark and white space behind Latin letters or digits."""
    if after.islower():
        return False
    if found[1] != ".":
        return found[1][-1] != "…" or bool(found[2]) or after.isupper()
    word = _LAST_WORD.search(text[max(0, found.start() - _LOOKBACK) : found.start()])
    return _period_ends(word[0] if word else "", text, found, after)


def _period_ends(word: str, text: str, found: re.Match[str], after: str) -> bool:
    if word.isdigit():
        opens_line = _opens_line(text, found.start() - len(word))
        return not opens_line and not after.isdigit() and not _is_wide_letter(after)
    plain = word.lower()
    if plain not in _ABBREVIATIONS and not _INITIALS.match(word):
        return True
    if plain in _NEVER_LAST:
        return False
    first = _FIRST_WORD.match(text, found.end())
    return _is_wide_letter(after) or (first is not None and first[1] in _STARTERS)


def _is_wide_letter(character: str) -> bool:
    return (character > "\u2e7f" or "\u1100" <= character <= "\u11ff") and character.isalpha()


def _opens_line(text: str, at: int) -> bool:
    before = text[max(0, at - _LOOKBACK) : at].rstrip(" \t\u3000")
    return not before or before[-1] in "\r\n"


def _reports(text: str, at: int) -> bool:
    """Whether a reporting verb or particle stands at `at`, composed or decomposed."""
    return _REPORTING.match(unicodedata.normalize("NFC", text[at : at + _LOOKBACK])) is not None
