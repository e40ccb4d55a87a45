"""The seams: what a reader, a chunker, an embedder, a vector store and a reranker must offer.

Replace any of them with your own: `semsearch.build(..., model=my_embedder)` accepts every object that fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from semsearch.records import Article, ModelFingerprint, ReadOptions, Skipped, Span

Vectors: TypeAlias = NDArray[np.float32]
Ids: TypeAlias = NDArray[np.int64]


class Reader(Protocol):
    """Turns the bytes of one source into articles."""

    def __call__(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Article | Skipped]:
        """Yield the articles in `stream`, and a `Skipped` for each record that is unusable.

        Reads the stream once, from its beginning, in bounded memory. Raises `Refused` where nothing of the
        source can be used; what was yielded before is then dropped by the caller.
        """
        ...


class Chunker(Protocol):
    """Cuts an article into the spans that become passages."""

    def __call__(self, article: Article) -> Sequence[Span]:
        """Ascending, non-overlapping, non-blank spans at or behind `article.body_start`."""
        ...


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors. Queries and passages are separate, because many models prompt them differently."""

    @property
    def fingerprint(self) -> ModelFingerprint:
        """Identifies the vector space."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """Tokens of one text that the model reads; a longer passage is split by the chunker."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens in `text`, special tokens left out."""
        ...

    def embed_passages(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Vectors:
        """float32, shape (len(texts), dimension), rows of unit length.

        `contexts[i]`, where given, is the headline and date of the article that `texts[i]` belongs to.
        """
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """float32, shape (len(texts), dimension), rows of unit length."""
        ...


@runtime_checkable
class TokenModel(Protocol):
    """An embedder whose vectors are sums over tokens, so that each token's part in a score is known."""

    def tokens(self, text: str) -> Sequence[tuple[int, int, int]]:
        """(start, end, token id) of each token; start and end are code points of `text` as it was given."""
        ...

    def token_vectors(self, ids: Sequence[int]) -> Vectors:
        """float32, shape (len(ids), dimension); the sum over a text's tokens has the direction of its vector."""
        ...

    def embed_with_tokens(
        self, texts: Sequence[str], contexts: Sequence[str] | None = None
    ) -> tuple[Vectors, list[bytes]]:
        """What `embed_passages` returns, and what `alignment` needs of each text, to be kept with its vector."""
        ...

    def alignment(self, query: str, encoded: Sequence[bytes]) -> Vectors:
        """How well each of the query's tokens is met by one of a text's: float32, shape (len(encoded),), 0 to 1."""
        ...


class VectorStore(Protocol):
    """Nearest neighbours by inner product over unit vectors."""

    def __len__(self) -> int: ...

    def search(self, query: Vectors, k: int, allowed: Ids | None = None) -> tuple[Vectors, Ids]:
        """The best `k` of the vectors whose id is in `allowed` (ascending; None: of all), best first.

        `query`: shape (dimension,). Returns scores and ids of equal length, at most `k`.
        """
        ...

    @staticmethod
    def write(path: Path, dimension: int, count: int, batches: Iterable[tuple[Ids, Vectors]]) -> str:
        """Write `count` vectors to `path` durably; returns the SHA-256 of the file."""
        ...


class Reranker(Protocol):
    """Scores passages for one query."""

    def __call__(self, query: str, texts: Sequence[str]) -> Vectors:
        """float32, shape (len(texts),); the higher, the better the text answers the query."""
        ...
