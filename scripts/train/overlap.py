"""Keep evaluation sentences, and near copies of them, out of the training pairs.

Two texts are compared as their letters and digits, NFKC and lower case, cut into overlapping
character n-grams (five characters for ASCII text, three otherwise). A training text overlaps an
evaluation sentence when both are equal, when the Jaccard similarity of the n-grams reaches a
threshold, or when it contains most n-grams of an evaluation sentence that is not very short.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from corpus import EVERYDAY, Pair

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
JACCARD = 0.6
JACCARD_EVERYDAY = 0.5
CONTAINMENT = 0.8
MIN_GRAMS_NEAR = 4
MIN_GRAMS_CONTAINED = 12
MIN_GRAMS_SEED = 20
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")


def fold(text: str) -> str:
    """Reduce a text to its letters and digits, NFKC and lower case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).lower()))


def grams(folded: str) -> set[str]:
    """Cut a folded text into its distinct character n-grams."""
    n = 5 if folded.isascii() else 3
    return {folded[i : i + n] for i in range(max(1, len(folded) - n + 1))}


def sentences_of(text: str) -> Iterator[str]:
    """Yield the whole text, then each of its sentences when there are several."""
    yield text
    parts = [part for part in _SENTENCE_END.split(text) if part and part.strip()]
    if len(parts) > 1:
        yield from parts


def evaluation_sentences(dev: Path) -> Iterator[str]:
    """Yield every text and sentence of every file below `dev`: lines, TSV cells, JSON strings."""
    for path in sorted(p for p in dev.rglob("*") if p.is_file()):
        if path.suffix in (".md", ".labels"):
            continue
        text = path.read_text(encoding="utf-8")
        for cell in _cells(path, text):
            yield from sentences_of(cell)


def _cells(path: Path, text: str) -> Iterator[str]:
    if path.suffix == ".json":
        try:
            yield from _strings(json.loads(text))
            return
        except json.JSONDecodeError:
            pass
    for line in text.split("\n"):
        if path.suffix in (".json", ".jsonl") and line.strip():
            yield from _strings(json.loads(line))
        else:
            yield from line.split("\t")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


class OverlapFilter:
    """Finds texts that equal, nearly equal or contain an evaluation sentence."""

    def __init__(self, evaluation: Iterable[str]) -> None:
        folded = {fold(text) for text in evaluation}
        self._exact = {text for text in folded if len(text) > 1 and not text.isdigit()}
        self._grams = [g for g in map(grams, sorted(self._exact)) if len(g) >= MIN_GRAMS_NEAR]
        self._index = self._prefix_index()

    def _prefix_index(self) -> dict[str, list[int]]:
        """Index each sentence under its rarest n-grams: any text over the threshold shares one."""
        frequency = Counter(gram for gram_set in self._grams for gram in gram_set)
        index: dict[str, list[int]] = {}
        for number, gram_set in enumerate(self._grams):
            rarest = sorted(gram_set, key=lambda gram: (frequency[gram], gram))
            for gram in rarest[: int(len(rarest) * (1 - JACCARD_EVERYDAY)) + 1]:
                index.setdefault(gram, []).append(number)
        return index

    def equals(self, text: str) -> bool:
        """Tell whether `text` equals an evaluation sentence, letters and digits compared."""
        return fold(text) in self._exact

    def overlaps(self, text: str, jaccard: float = JACCARD) -> bool:
        """Tell whether `text` equals, nearly equals or contains an evaluation sentence."""
        folded = fold(text)
        if folded in self._exact:
            return True
        own = grams(folded)
        if len(own) < MIN_GRAMS_NEAR:
            return False
        candidates: Counter[int] = Counter()
        for gram in own & self._index.keys():
            candidates.update(self._index[gram])
        return any(self._near(own, number, hits, jaccard) for number, hits in candidates.items())

    def _near(self, own: set[str], number: int, hits: int, jaccard: float) -> bool:
        other = self._grams[number]
        size = len(other)
        unindexed = size - int(size * (1 - JACCARD_EVERYDAY)) - 1
        at_most = hits + unindexed
        if at_most < jaccard * max(size, len(own)) and at_most < CONTAINMENT * size:
            return False
        shared = len(own & other)
        if shared >= jaccard * (len(own) + size - shared):
            return True
        return size >= MIN_GRAMS_CONTAINED and shared >= CONTAINMENT * size

    def pair_overlaps(self, pair: Pair) -> bool:
        """Tell whether either side of a training pair overlaps; stricter for everyday sentences."""
        limit = JACCARD_EVERYDAY if pair.source.startswith(EVERYDAY) else JACCARD
        return self.overlaps(pair.left, limit) or self.overlaps(pair.right, limit)


def seed_sentences(seeds: Path) -> Iterator[str]:
    """Yield the questions of the sample archive, and the paragraphs and sentences of its articles.

    Left out is what is shorter than about 20 letters: headings that anybody writes ("What comes next"), places under
    photographs, and beginnings torn off at an abbreviation ("On the afternoon of Aug.").
    """
    for line in (seeds / "questions.tsv").read_text(encoding="utf-8").splitlines():
        yield line.split("\t")[2]
    for path in sorted(seeds.glob("??/*.txt")):
        for paragraph in path.read_text(encoding="utf-8").split("\n"):
            yield from (text for text in sentences_of(paragraph) if len(grams(fold(text))) >= MIN_GRAMS_SEED)


def filter_for(corpora: Path) -> OverlapFilter:
    """Build the filter from every file of `corpora/dev` and from the sample archive."""
    return OverlapFilter(chain(evaluation_sentences(corpora / "dev"), seed_sentences(SEEDS)))
