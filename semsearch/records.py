"""The values that flow through semsearch, in the order in which they come into being.

Source -> Article -> Passage -> Hit, and beside them what describes a model and a finished build.
All are frozen and hold plain Python values, so that they can be compared, hashed, pickled or turned into JSON.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read, as the walk found it.

    `name` is what people see (`seeds/ko/001.txt`, or `-` for standard input); `path` is absolute, None for
    standard input; `root` is the absolute path of the SOURCE argument it was found under.
    """

    name: str
    path: Path | None
    root: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user says about the sources: their encoding, and the field names of JSON records."""

    encoding: str | None = None
    """A Python codec name; None: detect."""
    text_field: str = "text"
    title_field: str = "title"
    date_field: str = "date"
    id_field: str = "id"
    lang_field: str = "lang"
    url_field: str = "url"

    def to_json(self) -> str:
        """What differs from the defaults, as a JSON object."""
        usual = asdict(ReadOptions())
        return json.dumps({name: value for name, value in asdict(self).items() if value != usual[name]})

    @classmethod
    def from_json(cls, text: str) -> ReadOptions:
        """The options that `to_json` wrote."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Article:
    """One article read from a source. All offsets into it are code points of `text`.

    For text sources `text` is the whole decoded file behind its byte order mark; for containers (`locator` is
    not None) it is the extracted text, and `encoding` is `utf-8`.
    """

    text: str
    title: str = ""
    date: date | None = None
    lang: str | None = None
    """`ko`, `en` or `ja` where the source declares it; None: to be detected."""
    body_start: int = 0
    """Where the paragraphs begin, behind a date line or front matter."""
    encoding: str = "utf-8"
    byte_origin: int = 0
    """Bytes before `text[0]` in the file: the length of a byte order mark, otherwise 0."""
    locator: str | None = None
    """The place inside a container, for instance `record 12, field text`; None for text sources."""
    external_id: str | None = None
    url: str | None = None
    raw: bytes | None = field(default=None, repr=False, compare=False)
    """The file's bytes, kept only where `text.encode(encoding)` would not give them back: CP932, EUC-JP and Johab
    have a few characters with two codes."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points in an article's text."""

    start: int
    end: int


class Place(NamedTuple):
    """One span in every unit a client may count in. Half-open; lines are 1-based and inclusive."""

    start: int
    end: int
    byte_start: int
    byte_end: int
    start_utf16: int
    end_utf16: int
    line_start: int
    line_end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph and the exact place it came from: `article_text[start:end] == text`."""

    id: str
    text: str
    source: str
    title: str
    date: date | None
    lang: str
    place: Place
    encoding: str = "utf-8"
    locator: str | None = None
    url: str | None = None
    external_id: str | None = None
    article: str = ""
    """Id of its article."""

    @property
    def start(self) -> int:
        """First code point of the passage in its article."""
        return self.place.start

    @property
    def end(self) -> int:
        """One past the last code point of the passage in its article."""
        return self.place.end


class Trait(NamedTuple):
    """What a passage is ranked by, beside its vector and its words."""

    lang: str
    date: date | None
    tokens: bytes
    """What was stored with its vector."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file as the index knows it."""

    id: int
    path: str
    name: str
    root: str
    options: str
    size: int
    mtime_ns: int
    sha256: str
    skipped_kind: str | None
    skipped_reason: str | None


@dataclass(frozen=True, slots=True)
class FullArticle:
    """An article as the index has it, with its passages in reading order; offsets count in `text`."""

    id: str
    text: str
    source: str
    title: str
    date: date | None
    lang: str
    encoding: str
    locator: str | None
    url: str | None
    external_id: str | None
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class WordEntry:
    """A passage on its way into the word index. `text` is what is searched: the headline and the passage."""

    id: int
    file_id: int
    lang: str
    date: date | None
    text: str


@dataclass(frozen=True, slots=True)
class Highlight:
    """A stretch of a passage that carries its likeness to the query.

    `start` and `end` are code points of the passage's text; `weight` is its share of the cosine, 0 to 1; `word` is the
    word of the query that it owes most of it to, empty where the model does not tell.
    """

    start: int
    end: int
    weight: float
    word: str = ""


@dataclass(frozen=True, slots=True)
class MatchedWord:
    """A word of the query that a passage has: as it is (`origin` is `query`), or in one of its other forms."""

    word: str
    form: str
    origin: str
    """`query`, `lexicon`, `name` or `alias`."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer: a passage, its rank from 1, and its score; `Index.query` says what a score means."""

    rank: int
    score: float
    passage: Passage
    also_in: tuple[Passage, ...] = ()
    """Copies of the passage that were left out, best first."""
    same_story: tuple[Passage, ...] = ()
    """Passages among the candidates that tell the same in another language, nearest first."""
    scores: tuple[tuple[str, float], ...] = ()
    """What the score is made of, by name."""
    highlights: tuple[Highlight, ...] = ()
    matched: tuple[MatchedWord, ...] = ()
    context: tuple[Passage, ...] = ()
    """Passages around it in its article, itself among them, in reading order."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The hits of one question, with the name of the model and the generation of the index that gave them."""

    query: str
    model: str
    generation: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class ModelFingerprint:
    """What a model is, and by `space` whether two sets of vectors can be compared."""

    name: str
    weights: str
    """SHA-256 of the weights and tokenizer files, lower-case hexadecimal."""
    dimension: int
    query_prompt: str = ""
    passage_prompt: str = ""

    @property
    def space(self) -> tuple[str, int, str, str]:
        """Equal spaces, comparable vectors; the name is left out, for a folder may move."""
        return (self.weights, self.dimension, self.query_prompt, self.passage_prompt)

    def __str__(self) -> str:
        return f"{self.name} ({self.dimension} dimensions, weights {self.weights[:12]})"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A source, or a record of one, that was found and not indexed."""

    name: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did, or with `dry_run` would do. Counts are files unless named otherwise."""

    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    articles: int = 0
    passages: int = 0
    embedded: int = 0
    """Passages whose vector was computed in this build; the others kept theirs."""
    skipped: tuple[Skipped, ...] = ()
    generation: int = 0
    seconds: float = 0.0
    dry_run: bool = False
    changes: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """With `dry_run`: pairs of (`add` | `update` | `remove`, source name)."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which passages a query may return; applied before the top k is taken."""

    langs: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    source: str | None = None
    """A glob over source names; `*` crosses folders."""

    def __bool__(self) -> bool:
        return bool(self.langs or self.since or self.until or self.source)
