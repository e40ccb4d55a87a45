"""Token ids of every training text, and the mixture of pairs that a pass draws from them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from augment import QUESTION_WORDS
from numpy.typing import NDArray
from prepare import load_pairs

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from semsearch.embedders.subwords import Subwords

Ids = NDArray[np.int32]
Index = NDArray[np.int64]
_BATCH = 20_000
PAIR_FILES = ("pairs.tsv", "stories.tsv", "pseudo.tsv", "kanji.tsv", "lexicon.tsv")
LANGS = ("en", "ja", "ko")
_LONG = ("titles", "questions", "asked", "headlines", "stories")
_MAX_TOKENS = {"kyoto": 80, "news": 80, **dict.fromkeys(_LONG, 160)}
_MAX_TOKENS_DEFAULT = 56

DRAWS = {
    "kyoto ja-en": 600_000, "docs en-ko": 350_000, "docs en-ja": 250_000, "docs ko-ja": 250_000,
    "titles en-ko": 30_000, "titles ko-en": 30_000, "titles en-ja": 25_000, "titles ja-en": 25_000,
    "questions ja-ja": 60_000, "questions ko-ja": 40_000, "questions ja-ko": 40_000,
    "questions ko-ko": 20_000, "questions en-ja": 20_000, "questions en-en": 30_000, "questions en-ko": 20_000,
    "questions ko-en": 20_000, "words en-ja": 400_000, "words en-ko": 20_000,
    "names en-ja": 120_000, "names en-ko": 120_000, "everyday en-ja": 160_000, "everyday en-ko": 50_000,
    "news en-ko": 150_000, "news en-ja": 130_000, "news ko-ja": 150_000, "lexicon en-ko": 250_000,
    "lexicon en-ja": 150_000, "lexicon ko-ja": 250_000, "kanji ko-ja": 65_000, "pseudo ja-ko": 450_000,
    "pseudo en-ko": 300_000, "pseudo-ko ko-ko": 40_000, "stories en-ko": 25_000, "stories en-ja": 25_000,
    "stories ja-ko": 25_000,
    **{f"asked {asked}-{told}": 30_000 for asked in LANGS for told in LANGS},
    **{f"headlines {asked}-{told}": 6_000 for asked in LANGS for told in LANGS},
}  # fmt: skip
"""Pairs drawn per pass from each group: manuals are held back, news and words are repeated."""

NEEDLES = {
    "news": 220_000, "kyoto ja-en": 180_000, "pseudo ja-ko": 90_000, "pseudo en-ko": 90_000,
    "docs en-ko": 40_000,
}  # fmt: skip
"""Question-like fragments of a sentence, paired with that sentence among others, per pass."""


class TextStore:
    """Token ids of many texts in one flat array; texts are known by number."""

    def __init__(self, subwords: Subwords) -> None:
        self._subwords = subwords
        self._chunks: list[Ids] = []
        self._lengths: list[int] = []

    def add(self, texts: list[str], limit: int) -> Index:
        """Encode `texts`, at most `limit` tokens each, and return their numbers."""
        distinct = list(dict.fromkeys(texts))
        first = len(self._lengths)
        for start in range(0, len(distinct), _BATCH):
            rows = [ids[:limit] for ids in self._subwords.ids(distinct[start : start + _BATCH])]
            self._lengths.extend(map(len, rows))
            self._chunks.append(np.fromiter(chain.from_iterable(rows), dtype=np.int32))
        number = {text: first + place for place, text in enumerate(distinct)}
        return np.fromiter((number[text] for text in texts), dtype=np.int64, count=len(texts))

    def add_ids(self, rows: list[Ids]) -> Index:
        """Add texts that are token ids already."""
        first = len(self._lengths)
        self._lengths.extend(map(len, rows))
        self._chunks.append(np.concatenate(rows))
        return np.arange(first, len(self._lengths))

    def finish(self) -> tuple[Ids, Index]:
        """Return the flat ids and the offsets: text n is `ids[offsets[n]:offsets[n + 1]]`."""
        ends = np.cumsum(np.asarray(self._lengths, dtype=np.int64))
        self._chunks = [np.concatenate(self._chunks)]
        return self._chunks[0], np.concatenate([np.zeros(1, dtype=np.int64), ends])


@dataclass(slots=True)
class Dataset:
    """Flat token ids, text offsets, and per group an array of (left, right) text numbers."""

    ids: Ids
    offsets: Index
    groups: dict[str, Index]

    def text(self, number: int) -> Ids:
        """Return the token ids of one text."""
        return self.ids[self.offsets[number] : self.offsets[number + 1]]

    def save(self, path: Path) -> None:
        """Write the arrays to one `.npz` file."""
        np.savez(path, ids=self.ids, offsets=self.offsets, **{f"group {k}": v for k, v in self.groups.items()})

    @classmethod
    def load(cls, path: Path) -> Dataset:
        """Read back what `save` wrote."""
        with np.load(path) as stored:
            groups = {key[6:]: stored[key] for key in stored.files if key.startswith("group ")}
            return cls(stored["ids"], stored["offsets"], groups)


def encode(work: Path, subwords: Subwords) -> Dataset:
    """Encode every pair file of the work directory."""
    store = TextStore(subwords)
    groups: dict[str, list[Index]] = {}
    for name in PAIR_FILES:
        texts: dict[str, tuple[list[str], list[str]]] = {}
        for pair in load_pairs(work / name):
            left, right = texts.setdefault(f"{pair.group} {pair.left_lang}-{pair.right_lang}", ([], []))
            left.append(pair.left)
            right.append(pair.right)
        for group, (left, right) in texts.items():
            limit = _MAX_TOKENS.get(group.split()[0], _MAX_TOKENS_DEFAULT)
            numbers = store.add(left + right, limit)
            groups.setdefault(group, []).append(numbers.reshape(2, -1).T)
    ids, offsets = store.finish()
    return Dataset(ids, offsets, {key: np.concatenate(parts) for key, parts in groups.items()})


def draw(rng: np.random.Generator, pairs: Index, count: int) -> Index:
    """Draw `count` rows, each as often as the others to within one, in random order."""
    rounds = [rng.permutation(len(pairs)) for _ in range(-(-count // len(pairs)))]
    return pairs[np.concatenate(rounds)[:count]]


def _needle_sources(data: Dataset, source: str) -> list[tuple[str, str, Index]]:
    """List (query language, passage language, pairs) of a source, in both directions and within."""
    found = []
    for name, pairs in data.groups.items():
        if name == source or (source == "news" and name.startswith("news ")):
            left, right = name.split()[1].split("-")
            found.append((left, right, pairs))
            found.append((right, left, pairs[:, ::-1]))
            found.append((left, left, pairs[:, [0, 0]]))
            found.append((right, right, pairs[:, [1, 1]]))
    return found


def needles(
    data: Dataset,
    subwords: Subwords,
    rng: np.random.Generator,
    scale: float = 1.0,
    without: tuple[str, ...] = (),
) -> Iterator[tuple[Ids, Ids]]:
    """Yield (question-like fragment, passage of two to four sentences holding its sentence).

    `without` leaves out sources by the start of their names, or all of them by `needles`.
    """
    words = {
        lang: [np.array(ids, dtype=np.int32) for ids in subwords.ids(texts)] for lang, texts in QUESTION_WORDS.items()
    }
    for source, count in NEEDLES.items():
        if f"{source} ".startswith(without) or "needles" in without:
            continue
        sources = _needle_sources(data, source)
        for asked, told, pairs in sources:
            keep = 0.5 if asked == told else 0.7
            for row in draw(rng, pairs, int(count * scale) // len(sources)):
                others = pairs[rng.integers(len(pairs), size=rng.integers(1, 4)), 1]
                query = data.text(row[0])
                query = query[rng.random(len(query)) < keep]
                extra = words[asked][rng.integers(len(words[asked]))]
                if len(query) > 1:
                    yield np.concatenate([query, extra]), np.concatenate([data.text(n) for n in (row[1], *others)])


def mixture(data: Dataset, rng: np.random.Generator, scale: float = 1.0, without: tuple[str, ...] = ()) -> Index:
    """Draw one pass of ordinary pairs, shuffled; `without` leaves out groups by the start of their names."""
    draws = {name: int(count * scale) for name, count in DRAWS.items() if not name.startswith(without)}
    parts = [draw(rng, data.groups[name], count) for name, count in draws.items()]
    return np.asarray(rng.permutation(np.concatenate(parts)), dtype=np.int64)
