"""Any sentence-transformers CrossEncoder: it reads a query and a passage together, slowly and well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semsearch.embedders.transformer import load_cross_encoder
from semsearch.errors import EmbeddingFailed
from semsearch.protocols import Vectors


class CrossEncoderReranker:
    """A CrossEncoder by hub name or by the path of its folder."""

    def __init__(self, name: str, device: str | None = None) -> None:
        """Load `name`. Raises ModelUnavailable where it cannot be had, or ranks into several classes."""
        self.name = name
        self._model = load_cross_encoder(name, device)

    def __call__(self, query: str, texts: Sequence[str]) -> Vectors:
        """float32, shape (len(texts),). Raises EmbeddingFailed where a score is no finite number."""
        pairs = [(query, text) for text in texts]
        scores = np.asarray(self._model.predict(pairs, show_progress_bar=False), np.float32).reshape(len(pairs))
        if not np.isfinite(scores).all():
            raise EmbeddingFailed(f"{self.name} gave no usable score for {int((~np.isfinite(scores)).sum())} passages")
        return scores
