"""What the package answers with: a word of the query and what it is called in the other languages."""

from __future__ import annotations

from dataclasses import dataclass

LANGS = ("en", "ko", "ja")


@dataclass(frozen=True, slots=True)
class Form:
    """One way to say a word of the query in another language."""

    text: str
    """As written in the target language, not analysed; of a Korean or Japanese verb the part that stays."""
    lang: str
    weight: float
    """How usual it is: the forms of one word in one language sum to 1."""
    origin: str
    """Where it comes from: `lexicon`, `name` (spelled by rule) or `alias` (the user's own file)."""


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A stretch of the query that is known in another language; `query[start:end] == text`."""

    start: int
    end: int
    text: str
    lang: str
    """The language of the word, which is not always that of the query (`K팝 idol`)."""
    forms: tuple[Form, ...]
    """In the other languages; of names and aliases, also other spellings in the same one."""


@dataclass(frozen=True, slots=True)
class Match:
    """A known stretch of normalised text, before its forms are looked up."""

    start: int
    end: int
    stop: int
    """Where the particle or ending behind it ends."""
    heads: tuple[tuple[int, float], ...]
    """Headwords and how far each is meant; none for a function word, which only takes up its place."""
