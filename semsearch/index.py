"""An index folder: the database and what is derived from it, opened and published as one consistent whole.

Files: `semsearch.db` (the truth); `vectors-<generation>.faiss`, of large indexes `codes-<generation>.faiss`,
`traits-<generation>.bin` and `words-<generation>/` (derived); `lock` (held while a build writes).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from semsearch import analysis, calibration, traits, words
from semsearch.database import Database
from semsearch.errors import IndexBusy, IndexDamaged, IndexInaccessible, IndexNotFound, ModelMismatch, UsageError
from semsearch.files import flush, is_intact, size
from semsearch.protocols import Ids, Vectors
from semsearch.records import ModelFingerprint
from semsearch.sqlite import FILE_NAME, RETRY, named
from semsearch.traits import Traits
from semsearch.vectors import ENOUGH_FOR_CODES, FlatVectors, write_codes

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class View:
    """One generation of an index. Good inside the `with` block of `Reader.view` that made it."""

    generation: int
    fingerprint: ModelFingerprint
    database: Database
    vectors: FlatVectors
    traits: Traits
    words: words.WordIndex

    @property
    def usual(self) -> dict[str, list[float]]:
        """Cosines of unrelated passages: mean and standard deviation by pair of languages."""
        return dict(self.database.meta("unrelated"))


class Reader:
    """An index open for reading. Notices by itself when a build has published a new generation."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Open the index in `folder`. Raises IndexNotFound, IndexDamaged or FormatMismatch."""
        self.folder = Path(folder)
        self._lock = threading.RLock()
        self._open()

    def _open(self) -> None:
        self._file = file_id(self.folder)
        self._database = Database.open_to_read(self.folder)
        self._view: View | None = None
        if not self._database.generation:
            self._database.close()
            raise IndexNotFound(f"the first build of {self.folder} has not finished: run `semsearch build` again")

    def _follow(self) -> None:
        """Open the database again where another one has taken its place: the index was deleted and made anew."""
        if file_id(self.folder) != self._file and not self._database.in_snapshot:
            self._database.close()
            self._open()

    def close(self) -> None:
        """Close the database; the reader is of no use afterwards."""
        self._database.close()

    @property
    def edition(self) -> tuple[object, int]:
        """Another one whenever another build answers; raises IndexDamaged where that cannot answer."""
        with self.view() as view:
            return self._file, view.generation

    @property
    def fingerprint(self) -> ModelFingerprint:
        """The model that made the vectors."""
        with self._lock:
            return ModelFingerprint(**self._database.meta("model"))

    @contextmanager
    def database(self) -> Iterator[tuple[int, Database]]:
        """The newest generation's number, and the database held at it; inside another such block, as there."""
        with self._lock:
            self._follow()
            with self._database.snapshot():
                yield self._database.generation, self._database

    @contextmanager
    def view(self) -> Iterator[View]:
        """The newest generation, the same one throughout the block. Threads take turns."""
        with self._lock:
            self._follow()
            for attempt in range(1, _ATTEMPTS + 1):
                with self._database.snapshot():
                    generation = self._database.generation
                    try:
                        view = self._opened(generation)
                    except IndexDamaged:
                        damaged = attempt
                    else:
                        yield view
                        return
                # A build may have published the next generation, and removed this one's file, in between.
                if self._database.generation == generation or damaged == _ATTEMPTS:
                    self._opened(generation)

    def _opened(self, generation: int) -> View:
        if self._view is None or self._view.generation != generation:
            vectors, recorded = self._database.meta("vectors"), self._database.meta("words")
            try:
                with ThreadPoolExecutor(1) as beside:  # all are read whole, to compare their digests
                    opening = beside.submit(_open_words, self.folder, recorded)
                    opened = _open_vectors(self.folder, vectors)
                    self._view = View(generation, self.fingerprint, self._database, *opened, opening.result())
            except FileNotFoundError as error:  # a build may be clearing it away
                raise IndexDamaged(f"{error.filename} is missing: run `semsearch build` to make it again") from error
            except OSError as error:
                raise _refused(error, self.folder, "read") from error
        return self._view

    def info(self) -> dict[str, Any]:
        """What the index holds and what made it, as plain values."""
        with self.database() as (generation, db):
            return {
                "index": str(self.folder),
                "generation": generation,
                **db.counts(generation),
                "model": asdict(self.fingerprint),
                **db.meta("build"),
                "sources": db.meta("roots"),
                "bytes": size(self.folder),
            }


class Writer:
    """An index open for a build: the only one at a time. Leaving the block without `publish` changes nothing."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database
        self.generation = database.generation
        """The generation that readers see."""
        self.mended: list[str] = []
        """Names of derived files that were missing or damaged, and were made again."""
        self.cleared: list[str] = []
        """Names of derived files that belonged to no generation, and were removed."""
        self.reads_again = False
        """Whether passages had gone astray in the database, so that a build must read every source again."""

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator[Writer]:
        """Take the lock, create the index if there is none, and clear what a killed build left behind.

        Raises IndexBusy, naming the holder, where another process builds this index, and UsageError for a folder
        whose name SQLite cannot open. Raises IndexInaccessible, in the block too, where the system refuses something.
        """
        if any("\udc80" <= c <= "\udcff" for c in str(folder.absolute())):
            raise UsageError(f"the name of {folder} is no UTF-8, which an index needs: choose another with --index")
        with _accessible(folder), _made(folder), _exclusive(folder / "lock"):
            database = Database.create_or_open(folder)
            try:
                writer = cls(folder, database)
                writer._recover()
                yield writer
            finally:
                database.close()

    @property
    def next_generation(self) -> int:
        """The generation being built."""
        return self.generation + 1

    @property
    def fingerprint(self) -> ModelFingerprint | None:
        """The model of the published generation; None before the first build."""
        recorded = self.database.meta("model")
        return ModelFingerprint(**recorded) if recorded else None

    def _recover(self) -> None:
        vectors = self.database.meta("vectors")
        self.cleared += self.remove_orphans()
        with self.database.transaction():
            self.database.discard_unfinished(self.generation)
        if not self.generation:
            return
        if not self.database.selects_as_before(self.generation):
            self.reads_again = True
            with self.database.transaction():
                self.database.read_again()
        made = _files_of(vectors)
        if broken := [each["file"] for each in made if not is_intact(self.folder / each["file"], each["sha256"])]:
            self.mended += broken
            with self.database.transaction():
                self.database.put_meta({"vectors": self._write_vectors(self.generation, vectors["dimension"])})
        if not _are_intact(self.folder, self.database.meta("words")):
            self.mended.append(f"words-{self.generation}")
            with self.database.transaction():
                self.database.put_meta({"words": self._write_words(self.generation)})

    def publish(self, fingerprint: ModelFingerprint, meta: dict[str, Any]) -> None:
        """Make the next generation the one that readers see, then clear away the one before.

        `meta` is stored with it. Until the one small transaction in the middle is durable, readers and a crash
        see the old generation; from then on the new one.
        """
        generation = self.next_generation
        vectors = self._write_vectors(generation, fingerprint.dimension)
        word_index = self._write_words(generation, self.database.meta("words"))
        samples = self.database.sample_vectors(generation, fingerprint.dimension)
        selection, unrelated = self.database.selection(generation), calibration.measure(samples)
        derived = {"vectors": vectors, "words": word_index, "unrelated": unrelated, "selection": selection}
        with self.database.transaction(durable=True):
            self.database.put_meta({**meta, "model": asdict(fingerprint), **derived, "generation": generation})
        self.generation = generation
        with self.database.transaction():
            self.database.discard_unfinished(generation)
            self.database.drop_unused_vectors()
        self.remove_orphans()

    def remove_orphans(self) -> list[str]:
        """Remove the derived files that the published generation does not name; returns their names."""
        kept = named_files(self.database)
        orphans = [path for path in derived_files(self.folder) if path.name not in kept]
        for path in orphans:
            _remove(path)
        return [path.name for path in orphans]

    def _write_vectors(self, generation: int, dimension: int) -> dict[str, Any]:
        path = self.folder / f"vectors-{generation}.faiss"
        unfinished = path.with_suffix(".tmp")
        count = self.database.vector_count(generation)
        named = self.folder / f"traits-{generation}.bin"
        with traits.Writer(named.with_suffix(".tmp")) as beside:

            def batches() -> Iterator[tuple[Ids, Vectors]]:
                for ids, part, own in self.database.vectors(generation, dimension):
                    beside.add(own)
                    yield ids, part

            sha256 = FlatVectors.write(unfinished, dimension, count, batches())
            made = {"traits": {"file": named.name, "sha256": beside.finish()}, "codes": None}
        os.replace(named.with_suffix(".tmp"), named)
        if count >= ENOUGH_FOR_CODES and dimension % 2 == 0:
            coded = self.folder / f"codes-{generation}.faiss"
            code_sha256 = write_codes(coded.with_suffix(".tmp"), unfinished, dimension, count)
            made["codes"] = {"file": coded.name, "sha256": code_sha256}
            os.replace(coded.with_suffix(".tmp"), coded)
        os.replace(unfinished, path)
        flush(self.folder)
        return {"file": path.name, "sha256": sha256, "count": count, "dimension": dimension, **made}

    def _write_words(self, generation: int, before: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write the word index of `generation`, all of it, or upon the one `before`."""
        path = self.folder / f"words-{generation}"
        unfinished = path.with_suffix(".tmp")
        held = None
        if before:
            fresh, gone = self.database.word_entries(generation, generation), self.database.died(generation)
            held = words.write(unfinished, fresh, self.folder / before["folder"], gone)
            if held != self.database.vector_count(generation):  # of a file that was lost: nobody said that it died
                _remove(unfinished)
                held = None
        if held is None:
            words.write(unfinished, self.database.word_entries(generation))
        if path.exists():
            _remove(path)
        os.replace(unfinished, path)
        flush(self.folder)
        return {"folder": path.name, "sha256": words.digests(path), "analysis": analysis.VERSION}


def require_same_model(found: ModelFingerprint, index: ModelFingerprint, folder: Path) -> None:
    """Raise ModelMismatch, with both sides, unless vectors of the two models can be compared."""
    if found.space != index.space:
        raise ModelMismatch(
            f"{folder} was built with {index}, this query would use {found}: "
            f"use the model it was built with, or run `semsearch build --index {folder} --model {found.name}`"
        )


def named_files(database: Database) -> set[str]:
    """Names of the derived files and folders of the published generation."""
    vectors, word_index = database.meta("vectors"), database.meta("words")
    return {word_index["folder"], *(made["file"] for made in _files_of(vectors))} if vectors and word_index else set()


def derived_files(folder: Path) -> list[Path]:
    """What looks like a derived file or folder of any generation."""
    patterns = ("*.faiss", "traits-*", "words-*", "*.tmp")
    return sorted({path for pattern in patterns for path in folder.glob(pattern)})  # words-7.tmp is one thing


def file_id(folder: Path) -> tuple[int, int] | None:
    """What tells the database in `folder` from one that takes its place; None where there is none."""
    try:
        found = (folder / FILE_NAME).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def exists(folder: Path) -> bool:
    """Whether there is an index, finished or not, in `folder`."""
    return (folder / FILE_NAME).is_file()


@contextmanager
def _accessible(folder: Path) -> Iterator[None]:
    """Turn what the system refuses into an error that names the file and says what to do."""
    try:
        with named(folder / FILE_NAME):
            yield
    except OSError as error:
        raise _refused(error, folder, "read or written") from error


def _refused(error: OSError, folder: Path, done: str) -> IndexInaccessible:
    what = f"{error.filename or folder} cannot be {done}: {error.strerror or error}"
    return IndexInaccessible(f"{what}: {RETRY}")


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make a folder where there is none, and wait until the disk has its name."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in new:
        with suppress(PermissionError):  # a folder in which one may write, and not look
            flush(path.parent)
    yield


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file. The kernel lets go of it when the process ends, however it ends."""
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise IndexBusy(f"{path.parent} is being built by {_holder(path)}: wait until it has finished") from error
        file.truncate(0)
        json.dump({"pid": os.getpid(), "host": os.uname().nodename, "since": time.strftime("%H:%M:%S")}, file)
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _holder(path: Path) -> str:
    with suppress(OSError, ValueError, KeyError):
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    return "another process"


def _files_of(vectors: dict[str, Any]) -> list[dict[str, str]]:
    """The vectors' file, that of the traits and, where there is one, that of the codes."""
    return [vectors, vectors["traits"], *([vectors["codes"]] if vectors["codes"] else [])]


def _are_intact(folder: Path, recorded: dict[str, Any] | None) -> bool:
    if recorded is None or recorded["analysis"] != analysis.VERSION or not (folder / recorded["folder"]).is_dir():
        return False
    return bool(words.digests(folder / recorded["folder"]) == recorded["sha256"])


def _open_vectors(folder: Path, recorded: dict[str, Any]) -> tuple[FlatVectors, Traits]:
    vectors = FlatVectors.open(folder / recorded["file"], recorded["sha256"])
    if codes := recorded["codes"]:
        vectors.use_codes(folder / codes["file"], codes["sha256"])
    own = recorded["traits"]
    return vectors, Traits.open(folder / own["file"], own["sha256"])


def _open_words(folder: Path, recorded: dict[str, Any] | None) -> words.WordIndex:
    if not _are_intact(folder, recorded):
        name = recorded["folder"] if recorded else "the word index"
        raise IndexDamaged(f"{folder / name} is missing or has changed: run `semsearch build` to make it again")
    assert recorded
    return words.WordIndex(folder / recorded["folder"])


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()
