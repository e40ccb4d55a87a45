"""A disk that forgets: what a folder may hold after a power cut, by what had been flushed until then.

Modelled, for every call that makes, names, removes or flushes a file (`Recorder` takes a picture before each):

- a file's content is sure once the file was flushed (fsync), as it was then; later content is whole, half or gone;
- a name in a folder (made, moved, removed, linked) is sure once the folder was flushed; until then each change of names
  has happened or not, in any order: no change depends on an earlier one, except that a move within a folder is one
  change, which never shows both names or none;
- what native code (tantivy, FAISS) writes is seen in the next picture, and counts as not flushed although it may be;
- SQLite's own files are taken as they are at that moment, or as they were after the last transaction that waited for
  the disk: SQLite promises the second, and the first is what most disks will have.

Not modelled: a flushed file that the disk lost all the same, sectors written in part, SQLite's own order of writes.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from itertools import combinations
from pathlib import Path
from typing import Any

from semsearch.sqlite import FILE_NAME, SqliteFile

SQLITE = (FILE_NAME, f"{FILE_NAME}-wal")
_IGNORED = ("lock", f"{FILE_NAME}-shm", f"{FILE_NAME}-journal")
_CALLS = ("replace", "rename", "unlink", "remove", "mkdir", "rmdir", "link", "symlink", "fsync")
_FEW = 4

Names = dict[str, int]
Change = tuple[int, int]


@dataclass
class Picture:
    """A moment: `folders` and `files` are what every process sees, by the number of the folder or file; `sure_*` is
    what a power cut leaves. Contents are known by their digest. Numbers are never used twice."""

    before: str
    """The call that comes next."""
    folders: dict[int, Names]
    files: dict[int, str]
    sure_folders: dict[int, Names]
    sure_files: dict[int, str]
    sqlite: dict[str, str]
    sure_sqlite: dict[str, str]


@dataclass
class Recorder:
    """Watches what this process does to the folder `root`, between `recording()` and its end."""

    root: Path
    pictures: list[Picture] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    _numbers: dict[int, int] = field(default_factory=dict)
    _made: int = 0
    _sure_folders: dict[int, Names] = field(default_factory=dict)
    _sure_files: dict[int, str] = field(default_factory=dict)
    _sure_sqlite: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Take a picture before every call, and one at the end. What lies in `root` now is on the disk."""
        first = self._look("start")
        self._sure_folders = {number: dict(names) for number, names in first.folders.items()}
        self._sure_files, self._sure_sqlite = dict(first.files), dict(first.sqlite)
        real = {name: getattr(os, name) for name in _CALLS}
        transaction = SqliteFile.transaction
        for name in _CALLS:
            setattr(os, name, self._watched(name, real[name]))
        SqliteFile.transaction = self._durable(transaction)  # type: ignore[method-assign]
        try:
            yield
        finally:
            for name in _CALLS:
                setattr(os, name, real[name])
            SqliteFile.transaction = transaction  # type: ignore[method-assign]
        self.pictures.append(self._look("end"))

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def watched(*arguments: Any, **more: Any) -> Any:
            self.pictures.append(picture := self._look(f"{name} {arguments[0]}"))
            inode = os.fstat(arguments[0]).st_ino if name == "fsync" else 0
            done = call(*arguments, **more)
            if (number := self._numbers.get(inode)) in picture.folders:
                self._sure_folders[number] = dict(picture.folders[number])
            elif number in picture.files:
                self._sure_files[number] = picture.files[number]
            return done

        return watched

    def _durable(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def transaction(db: SqliteFile, *, durable: bool = False) -> Iterator[None]:
            with real(db, durable=durable):
                yield
            self.pictures.append(picture := self._look("after a transaction"))
            if durable:
                self._sure_sqlite = picture.sqlite

        return transaction

    def _look(self, before: str) -> Picture:
        picture = Picture(before, {}, {}, dict(self._sure_folders), dict(self._sure_files), {}, self._sure_sqlite)
        seen: dict[int, int] = {}
        self._look_into(str(self.root), picture, seen)
        self._numbers = seen
        return picture

    def _look_into(self, folder: str, picture: Picture, seen: dict[int, int]) -> int:
        own = self._number(os.stat(folder).st_ino, seen)
        names = picture.folders[own] = {}
        with os.scandir(folder) as found:
            for entry in found:
                if entry.name in _IGNORED or entry.name.endswith(".lock"):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    names[entry.name] = self._look_into(entry.path, picture, seen)
                    continue
                try:
                    content = Path(entry.path).read_bytes()
                except FileNotFoundError:
                    continue  # tantivy has just cleared it away
                digest = self._keep(content)
                if entry.name in SQLITE:
                    picture.sqlite[entry.name] = digest
                else:
                    names[entry.name] = number = self._number(entry.inode(), seen)
                    picture.files[number] = digest
        return own

    def _number(self, inode: int, seen: dict[int, int]) -> int:
        """A file keeps its number; an inode that was free in the picture before gets a new one."""
        if inode not in seen:
            self._made += 1
            seen[inode] = self._numbers.get(inode, self._made)
        return seen[inode]

    def _keep(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self.blobs.setdefault(digest, content)
        return digest

    # ---- what may be left

    def leftovers(self, picture: Picture, chance: random.Random) -> Iterator[dict[str, str]]:
        """What a power cut in this moment may leave: digests by path below `root`; folders end in `/`."""
        for torn in ("whole", "half", "gone"):
            for kept in _choices(_changes(picture), chance):
                tree = dict(self._tree(picture, 1, "", kept, torn))
                for sqlite in (picture.sqlite, picture.sure_sqlite):
                    yield tree | _beside(tree, sqlite)

    def _tree(
        self, picture: Picture, folder: int, path: str, kept: set[Change], torn: str
    ) -> Iterator[tuple[str, str]]:
        now, sure = picture.folders.get(folder), picture.sure_folders.get(folder, {})
        if now is None:
            names = sure  # removed since, but not for sure
        else:
            names = {}
            for name in {*now, *sure}:
                source = now if now.get(name) == sure.get(name) or _change_of(folder, name, now, sure) in kept else sure
                if name in source:
                    names[name] = source[name]
        for name, number in names.items():
            if number in picture.folders or (number in picture.sure_folders and number not in picture.files):
                yield f"{path}{name}/", ""
                yield from self._tree(picture, number, f"{path}{name}/", kept, torn)
            else:
                yield f"{path}{name}", self._content(picture, number, torn)

    def _content(self, picture: Picture, number: int, torn: str) -> str:
        sure, now = picture.sure_files.get(number), picture.files.get(number)
        if now is None or now == sure:
            return sure or self._keep(b"")
        content = self.blobs[now]
        return (
            now
            if torn == "whole"
            else self._keep(content[: len(content) // 2])
            if torn == "half"
            else sure or self._keep(b"")
        )

    def lay_out(self, left: Mapping[str, str], target: Path) -> None:
        """Make what is left of it under `target`."""
        target.mkdir(parents=True)
        for path in sorted(left):
            if path.endswith("/"):
                (target / path).mkdir(parents=True, exist_ok=True)
        for path, digest in left.items():
            if not path.endswith("/"):
                (target / path).write_bytes(self.blobs[digest])


def _beside(tree: Mapping[str, str], sqlite: Mapping[str, str]) -> dict[str, str]:
    """SQLite's files, in the one folder that is the index, where that is there."""
    folder = next((path for path in tree if path.count("/") == 1 and path.endswith("/")), None)
    return {folder + name: digest for name, digest in sqlite.items()} if folder else {}


def _change_of(folder: int, name: str, now: Names, sure: Names) -> Change:
    """Which change of names this one belongs to: in its folder, that of the file that got the name, or else lost it."""
    return folder, now.get(name) or sure[name]


def _changes(picture: Picture) -> list[Change]:
    """The changes of names that are not sure, each by the folder and the number of what was named, moved or removed."""
    found: dict[Change, None] = {}
    for folder, now in picture.folders.items():
        sure = picture.sure_folders.get(folder, {})
        for name in {*now, *sure}:
            if now.get(name) != sure.get(name):
                found[_change_of(folder, name, now, sure)] = None
    return sorted(found)


def _choices(changes: list[Change], chance: random.Random) -> Iterator[set[Change]]:
    """Sets of changes that have happened: all sets of few, of many none, all, all but one, one alone, and some sets."""
    if len(changes) <= _FEW:
        for size in range(len(changes) + 1):
            yield from map(set, combinations(changes, size))
        return
    yield set()
    yield set(changes)
    for change in changes if len(changes) <= 2 * _FEW else chance.sample(changes, _FEW):
        yield {change}
        yield set(changes) - {change}
    for _ in range(_FEW):
        yield {change for change in changes if chance.random() < 0.5}
