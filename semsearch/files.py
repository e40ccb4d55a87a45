"""Files that are published whole: digests, and writing to the disk before anyone is told."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from semsearch.errors import IndexDamaged, UsageError


class Hashing:
    """A new file whose digest is known when it has been written, without reading it again."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Append to the file."""
        self._hash.update(data)
        self._file.write(data)

    def finish(self) -> str:
        """Wait until the disk has the file; returns its SHA-256, lower-case hexadecimal."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._hash.hexdigest()


def digest(path: Path) -> str:
    """SHA-256 of a file, lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_intact(path: Path, sha256: str) -> bool:
    """Whether a file is there, and what it was when `sha256` was taken."""
    return path.is_file() and digest(path) == sha256


def require_intact(path: Path, sha256: str) -> None:
    """Raise IndexDamaged where a derived file is missing, or differs in a single bit."""
    if not is_intact(path, sha256):
        state = "has changed since it was built" if path.is_file() else "is missing"
        raise IndexDamaged(f"{path} {state}: run `semsearch build` to make it again")


def size(folder: Path) -> int:
    """Bytes of all files in a folder, also while another process makes and removes some: those that go do not count."""
    total = 0
    for parent, _, names in os.walk(folder):  # goes on where a folder has gone, as `Path.rglob` does not
        for name in names:
            with suppress(FileNotFoundError):
                total += os.stat(os.path.join(parent, name)).st_size
    return total


def flush_tree(folder: Path) -> None:
    """Wait until the disk has everything in a folder, and its names."""
    for path in (*folder.rglob("*"), folder):
        flush(path)


def flush(path: Path) -> None:
    """Wait until the disk has the file, or the names in the folder, at `path`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def require_new(folder: Path) -> None:
    """Raise UsageError where `folder` is a file, or holds something."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder that is to be made")
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name a folder that is to be made")
