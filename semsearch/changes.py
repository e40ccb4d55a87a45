"""What has changed on disk since the last build: the walk held against the database, one file at a time."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from semsearch.database import Database
from semsearch.errors import Refused
from semsearch.records import FileRow, ReadOptions, Skipped, Source
from semsearch.sources import open_source

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Change:
    """One file and what a build has to do about it.

    `keep`: nothing; `touch`: note its new modification time; `add` and `update`: read it; `remove`: drop it;
    `skip`: only report it.
    """

    action: Literal["keep", "touch", "add", "update", "remove", "skip"]
    name: str
    source: Source | None = None
    known: FileRow | None = None
    skipped: Skipped | None = None


def changes(
    db: Database,
    found: Iterable[Source | Skipped],
    arguments: Sequence[str],
    options: ReadOptions,
    forget: Sequence[str] = (),
) -> Iterator[Change]:
    """Compare `found`, the walk over `arguments`, with the published generation of `db`.

    Last come the files that have vanished from under `arguments`, and all those under `forget`. A folder that
    could not be listed keeps its files.
    """
    generation, unlisted = db.generation, []
    for item in found:
        if isinstance(item, Skipped):
            unlisted.append(item.name)
            yield Change("skip", item.name, skipped=item)
            continue
        path = str(item.path) if item.path else STANDARD_INPUT
        if not _is_storable(path):
            yield Change("skip", item.name, skipped=Skipped(item.name, "unreadable", "its name is not valid UTF-8"))
        elif db.mark_seen(path):
            yield _compare(item, db.find_file(path, generation), options)
    roots = [os.path.abspath(argument) for argument in arguments if argument != STANDARD_INPUT]
    kept = [os.path.abspath(name) for name in unlisted]
    dropped = [STANDARD_INPUT if name == STANDARD_INPUT else os.path.abspath(name) for name in forget]
    gone = [
        row
        for row in db.unseen(generation)
        if ((row.root in roots or is_under(row.path, roots)) and not is_under(row.path, kept))
        or (row.root in dropped or is_under(row.path, dropped))
    ]
    for row in gone:
        yield Change("remove", row.name, known=row)


def is_under(path: str, folders: Iterable[str]) -> bool:
    """Whether `path` is one of `folders` or lies in one."""
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


def _compare(source: Source, known: FileRow | None, options: ReadOptions) -> Change:
    if known is None:
        return Change("add", source.name, source)
    if source.path is None or _asks_again(known, options):
        return Change("update", source.name, source, known)
    if (source.size, source.mtime_ns) == (known.size, known.mtime_ns):
        return Change("keep", source.name, source, known)
    try:
        same = source.size == known.size and sha256_of(source) == known.sha256
    except Refused as refused:
        return Change("skip", source.name, source, known, Skipped(source.name, refused.kind, refused.reason))
    return Change("touch" if same else "update", source.name, source, known)


def _asks_again(known: FileRow, options: ReadOptions) -> bool:
    """New options are tried on what was refused before; on what was read, only if there are any."""
    return options.to_json() != known.options and (known.skipped_kind is not None or options != ReadOptions())


def sha256_of(source: Source) -> str:
    """Digest of a file's bytes, lower-case hexadecimal. Raises Refused where it cannot be read."""
    with open_source(source) as stream:
        return hashlib.file_digest(cast(io.BufferedReader, stream), "sha256").hexdigest()


def _is_storable(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
