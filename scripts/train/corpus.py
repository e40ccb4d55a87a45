"""Read the training corpora, the hand-written stories and the lexicon into plain pairs of texts."""

from __future__ import annotations

import json
import lzma
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("data")
"""What was written for this project and is kept with it."""
EXCLUDED = ("gnome-libgweather", "python-docs")
"""Sets whose licence is incompatible (GPL) or not stated."""

EVERYDAY = ("manythings-tatoeba", "tanaka-small-enja")
NAMES = ("names-wikidata", "places-dr5hn", "cldr-names", "osm-")
WORDS = ("jmdict-gloss", "kengdic")
_FILE = re.compile(r"(?P<source>.+?)(?P<kind>\.qp|\.scored)?\.(?P<langs>[a-z]{2}(-[a-z]{2})+)\.tsv\.xz")
_SPACES = re.compile(r"\s+")
_MARKUP = re.compile(r"https?://\S+|</?[a-z][^>]*>|[*_`#|]{1,}|\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that mean the same, or a question and the passage that answers it."""

    source: str
    group: str
    left_lang: str
    left: str
    right_lang: str
    right: str


def group_of(source: str, kind: str | None) -> str:
    """Name the sampling group of a source: how often it is drawn is decided per group."""
    if kind == ".qp":
        return "questions" if source.startswith("jaquad") else "titles"
    for group, prefixes in (("everyday", EVERYDAY), ("names", NAMES), ("words", WORDS)):
        if source.startswith(prefixes):
            return group
    if source.startswith("kyoto"):
        return "kyoto"
    return "news" if source.startswith("news-sentences") else "docs"


def clean(text: str) -> str:
    """Collapse white space and drop link targets and mark-up left over from documentation."""
    text = unicodedata.normalize("NFC", text)
    return _SPACES.sub(" ", _MARKUP.sub(" ", text)).strip()


def read_pairs(corpora: Path) -> Iterator[Pair]:
    """Yield every usable pair of `corpora/train`; the three-column news rows give three pairs.

    Similarity-scored sets and the excluded ones are left out.
    """
    for path in sorted((corpora / "train").glob("*.tsv.xz")):
        match = _FILE.fullmatch(path.name)
        if match is None:
            raise ValueError(f"{path.name}: not named SOURCE.A-B.tsv.xz")
        if match["kind"] == ".scored" or match["source"].startswith(EXCLUDED):
            continue
        yield from _read_file(path, match["source"], match["kind"], match["langs"].split("-"))


def _read_file(path: Path, source: str, kind: str | None, langs: list[str]) -> Iterator[Pair]:
    group = group_of(source, kind)
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield from _row_pairs(line, source, group, langs)


def _row_pairs(line: str, source: str, group: str, langs: list[str]) -> Iterator[Pair]:
    cells = [clean(cell) for cell in line.rstrip("\n").split("\t")]
    for a, b in combinations(range(len(langs)), 2):
        if len(cells) > b and _usable(cells[a], cells[b], group):
            yield Pair(source, group, langs[a], cells[a], langs[b], cells[b])


def _usable(left: str, right: str, group: str) -> bool:
    if not left or not right or not any(map(str.isalnum, left)) or not any(map(str.isalnum, right)):
        return False
    if group in ("questions", "titles"):
        return len(left) >= 6
    if group == "docs":
        return left != right and 12 <= len(left) <= 600 and len(right) <= 600
    return True


def read_stories(data: Path) -> Iterator[Pair]:
    """Yield the pairs of the project's own data, written by hand in three languages.

    `data/*.jsonl` holds stories, each told and asked about: groups `asked` (question > passage), `headlines`
    (headline > passage), both in all nine language pairs, and `stories` (passages, headlines and questions that say
    the same in two languages). `data/news-sentences-*.tsv` holds sentences, English, Korean, Japanese: group `news`.
    """
    for path in sorted(data.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield from _story_pairs(path.stem, json.loads(line))
    for path in sorted(data.glob("news-sentences-*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield from _row_pairs(line, path.stem, "news", ["en", "ko", "ja"])


def _story_pairs(source: str, story: dict[str, dict[str, Any]]) -> Iterator[Pair]:
    told = {lang: clean(text) for lang, text in story["passage"].items()}
    heads = {lang: clean(text) for lang, text in story["headline"].items()}
    asked = {lang: [clean(text) for text in texts] for lang, texts in story["questions"].items()}
    for a, b in product(sorted(told), repeat=2):
        yield Pair(source, "headlines", a, heads[a], b, told[b])
        for question in asked[a]:
            yield Pair(source, "asked", a, question, b, told[b])
    for a, b in combinations(sorted(told), 2):
        yield Pair(source, "stories", a, told[a], b, told[b])
        yield Pair(source, "stories", a, heads[a], b, heads[b])
        for left, right in zip(asked[a], asked[b], strict=True):
            yield Pair(source, "stories", a, left, b, right)


@dataclass(frozen=True, slots=True)
class Entry:
    """One lexicon row: alternatives per language, the most usual first."""

    en: tuple[str, ...]
    ko: tuple[str, ...]
    ja: tuple[str, ...]

    def of(self, lang: str) -> tuple[str, ...]:
        """Return the alternatives of `lang` (`en`, `ko` or `ja`)."""
        return {"en": self.en, "ko": self.ko, "ja": self.ja}[lang]


def read_lexicon(lexicon: Path) -> list[Entry]:
    """Read every `*.tsv` of the lexicon directory, the Korean-first rows (rarer words) last, then the project's own."""
    entries = []
    given = sorted(lexicon.glob("*.tsv"), key=lambda path: ("korean" in path.name, path.name))
    for path in [*given, *sorted(DATA.glob("lexicon-*.tsv"))]:
        for line in path.read_text(encoding="utf-8").splitlines():
            cells = [tuple(filter(None, map(str.strip, cell.split("|")))) for cell in line.split("\t")]
            if len(cells) == 3 and all(cells):
                entries.append(Entry(*cells))
    return entries
