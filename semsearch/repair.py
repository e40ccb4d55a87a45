"""Mending an index: what is derived is made again, and what has changed in the database is read again from its file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from semsearch.build import Progress, build
from semsearch.changes import STANDARD_INPUT
from semsearch.database import Database
from semsearch.errors import IndexDamaged, IndexNotFound
from semsearch.index import Writer, exists
from semsearch.records import FileRow
from semsearch.sqlite import FILE_NAME, REMEDY
from semsearch.verify import check_file, indexed_files

_LAST_RESORT: Final = "restore a backup, or build the index again in an empty folder"


@dataclass(frozen=True, slots=True)
class Repair:
    """What was made again: derived files by name, the number of vectors, and the sources that were read again."""

    derived: tuple[str, ...] = ()
    vectors: int = 0
    sources: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.derived or self.vectors or self.sources)


def repair(folder: str | os.PathLike[str], progress: Callable[[Progress], None] | None = None) -> Repair:
    """Make the index in `folder` whole again, as far as its sources are there.

    Files that no generation names are removed; vector and word indexes that are missing or damaged are made from the
    database, and SQLite's own indexes from its tables; vectors that have changed are computed anew, and sources whose
    passages have changed, or are not where the index says, are read again.
    Raises IndexNotFound, IndexBusy, and IndexDamaged, with what to do, where the database itself cannot be mended:
    pages of its tables are torn, or a source that must be read again is gone.
    """
    folder = Path(folder)
    if not exists(folder):
        raise IndexNotFound(f"no index at {folder}: make one with `semsearch build SOURCE --index {folder}`")
    try:
        return _mend(folder, progress)
    except IndexDamaged as damaged:
        raise IndexDamaged(str(damaged).replace(REMEDY, _LAST_RESORT)) from damaged


def _mend(folder: Path, progress: Callable[[Progress], None] | None) -> Repair:
    with Writer.open(folder) as writer:
        db, generation = writer.database, writer.generation
        if torn := db.torn():
            db.rewrite()
            db.check(not db.torn(), "the order of its pages")
            db.check_selection(generation)
        derived = (*([FILE_NAME] if torn else []), *writer.mended, *writer.cleared)
        with db.transaction():
            damaged = db.damaged_vectors()
            db.forget_vectors(damaged)
            sources = db.damaged_files(generation)
            sources += [row for row in _misread(db, generation) if row not in sources]
            gone = [row.name for row in sources if row.path != STANDARD_INPUT and not os.path.lexists(row.path)]
            if gone or any(row.path == STANDARD_INPUT for row in sources):
                raise IndexDamaged(
                    f"{folder} cannot be mended: {', '.join(gone) or 'standard input'} must be read again and is gone: "
                    + _LAST_RESORT
                )
            for row in sources:
                db.read_again(row.id)
    if sources or writer.reads_again:
        build(index=folder, progress=progress)
    return Repair(derived, len(damaged), tuple(row.name for row in sources))


def _misread(db: Database, generation: int) -> Iterator[FileRow]:
    """Files that do not hold their passages where the index says, and those that a build would take for unchanged."""
    for row in indexed_files(db, generation):
        if row.path == STANDARD_INPUT or not os.path.lexists(row.path):
            continue
        try:
            found = {problem.kind for problem in check_file(db, row, list(db.passages_of(row.id, generation)))}
            now = os.stat(row.path)
            same = (now.st_size, now.st_mtime_ns) == (row.size, row.mtime_ns)
        except (IndexDamaged, OSError):
            continue  # known already, or not to be read today
        if found - {"missing", "changed"} or ("changed" in found and same):
            yield row
