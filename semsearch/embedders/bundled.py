"""The bundled model: one vector per subword, summed and brought to unit length.

It was trained on Korean, English and Japanese text so that sentences of one meaning have vectors of
one direction in all three languages. A token's weight is the length of its vector. It needs numpy
and tokenizers only, reads its files without copying them, and gives a text the same vector in
whatever batch it comes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from semsearch.embedders.registry import BUNDLED
from semsearch.protocols import Vectors
from semsearch.records import ModelFingerprint

DATA = Path(__file__).with_name("data")
VECTORS, SCALES, TOKENIZER, CARD = "vectors.npy", "scales.npy", "tokenizer.json", "model.json"
MAX_TOKENS = 512
CONTEXT_WEIGHT = 0.35
"""Share of the headline's unit vector added to the passage's; measured on news questions."""

_BATCH_TEXTS = 256
_BATCH_TOKENS = 16_384


class Token(NamedTuple):
    """A subword of a text: code points `start` to `end` of the original text, and its id."""

    start: int
    end: int
    id: int


class BundledModel:
    """Static embeddings of Korean, English and Japanese text.

    Args:
        directory: where the model's files are; by default those inside the package.

    Raises:
        FileNotFoundError: one of the model's files is missing.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory or DATA
        self._card: dict[str, Any] = json.loads((self._directory / CARD).read_text(encoding="utf-8"))
        self._rows: NDArray[np.int8] = np.load(self._directory / VECTORS, mmap_mode="r")
        self._scales: Vectors = np.load(self._directory / SCALES)
        self._tokenizer = Tokenizer.from_file(str(self._directory / TOKENIZER))

    @property
    def name(self) -> str:
        """Name and version of the model."""
        return f"{self._card['name']}-{self._card['version']}"

    @property
    def fingerprint(self) -> ModelFingerprint:
        """Identifies the vector space."""
        return ModelFingerprint(BUNDLED, self.weights_sha256(), self.dimension)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._rows.shape[1])

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
        return len(self._tokenizer.encode(text, add_special_tokens=False))

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
        vectors = self._embed(texts)
        if contexts is None:
            return vectors
        if len(contexts) != len(texts):
            raise ValueError(f"{len(texts)} texts but {len(contexts)} contexts")
        with_context = [place for place, context in enumerate(contexts) if context.strip()]
        rows = {context: row for row, context in enumerate(dict.fromkeys(contexts[place] for place in with_context))}
        headlines = self._embed(list(rows))[[rows[contexts[place]] for place in with_context]]
        vectors[with_context] = _unit(vectors[with_context] + CONTEXT_WEIGHT * headlines)
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed queries: float32 rows of unit length, comparable with those of passages.

        Raises:
            ValueError: a text is blank; its index is named.
        """
        return self._embed(texts)

    def tokens(self, text: str) -> list[Token]:
        """List the subwords of `text` with their places in the original, unnormalised text.

        Every code point but white space belongs to a token. Of a character that normalisation
        expands into several tokens, each has the place.
        """
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        starts = [start for start, _ in encoding.offsets]
        nexts = [*starts[1:], len(text)]
        # Normalisation gives a composed character the place of its first part only.
        ends = [
            max(end, start + len(text[start:after].rstrip()))
            for (start, end), after in zip(encoding.offsets, nexts, strict=True)
        ]
        return [Token(*token) for token in zip(starts, ends, encoding.ids, strict=True)]

    def token_vectors(self, ids: Sequence[int]) -> Vectors:
        """Return the weighted vectors of tokens, shape `(len(ids), dimension)`.

        Their sum over a text's tokens, brought to unit length, is the text's embedding; so the dot
        products of one text's token vectors with another's embedding say what each token adds.
        """
        places = np.asarray(ids, dtype=np.intp)
        rows: Vectors = self._rows[places].astype(np.float32)
        rows *= self._scales[places, None]
        return rows

    def _embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(texts), _BATCH_TEXTS):
            encodings = self._encode(texts, start)
            at = start
            for group in _bounded(encodings):
                vectors[at : at + len(group)] = self._sums(group)
                at += len(group)
        return vectors

    def _encode(self, texts: Sequence[str], start: int) -> list[Encoding]:
        batch = list(texts[start : start + _BATCH_TEXTS])
        encodings = self._tokenizer.encode_batch_fast(batch, add_special_tokens=False)
        for place, encoding in enumerate(encodings):
            if len(encoding) == 0:
                raise ValueError(f"text {start + place} is blank: there is nothing to embed")
        return encodings

    def _sums(self, encodings: Sequence[Encoding]) -> Vectors:
        """One product of scales and rows per text: three times as fast as reduceat over scaled rows."""
        ids = np.array([token for encoding in encodings for token in encoding.ids], dtype=np.intp)
        rows, scales = self._rows[ids].astype(np.float32), self._scales[ids]
        sums = np.empty((len(encodings), self.dimension), dtype=np.float32)
        start = 0
        for place, encoding in enumerate(encodings):
            end = start + len(encoding)
            np.dot(scales[start:end], rows[start:end], out=sums[place])
            start = end
        return _unit(sums)


def _bounded(encodings: Iterable[Encoding]) -> Iterator[list[Encoding]]:
    """Cut a batch so that no part holds many tokens, unless it is one text: memory stays flat."""
    group: list[Encoding] = []
    tokens = 0
    for encoding in encodings:
        if group and tokens + len(encoding) > _BATCH_TOKENS:
            yield group
            group, tokens = [], 0
        group.append(encoding)
        tokens += len(encoding)
    if group:
        yield group


def _unit(vectors: Vectors) -> Vectors:
    """Bring rows to unit length."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= np.maximum(lengths, np.finfo(np.float32).tiny)[:, None]
    return vectors


def digest(directory: Path) -> str:
    """Compute the SHA-256 over the model's vectors, scales and tokenizer, in that order."""
    total = hashlib.sha256()
    for name in (VECTORS, SCALES, TOKENIZER):
        total.update((directory / name).read_bytes())
    return total.hexdigest()
