"""Any sentence-transformers model, by hub name or local path. The only module that imports torch."""

from __future__ import annotations

import copy
import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from semsearch.embedders.registry import known_model
from semsearch.errors import EmbeddingFailed, ModelUnavailable
from semsearch.protocols import Vectors
from semsearch.records import ModelFingerprint

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SentenceTransformer

_QUERY_NAMES: Final = ("query", "search_query", "s2p_query")
_WINDOW: Final = 512
_PASSAGE_NAMES: Final = ("document", "passage", "search_document", "corpus")


class TransformerModel:
    """A sentence-transformers model behind the Embedder protocol. Vectors are normalised to unit length.

    Prompts are, in this order: those given, those of the model's own configuration, those of the registry.
    Code that comes with a model is never run (`trust_remote_code` stays off).
    """

    def __init__(
        self,
        name: str,
        *,
        device: str | None = None,
        query_prompt: str | None = None,
        passage_prompt: str | None = None,
        truncate_dim: int | None = None,
        batch_size: int = 32,
    ) -> None:
        """Load `name`, a hub name or the path of a saved model.

        `device` is torch's name for it (`cpu`, `cuda`, `mps`); None lets sentence-transformers choose.
        `truncate_dim` keeps the first dimensions only.
        Raises ModelUnavailable where it cannot be had.
        """
        self._model = _load(name, device, truncate_dim)
        self._batch_size = batch_size
        self._counter = copy.deepcopy(self._model.tokenizer)  # the model's own is busy while another thread embeds
        own = dict(self._model.prompts or {})
        known = known_model(name)
        self._query_prompt = _first(query_prompt, own, _QUERY_NAMES, known.query_prompt if known else "")
        self._passage_prompt = _first(passage_prompt, own, _PASSAGE_NAMES, known.passage_prompt if known else "")
        self._fingerprint = ModelFingerprint(
            name=str(Path(name).absolute()) if Path(name).is_dir() else name,
            weights=_weights_sha256(self._model),
            dimension=int(self._model.get_embedding_dimension() or 0),
            query_prompt=self._query_prompt,
            passage_prompt=self._passage_prompt,
        )

    @property
    def fingerprint(self) -> ModelFingerprint:
        """Identifies the vector space; the weights' digest covers every tensor and the tokenizer."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._fingerprint.dimension

    @property
    def max_tokens(self) -> int:
        """Tokens that the model reads of one text, its special tokens and its passage prompt taken off."""
        window = self._model.get_max_seq_length()
        window = _WINDOW if window is None or math.isinf(window) else int(window)  # a bag of tokens has no end
        return max(16, window - 2 - self.count_tokens(self._passage_prompt))

    def count_tokens(self, text: str) -> int:
        """Tokens in `text`, special tokens left out."""
        return len(self._counter.encode(text, add_special_tokens=False)) if text else 0

    def embed_passages(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Vectors:
        """float32, shape (len(texts), dimension), rows of unit length; a context goes before its text."""
        if contexts is not None:
            texts = [f"{context}\n{text}" if context else text for context, text in zip(contexts, texts, strict=True)]
        return self._encode(texts, self._passage_prompt)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """float32, shape (len(texts), dimension), rows of unit length."""
        return self._encode(texts, self._query_prompt)

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        vectors = self._model.encode(
            list(texts),
            prompt=prompt,
            batch_size=self._batch_size,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        if not isinstance(vectors, np.ndarray) or vectors.shape != (len(texts), self.dimension):
            raise EmbeddingFailed(
                f"{self._fingerprint.name} returned {type(vectors).__name__}, not one vector per text"
            )
        return vectors.astype(np.float32, copy=False)


def _first(given: str | None, own: dict[str, str | None], names: Sequence[str], otherwise: str) -> str:
    if given is not None:
        return given
    return next((prompt for name in names if (prompt := own.get(name))), otherwise)


_OFFLINE: Final = "use `bundled`, which needs no download, or the path of a folder saved with SentenceTransformer.save"
_HUB_SECONDS: Final = 10.0


def _load(name: str, device: str | None, truncate_dim: int | None) -> SentenceTransformer:
    options = {"device": device, "truncate_dim": truncate_dim}
    model: SentenceTransformer = _load_as("SentenceTransformer", name, options)
    return model


def load_cross_encoder(name: str, device: str | None) -> CrossEncoder:
    """A CrossEncoder that gives one score. Raises ModelUnavailable."""
    model: CrossEncoder = _load_as("CrossEncoder", name, {"device": device})
    if (classes := getattr(model.config, "num_labels", 1)) != 1:
        raise ModelUnavailable(f"{name} sorts into {classes} classes: a reranker gives one score")
    return model


def _load_as(kind: str, name: str, options: dict[str, Any]) -> Any:
    if _looks_like_path(name) and not Path(name).is_dir():
        raise ModelUnavailable(f"no model folder at {name}: {_OFFLINE}")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        import sentence_transformers
    except ImportError as error:
        raise ModelUnavailable(f"sentence-transformers cannot be imported ({error}): {_OFFLINE}") from error
    here = Path(name).is_dir() or _is_cached(name)
    if not here:
        _ask_hub(name)
    with _quiet():
        try:
            return getattr(sentence_transformers, kind)(name, local_files_only=here, **options)
        except Exception as error:  # the libraries below raise anything: OSError, ValueError, torch errors
            raise ModelUnavailable(f"{name} cannot be loaded ({_brief(error)}): {_OFFLINE}") from error


def _looks_like_path(name: str) -> bool:
    return name.startswith((".", "/", "~")) or name.count("/") > 1 or "\\" in name


def _is_cached(name: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    repository = name if "/" in name else f"sentence-transformers/{name}"
    return isinstance(try_to_load_from_cache(repository, "config.json"), str)


def _ask_hub(name: str) -> None:
    """Ask once whether the hub has the model: loading it without a network retries for more than a minute."""
    from huggingface_hub import HfApi

    repository = name if "/" in name else f"sentence-transformers/{name}"
    try:
        HfApi().model_info(repository, timeout=_HUB_SECONDS)
    except Exception as error:  # offline mode, no route, no such model, no access: all mean that it cannot be had
        raise ModelUnavailable(
            f"{name} is not on this machine and the hub gave none ({_brief(error)}): {_OFFLINE}"
        ) from error


def _brief(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:120]}" if lines else type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' loading bars and retry warnings off the terminal: the error says what matters."""
    import logging

    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _weights_sha256(model: Any) -> str:
    """Digest of every tensor in its bytes, of the tokenizer, and of the modules that pool and project."""
    import torch

    state = hashlib.sha256()
    for module in model:
        state.update(f"{type(module).__name__}\n".encode())
    for name, tensor in sorted(model.state_dict().items()):
        state.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        state.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    state.update(repr(sorted(model.tokenizer.get_vocab().items())).encode())
    return state.hexdigest()
