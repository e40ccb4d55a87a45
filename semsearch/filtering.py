"""What a question is confined to, as conditions of SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from semsearch.records import Filters

NAMED: Final = "(name GLOB :source OR name GLOB :inside)"
"""Files whose name matches a glob, or that lie in a folder whose name does."""


def conditions(filters: Filters) -> Iterator[str]:
    """What the rows of passages must fulfil, with its `values`."""
    if filters.langs:
        yield f"passages.lang IN ({', '.join(f':lang{n}' for n in range(len(filters.langs)))})"
    if filters.since:
        yield "date >= :since"
    if filters.until:
        yield "date <= :until"
    if filters.source:
        yield NAMED


def values(filters: Filters) -> dict[str, Any]:
    """What stands in `conditions` by name."""
    found: dict[str, Any] = {f"lang{n}": lang for n, lang in enumerate(filters.langs)}
    if filters.since:
        found["since"] = filters.since.isoformat()
    if filters.until:
        found["until"] = filters.until.isoformat()
    if filters.source:
        found |= {"source": filters.source, "inside": filters.source.rstrip("/") + "/*"}
    return found
