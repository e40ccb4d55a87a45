"""The bundled model: one vector per subword, summed and brought to unit length.

It was trained on Korean, English and Japanese text so that sentences of one meaning have vectors of
one direction in all three languages. A token's weight is the length of its vector. It needs numpy
and tokenizers only, reads its files without copying them, and gives a text the same vector in
whatever batch it comes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from semsearch.embedders.packed import Packed, lengths, unit
from semsearch.embedders.registry import BUNDLED
from semsearch.embedders.subwords import PIECES, SCORES, Subwords, Token
from semsearch.protocols import Vectors
from semsearch.records import ModelFingerprint

DATA = Path(__file__).with_name("data")
VECTORS, SCALES = "vectors.npy", "scales.npy"
FILES = (VECTORS, SCALES, PIECES, SCORES)
CARD, CARD_TEXT = "model.json", "README.md"
MAX_TOKENS = 512
CONTEXT_WEIGHT = 0.35
"""Share of the headline's unit vector added to the passage's; measured on news questions."""

_COMMON = 4.0
"""Negative log probability of a token that says nothing, such as a comma."""
_LEAST_RARE = 0.1

_ALIGNED = 160
"""Dimensions in which single tokens are compared; all of them find nothing more (scripts/bench/README.md)."""

_BATCH_TEXTS = 256
_BATCH_TOKENS = 256
"""Rows that are summed together: no more than stay in the processor's cache."""


class BundledModel:
    """Static embeddings of Korean, English and Japanese text.

    Args:
        directory: where the model's files are; by default those inside the package.
        truncate_dim: keep this many of a vector's dimensions, the first ones, which say most; None keeps all.

    Raises:
        FileNotFoundError: one of the model's files is missing.
        ValueError: one has changed since it was made; the message names it.
    """

    def __init__(self, directory: Path | None = None, truncate_dim: int | None = None) -> None:
        self.directory = directory or DATA
        self._card: dict[str, Any] = json.loads((self.directory / CARD).read_text(encoding="utf-8"))
        _check(self.directory, self._card["crc32"])
        packed: NDArray[np.uint8] = np.asarray(np.load(self.directory / VECTORS, mmap_mode="r"))
        whole = 2 * packed.shape[1]
        self.dimension = min(truncate_dim or whole, whole)
        """Length of a vector."""
        self._table = Packed(packed, self.dimension)
        self._aligned = Packed(packed, min(_ALIGNED, self.dimension))
        self._scales: Vectors = np.load(self.directory / SCALES)
        self.subwords = Subwords(self.directory)

    @property
    def name(self) -> str:
        """Name and version of the model."""
        return f"{self._card['name']}-{self._card['version']}"

    @property
    def fingerprint(self) -> ModelFingerprint:
        """Identifies the vector space."""
        return ModelFingerprint(BUNDLED, self.weights_sha256(), self.dimension)

    @property
    def vocabulary_size(self) -> int:
        """How many subwords have a vector."""
        return len(self._table)

    @property
    def max_tokens(self) -> int:
        """Longest passage, in tokens, worth embedding as one; longer text is not cut off."""
        return MAX_TOKENS

    @property
    def card(self) -> dict[str, Any]:
        """The model card: licence, training date, vocabulary size, measured figures."""
        return dict(self._card)

    def weights_sha256(self) -> str:
        """Return the recorded SHA-256 of the model's files, as hexadecimal digits."""
        return str(self._card["sha256"])

    def count_tokens(self, text: str) -> int:
        """Count the subwords of `text`."""
        return len(self.subwords.ids([text])[0])

    def embed_passages(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Vectors:
        """Embed passages, each with its article's headline if `contexts` are given.

        Args:
            texts: the passages, none of them blank.
            contexts: one headline per passage; a blank one is ignored.

        Returns:
            float32 array of shape `(len(texts), dimension)`, rows of unit length.

        Raises:
            ValueError: a text is blank (its index is named), or the lengths differ.
        """
        return self._embed_in_context(texts, contexts, None)

    def embed_with_tokens(
        self, texts: Sequence[str], contexts: Sequence[str] | None = None
    ) -> tuple[Vectors, list[bytes]]:
        """Embed passages as `embed_passages` does, and give the tokens of each and of its headline for `alignment`.

        Returns:
            the vectors, and for each text its distinct token ids as uint32 bytes, in no order.

        Raises:
            ValueError: as `embed_passages`.
        """
        tokens: list[set[int]] = []
        vectors = self._embed_in_context(texts, contexts, tokens)
        return vectors, [np.fromiter(own, np.uint32, len(own)).tobytes() for own in tokens]

    def _embed_in_context(
        self, texts: Sequence[str], contexts: Sequence[str] | None, tokens: list[set[int]] | None
    ) -> Vectors:
        vectors = self._embed(texts, tokens)
        if contexts is None:
            return vectors
        if len(contexts) != len(texts):
            raise ValueError(f"{len(texts)} texts but {len(contexts)} contexts")
        with_context = [place for place, context in enumerate(contexts) if context.strip()]
        rows = {context: row for row, context in enumerate(dict.fromkeys(contexts[place] for place in with_context))}
        their: list[set[int]] = []
        headlines = self._embed(list(rows), None if tokens is None else their)[
            [rows[contexts[place]] for place in with_context]
        ]
        vectors[with_context] = unit(vectors[with_context] + CONTEXT_WEIGHT * headlines)
        if tokens is not None:
            for place in with_context:
                tokens[place] |= their[rows[contexts[place]]]
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed queries: float32 rows of unit length, comparable with those of passages.

        Raises:
            ValueError: a text is blank; its index is named.
        """
        return self._embed(texts)

    def tokens(self, text: str) -> list[Token]:
        """List the subwords of `text` with their places in it; see `Subwords.tokens`."""
        return self.subwords.tokens(text)

    def token_vectors(self, ids: Sequence[int]) -> Vectors:
        """Return the weighted vectors of tokens, shape `(len(ids), dimension)`.

        Their sum over a text's tokens, brought to unit length, is the text's embedding; so the dot
        products of one text's token vectors with another's embedding say what each token adds.
        """
        places = np.asarray(ids, dtype=np.intp)
        rows = self._table.rows(places)
        rows *= self._scales[places, None]
        return rows

    def alignment(self, query: str, encoded: Sequence[bytes]) -> Vectors:
        """Say how well each text has, for every token of the query, one that is close to it in meaning.

        Late interaction as in ColBERT (MaxSim), on static vectors: the mean over the query's tokens of the largest
        cosine with a token of the text. A token counts by the square root of its rarity and of its vector's length;
        both, measured on news questions, are better than either. It tells whether each single word is met, which the
        sum over a whole passage blurs.

        Args:
            query: the question.
            encoded: the tokens of each text, as `embed_with_tokens` gives them.

        Returns:
            float32 array of shape `(len(encoded),)`, 0 to 1.
        """
        asked = self.subwords.ids([query])[0]
        if not asked or not encoded:
            return np.zeros(len(encoded), np.float32)
        vectors = self.token_vectors(asked)
        best = self._aligned.best(vectors, encoded)
        weights = np.sqrt(np.maximum(self.subwords.rarity(asked) - _COMMON, _LEAST_RARE) * lengths(vectors))
        aligned: Vectors = best @ (weights / weights.sum()).astype(np.float32)
        return aligned

    def _embed(self, texts: Sequence[str], tokens: list[set[int]] | None = None) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(texts), _BATCH_TEXTS):
            encoded = self.subwords.ids(texts[start : start + _BATCH_TEXTS])
            if not all(encoded):
                blank = next(place for place, ids in enumerate(encoded) if not ids)
                raise ValueError(f"text {start + blank} is blank: there is nothing to embed")
            if tokens is not None:
                tokens += map(set, encoded)
            at = start
            for group in _bounded(encoded):
                vectors[at : at + len(group)] = self._sums(group)
                at += len(group)
        return vectors

    def _sums(self, encoded: Sequence[Sequence[int]]) -> Vectors:
        """One product of scales and rows per text: three times as fast as reduceat over scaled rows."""
        ids = np.fromiter(chain.from_iterable(encoded), dtype=np.intp)
        rows, scales = self._table.rows(ids), self._scales[ids]
        sums = np.empty((len(encoded), self.dimension), dtype=np.float32)
        start = 0
        for place, own in enumerate(encoded):
            end = start + len(own)
            np.dot(scales[start:end], rows[start:end], out=sums[place])
            start = end
        return unit(sums)


def _bounded(encoded: Sequence[list[int]]) -> Iterator[Sequence[list[int]]]:
    """Cut a batch so that no part holds many tokens, unless it is one text."""
    start, tokens = 0, 0
    for place, ids in enumerate(encoded):
        if place > start and tokens + len(ids) > _BATCH_TOKENS:
            yield encoded[start:place]
            start, tokens = place, 0
        tokens += len(ids)
    if start < len(encoded):
        yield encoded[start:]


def _check(directory: Path, expected: Mapping[str, int]) -> None:
    """Compare the files with their sums: 6 ms, a third of what SHA-256 takes."""
    for name in FILES:
        if _sum(directory / name) != expected[name]:
            raise ValueError(f"{directory / name} has changed since it was made")


def _sum(path: Path) -> int:
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
        return crc32(mapped)


def checksums(directory: Path) -> dict[str, int]:
    """The CRC-32 of each of the model's files, as `model.json` records them."""
    return {name: _sum(directory / name) for name in FILES}


def digest(directory: Path) -> str:
    """Compute the SHA-256 over the model's vectors, scales, pieces and scores, in that order."""
    total = hashlib.sha256()
    for name in FILES:
        total.update((directory / name).read_bytes())
    return total.hexdigest()
