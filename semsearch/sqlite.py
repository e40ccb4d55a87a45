"""The SQLite file under an index: schema and format, opening, transactions. The only importer of sqlite3."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self
from zlib import crc32

from semsearch.errors import FormatMismatch, IndexDamaged, IndexInaccessible, IndexNotFound

FILE_NAME: Final = "semsearch.db"
FORMAT: Final = 5
REMEDY: Final = "run `semsearch repair`, or restore a backup"
RETRY: Final = "see to that, then run the same command again"
_CACHE_KIB: Final = 16 << 10
_CHECKPOINT_PAGES: Final = 8 << 10

LIVE: Final = "(files.born <= :generation AND (files.died IS NULL OR files.died > :generation))"
JOINED: Final = "passages JOIN articles ON articles.id = passages.article_id JOIN files ON files.id = articles.file_id"
_CHOSEN_BY: Final = ("passages.id || ' '", "article_id || ' '", "file_id || ' '", "passages.lang", "coalesce(date, '')")
_SELECTION: Final = (
    f"SELECT {' || '.join(_CHOSEN_BY)} AS said FROM {JOINED} WHERE {LIVE} ORDER BY passages.id",
    f"SELECT id || ' ' || name AS said FROM files WHERE {LIVE} ORDER BY id",
)

_STORED: Final = ("generation", "model", "build", "roots", "vectors", "words", "unrelated", "selection")
"""What every finished build says of itself; a row that has gone would be taken for the first build's."""

_REFUSALS: Final = {
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM),
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM),
}
"""What SQLite says where nothing is wrong with the file, but the system would not let it work."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL, name TEXT NOT NULL, root TEXT NOT NULL, options TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL,
    skipped_kind TEXT, skipped_reason TEXT,
    born INTEGER NOT NULL, died INTEGER
);
CREATE INDEX files_path ON files (path);
CREATE TABLE articles (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    aid TEXT NOT NULL, locator TEXT, title TEXT NOT NULL, date TEXT, lang TEXT, detected_lang TEXT NOT NULL,
    body_start INTEGER NOT NULL, encoding TEXT NOT NULL, byte_origin INTEGER NOT NULL,
    url TEXT, external_id TEXT, raw BLOB, text TEXT NOT NULL, article_crc INTEGER NOT NULL
);
CREATE INDEX articles_file ON articles (file_id);
CREATE INDEX articles_aid ON articles (aid);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    pid TEXT NOT NULL, key BLOB NOT NULL, lang TEXT NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, byte_start INTEGER NOT NULL, byte_end INTEGER NOT NULL,
    start_utf16 INTEGER NOT NULL, end_utf16 INTEGER NOT NULL, line_start INTEGER NOT NULL, line_end INTEGER NOT NULL,
    crc INTEGER NOT NULL
);
CREATE INDEX passages_article ON passages (article_id);
CREATE INDEX passages_pid ON passages (pid);
CREATE INDEX passages_key ON passages (key);
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL, vector_crc INTEGER NOT NULL,
    tokens BLOB NOT NULL, tokens_crc INTEGER NOT NULL
);
"""


class SqliteFile:
    """One connection to an index's database. Threads must take turns with it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self.path = path
        self._selection_checked = self._names_checked = 0

    @classmethod
    def create_or_open(cls, folder: Path) -> Self:
        """Open for writing; a new database is created with the current format."""
        path = folder / FILE_NAME
        with named(path):
            db = cls(connect(f"{path.absolute().as_uri()}?mode=rwc"), path)
            db._db.execute("PRAGMA journal_mode = WAL")
            db._db.execute("PRAGMA synchronous = NORMAL")
            db._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            db._db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            db._db.execute("PRAGMA foreign_keys = ON")
            if not db._db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").fetchone():
                db._create()
        db._check_format()
        return db

    @classmethod
    def open_to_read(cls, folder: Path) -> Self:
        """Open for reading. Works on a read-only folder too, as long as no build writes to it meanwhile."""
        path = folder / FILE_NAME
        if not path.is_file():
            raise IndexNotFound(f"no index at {folder}: make one with `semsearch build SOURCE --index {folder}`")
        with named(path):
            db = cls(_connect_read_only(path), path)
            if not db._db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").fetchone():
                raise IndexNotFound(f"the index at {folder} was never finished: run `semsearch build` again")
        db._check_format()
        return db

    @classmethod
    def in_memory(cls) -> Self:
        """An empty index that exists nowhere."""
        db = cls(connect("file::memory:"), Path(":memory:"))
        db._create()
        return db

    def _create(self) -> None:
        with self.transaction():
            for statement in _SCHEMA.split(";\n"):
                if statement.strip():
                    self._db.execute(statement)
            self.put_meta({"format": FORMAT, "generation": 0})

    def _check_format(self) -> None:
        with named(self.path):  # nothing but this is the same in every format
            stored = dict(self._db.execute("SELECT key, value FROM meta").fetchall())
        found = int(stored["format"]) if str(stored.get("format")).isdecimal() else None
        if found != FORMAT:
            newer = isinstance(found, int) and found > FORMAT
            remedy = "update semsearch" if newer else "build the index again in an empty folder"
            raise FormatMismatch(f"{self.path} has format {found}, this semsearch reads format {FORMAT}: {remedy}")
        if stored.get("generation") != "0":
            for key in _STORED:
                self.check(key in stored, f"what it says of {key!r}")

    def copy_to(self, folder: Path) -> None:
        """Copy the database, as this connection sees it, into `folder`, durably."""
        path = folder / FILE_NAME
        with named(self.path):
            copy = connect(f"{path.absolute().as_uri()}?mode=rwc")
            try:
                self._db.backup(copy)
                copy.execute("PRAGMA journal_mode = WAL")
            finally:
                copy.close()

    def close(self) -> None:
        """Close the connection; the last one to close folds the write-ahead log into the database."""
        self._db.close()

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        """Everything inside is kept together, or not at all.

        A killed process loses nothing of it. A power cut may undo it, with all that came after it, unless
        `durable` waits until the disk has it.
        """
        with named(self.path):
            self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # where the disk is full, SQLite has rolled back by itself
                    self._db.execute("ROLLBACK")
                raise

    @property
    def in_snapshot(self) -> bool:
        """Whether a snapshot is being read, by the thread whose turn it is."""
        return self._db.in_transaction

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Every read inside sees one and the same state, whatever a build commits meanwhile; in another one, its."""
        if self.in_snapshot:
            yield
            return
        with named(self.path):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                if self._db.in_transaction:
                    self._db.execute("COMMIT")

    def meta(self, key: str, default: Any = None) -> Any:
        """A value stored under `key`: anything that JSON can hold."""
        with named(self.path):
            row = self._db.execute("SELECT value, crc FROM meta WHERE key = ?", (key,)).fetchone()
        if row is None:
            return default
        self.check(crc32(f"{key}={row[0]}".encode()) == row[1], f"what it says of {key!r}")
        return json.loads(row[0])

    def put_meta(self, values: dict[str, Any]) -> None:
        """Store values that JSON can hold, replacing those of the same keys."""
        texts = {key: json.dumps(value, ensure_ascii=False) for key, value in values.items()}
        rows = [(key, text, crc32(f"{key}={text}".encode())) for key, text in texts.items()]
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", rows)

    def selection(self, generation: int) -> int:
        """CRC-32 of what chooses passages: the article, file, language and date of each, and the files' names."""
        total = 0
        for part in _SELECTION:
            row = self._db.execute(f"SELECT group_concat(said, char(10)) FROM ({part})", {"generation": generation})
            total = crc32(str(row.fetchone()[0]).encode(), total)
        return total

    def check_selection(self, generation: int) -> None:
        """Raise IndexDamaged where what chooses passages has changed; looked at once in a generation.

        A passage's own checksum tells only where the passage is found; a changed date or language would hide it.
        """
        if self._selection_checked != generation:
            self.check(self.selects_as_before(generation), "what filters go by")
            self._selection_checked = generation

    def check_names(self, generation: int) -> None:
        """Raise IndexDamaged where the id of something that is there leads nowhere; looked at once in a generation."""
        if self._names_checked != generation:
            self.check_selection(generation)
            for table, name in (("passages", "pid"), ("articles", "aid")):
                led = f"{table} AS led INDEXED BY {table}_{name} WHERE led.{name} = own.{name} AND led.id = own.id"
                lost = f"SELECT 1 FROM {table} AS own NOT INDEXED WHERE NOT EXISTS (SELECT 1 FROM {led})"
                self.check(not self._db.execute(lost).fetchone(), "where ids lead")
            self._names_checked = generation

    def check_whole(self, article_id: int, ids: Sequence[int]) -> None:
        """Raise IndexDamaged unless these are all passages of an article, which stand in a row."""
        count = "SELECT count(*) FROM passages NOT INDEXED WHERE article_id = ?"
        near = f" AND id BETWEEN {min(ids) - 1} AND {max(ids) + 1}" if ids else ""
        there = self._db.execute(count + near, (article_id,)).fetchone()[0]
        self.check(there == len(ids), "the list of passages")

    def selects_as_before(self, generation: int) -> bool:
        """Whether what chooses passages is as it was when `generation` was published."""
        return bool(self.meta("selection") == self.selection(generation))

    def torn(self) -> list[str]:
        """What SQLite finds wrong with its own pages and indexes, a line each."""
        try:
            with named(self.path):
                return [line for (line,) in self._db.execute("PRAGMA integrity_check") if line != "ok"]
        except IndexDamaged as damaged:
            return [str(damaged)]

    def rewrite(self) -> None:
        """Make indexes again from what the tables hold, and then the whole file, with its free space in order."""
        with named(self.path):
            self._db.execute("REINDEX")
            self._db.execute("VACUUM")

    def check(self, intact: bool, what: str) -> None:
        """Raise IndexDamaged unless `what` is as it was written: SQLite itself would not notice a changed bit in it."""
        if not intact:
            raise IndexDamaged(f"{self.path} is damaged: {what} has changed since it was written: {REMEDY}")

    @property
    def generation(self) -> int:
        """The number of the last finished build; 0 before the first."""
        return int(self.meta("generation"))


def insert(table: str, columns: str) -> str:
    """A statement that puts a row into a table."""
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' for _ in columns.split(','))})"


def connect(uri: str) -> sqlite3.Connection:
    """A connection that commits only where it is told to."""
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30, check_same_thread=False)


def _connect_read_only(path: Path) -> sqlite3.Connection:
    """A connection that only reads, also where SQLite cannot.

    After a build was killed its log must be recovered, which takes the right to write. On a read-only disk without a
    log SQLite cannot keep its shared-memory file; there nobody can write, either.
    """
    uri = path.absolute().as_uri()
    connection = connect(f"{uri}?mode=ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema")
    except sqlite3.OperationalError:
        connection.close()
        log = path.with_name(f"{path.name}-wal")
        has_log = log.exists() and log.stat().st_size > 0
        connection = connect(f"{uri}?mode=rw" if has_log else f"{uri}?immutable=1")
        connection.execute("PRAGMA query_only = ON")
    return connection


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Turn SQLite's words into an error that names the file."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _REFUSALS:
            raise IndexInaccessible(f"{path} cannot be read or written: {error}: {RETRY}") from error
        raise IndexDamaged(f"{path} cannot be used: {error}: {REMEDY}") from error
