"""Readers: from the bytes of a file to articles. To add a format, add a module and its suffixes here."""

from __future__ import annotations

from typing import Final

from semsearch.protocols import Reader
from semsearch.readers import html, json_records, markdown, text

_READERS: Final[dict[str, Reader]] = {
    ".txt": text.read,
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".html": html.read,
    ".htm": html.read,
    ".xhtml": html.read,
    ".jsonl": json_records.read_lines,
    ".ndjson": json_records.read_lines,
    ".json": json_records.read_document,
}


def reader_for(name: str) -> Reader:
    """The reader for a source of this name, by its suffix; every other name is read as plain text."""
    _, dot, suffix = name.lower().rpartition(".")
    return _READERS.get(dot + suffix, text.read)
