"""Models that turn text into vectors: the bundled one, and any sentence-transformers model."""

from __future__ import annotations

from semsearch.embedders.registry import BUNDLED
from semsearch.protocols import Embedder
from semsearch.records import ModelFingerprint


def load_embedder(
    name: str = BUNDLED,
    *,
    device: str | None = None,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
) -> Embedder:
    """Load `bundled`, or a sentence-transformers model by hub name or by the path of its folder.

    The other arguments are for sentence-transformers models: `device` is torch's name for one (None: the best
    there is); prompts go before every text (None: those of the model's configuration, else of the registry).
    Raises ModelUnavailable where the model cannot be had, with the choices that need no network.
    """
    if name == BUNDLED:
        from semsearch.embedders.bundled import BundledModel

        return BundledModel()
    from semsearch.embedders.transformer import TransformerModel

    return TransformerModel(name, device=device, query_prompt=query_prompt, passage_prompt=passage_prompt)


def load_recorded(fingerprint: ModelFingerprint, name: str | None = None) -> Embedder:
    """Load the model of an index, from `name` if it has moved, with the prompts its passages were embedded with."""
    prompts = {"query_prompt": fingerprint.query_prompt, "passage_prompt": fingerprint.passage_prompt}
    return load_embedder(name or fingerprint.name, **prompts)
