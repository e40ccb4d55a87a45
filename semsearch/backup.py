"""A copy of an index, made while it is asked and built: one generation, whole, and an index itself."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from semsearch.errors import UsageError
from semsearch.files import flush, flush_tree, require_new
from semsearch.index import Reader, Writer, exists, named_files

_LEFTOVERS: Final = ("lock", "README.md", ".gitignore")
"""What a folder may hold that has no index (any more)."""


def backup(folder: str | os.PathLike[str], target: str | os.PathLike[str]) -> int:
    """Copy the newest generation of the index in `folder` to the new folder `target`; returns the generation.

    `target` appears whole or not at all, and can be opened like any index. A build may go on meanwhile.
    Raises UsageError where `target` exists and is not empty, IndexNotFound, and IndexDamaged where what is to be copied
    is damaged.
    """
    folder, target = Path(folder), Path(target).absolute()
    require_new(target)
    reader = Reader(folder)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as unfinished:
            generation = _copy(reader, Path(unfinished))
            with suppress(FileNotFoundError):
                target.rmdir()
            os.rename(unfinished, target)
            Path(unfinished).mkdir()  # for the block to remove
        flush(target.parent)
        return generation
    finally:
        reader.close()


def restore(saved: str | os.PathLike[str], folder: str | os.PathLike[str]) -> int:
    """Put a backup where an index is to be; returns its generation. Raises UsageError where one is already."""
    if exists(Path(folder)):
        raise UsageError(f"there is an index at {folder}: move it away first, or name another with --index")
    if any(Path(folder, name).exists() for name in _LEFTOVERS):
        return _restore_into(Path(saved), Path(folder))
    return backup(saved, folder)


def _restore_into(saved: Path, folder: Path) -> int:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as scratch:
        whole = Path(scratch) / "index"
        generation = backup(saved, whole)
        for path in sorted(whole.iterdir(), key=lambda path: path.name == "semsearch.db"):  # last what makes it one
            if path.name != "lock":
                os.rename(path, folder / path.name)
    flush(folder)
    return generation


def _copy(reader: Reader, unfinished: Path) -> int:
    """Database and derived files of one generation; what is missing or damaged of these is made again from it."""
    with reader.database() as (generation, db):
        db.copy_to(unfinished)
        names = named_files(db)
        for name in names:
            with suppress(FileNotFoundError, shutil.Error):  # a build has just cleared it away
                source = reader.folder / name
                (shutil.copytree if source.is_dir() else shutil.copyfile)(source, unfinished / name)
    with Writer.open(unfinished):
        pass
    (unfinished / "lock").unlink()
    flush_tree(unfinished)
    return generation
