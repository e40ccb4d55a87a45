"""Models that turn text into vectors: the bundled one, and any sentence-transformers model."""

from __future__ import annotations

from semsearch.embedders.registry import BUNDLED
from semsearch.errors import ModelUnavailable, UsageError
from semsearch.protocols import Embedder
from semsearch.records import ModelFingerprint


def load_embedder(
    name: str = BUNDLED,
    *,
    device: str | None = None,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
    truncate_dim: int | None = None,
) -> Embedder:
    """Load `bundled`, or a sentence-transformers model by hub name or by the path of its folder.

    `truncate_dim` keeps the first dimensions of every vector only: a smaller index, for models trained for it
    (Matryoshka; the bundled one was). The other arguments are for sentence-transformers models: `device` is torch's
    name for one (None: the best there is); prompts go before every text (None: those of the model's configuration,
    else of the registry).
    Raises ModelUnavailable where the model cannot be had, with the choices that need no network; UsageError where
    it has fewer dimensions than `truncate_dim`.
    """
    embedder = _load(name, device, query_prompt, passage_prompt, truncate_dim)
    if truncate_dim is not None and embedder.dimension != truncate_dim:
        raise UsageError(f"{name} has {embedder.dimension} dimensions, {truncate_dim} were asked for: take fewer")
    return embedder


def load_recorded(fingerprint: ModelFingerprint, name: str | None = None) -> Embedder:
    """Load the model of an index, from `name` if it has moved, as its passages were embedded: prompts, dimensions."""
    prompts = (fingerprint.query_prompt, fingerprint.passage_prompt)
    return _load(name or fingerprint.name, None, *prompts, fingerprint.dimension)


def _load(
    name: str, device: str | None, query_prompt: str | None, passage_prompt: str | None, truncate_dim: int | None
) -> Embedder:
    if truncate_dim is not None and truncate_dim < 1:
        raise UsageError(f"truncate_dim is {truncate_dim}, expected 1 or more")
    if name == BUNDLED:
        from semsearch.embedders.bundled import BundledModel

        try:
            return BundledModel(truncate_dim=truncate_dim)
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ModelUnavailable(f"the bundled model is damaged: {error}: install semsearch again") from error
    from semsearch.embedders.transformer import TransformerModel

    return TransformerModel(
        name,
        device=device,
        query_prompt=query_prompt,
        passage_prompt=passage_prompt,
        truncate_dim=truncate_dim,
    )
