"""What is known of multilingual sentence-transformers models: prompts, dimension, licence.

A model's own configuration wins where it has prompts; this table serves those that describe them only on
their card. Facts from the model cards, each at huggingface.co/NAME, read 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BUNDLED: Final = "bundled"


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One published model, or a family that shares its prompts. `pattern` is found in names, in lower case."""

    name: str
    pattern: str
    dimension: int
    max_tokens: int
    licence: str
    query_prompt: str = ""
    passage_prompt: str = ""


_E5: Final = {"query_prompt": "query: ", "passage_prompt": "passage: ", "licence": "MIT", "max_tokens": 512}
_QWEN_TASK: Final = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"

KNOWN: Final = (
    KnownModel("intfloat/multilingual-e5-small", "multilingual-e5-small", 384, **_E5),  # type: ignore[arg-type]
    KnownModel("intfloat/multilingual-e5-base", "multilingual-e5-base", 768, **_E5),  # type: ignore[arg-type]
    KnownModel(
        "intfloat/multilingual-e5-large-instruct",
        "multilingual-e5-large-instruct",
        1024,
        512,
        "MIT",
        query_prompt=_QWEN_TASK.replace("\nQuery:", "\nQuery: "),
    ),
    KnownModel("intfloat/multilingual-e5-large", "multilingual-e5-large", 1024, **_E5),  # type: ignore[arg-type]
    KnownModel("BAAI/bge-m3", "bge-m3", 1024, 8192, "MIT"),
    KnownModel(
        "google/embeddinggemma-300m",
        "embeddinggemma",
        768,
        2048,
        "Gemma terms",
        query_prompt="task: search result | query: ",
        passage_prompt="title: none | text: ",
    ),
    KnownModel(
        "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
        "paraphrase-multilingual-minilm",
        384,
        128,
        "Apache-2.0",
    ),
    KnownModel(
        "sentence-transformers/paraphrase-multilingual-mpnet-base-v2",
        "paraphrase-multilingual-mpnet",
        768,
        128,
        "Apache-2.0",
    ),
    KnownModel("sentence-transformers/LaBSE", "labse", 768, 256, "Apache-2.0"),
    KnownModel("Qwen/Qwen3-Embedding-0.6B", "qwen3-embedding-0.6b", 1024, 32768, "Apache-2.0", query_prompt=_QWEN_TASK),
    KnownModel("Qwen/Qwen3-Embedding-4B", "qwen3-embedding-4b", 2560, 32768, "Apache-2.0", query_prompt=_QWEN_TASK),
    KnownModel("Qwen/Qwen3-Embedding-8B", "qwen3-embedding-8b", 4096, 32768, "Apache-2.0", query_prompt=_QWEN_TASK),
    KnownModel(
        "Snowflake/snowflake-arctic-embed-m-v2.0",
        "snowflake-arctic-embed-m-v2",
        768,
        8192,
        "Apache-2.0",
        query_prompt="query: ",
    ),
    KnownModel(
        "Snowflake/snowflake-arctic-embed-l-v2.0",
        "snowflake-arctic-embed-l-v2",
        1024,
        8192,
        "Apache-2.0",
        query_prompt="query: ",
    ),
)


def known_model(name: str) -> KnownModel | None:
    """The entry whose pattern occurs in `name`: a hub name or the path of a folder."""
    lowered = name.lower()
    return next((model for model in KNOWN if model.pattern in lowered), None)
