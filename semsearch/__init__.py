"""Bilingual semantic search over archives of articles in Korean, English and Japanese.

    import semsearch

    semsearch.build(["articles/"], index="index")
    with semsearch.open("index") as index:
        for hit in index.query("한일 국교 정상화", k=5):
            print(hit.score, hit.passage.source, hit.passage.start, hit.passage.text)

The names below are loaded when they are first used, so that a query does not wait for what only a build needs.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from semsearch.build import build
    from semsearch.client import Client
    from semsearch.context import Context, prompt_context
    from semsearch.embedders import load_embedder
    from semsearch.errors import SemsearchError
    from semsearch.protocols import Embedder
    from semsearch.queries import Query
    from semsearch.records import BuildReport, Hit, Passage, ReadOptions
    from semsearch.search import Index, open
    from semsearch.verify import verify

__version__ = "0.1.0"
__all__ = [
    "BuildReport",
    "Client",
    "Context",
    "Embedder",
    "Hit",
    "Index",
    "Passage",
    "Query",
    "ReadOptions",
    "SemsearchError",
    "build",
    "load_embedder",
    "open",
    "prompt_context",
    "verify",
]

_HOMES = {
    "BuildReport": "records",
    "Client": "client",
    "Context": "context",
    "Embedder": "protocols",
    "Hit": "records",
    "Index": "search",
    "Passage": "records",
    "Query": "queries",
    "ReadOptions": "records",
    "SemsearchError": "errors",
    "build": "build",
    "load_embedder": "embedders",
    "open": "search",
    "prompt_context": "context",
    "verify": "verify",
}


class _Package(ModuleType):
    """Loads the public names on first use, and keeps them: importing the module `semsearch.build` makes Python set
    the attribute `build`, which must stay the function of that name."""

    def __getattr__(self, name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        setattr(self, name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _HOMES and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
