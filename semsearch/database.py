"""The truth of an index: one SQLite database in WAL mode.

A file that was read, with its articles and passages, carries the generation in which it appeared (`born`) and,
once replaced or removed, the one in which it disappeared (`died`). A build writes the rows of the next
generation in small commits that no reader looks at; one last transaction moves `generation` on. A build that
was killed leaves rows of a generation that never came, which the next build removes; the vectors, kept by the
hash of what was embedded, stay and are not computed again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby, islice
from typing import Any
from zlib import crc32

import numpy as np

from semsearch import filtering
from semsearch.checksums import intact, of_article, of_shown
from semsearch.errors import IndexDamaged
from semsearch.protocols import Ids, Vectors
from semsearch.records import (
    Article,
    FileRow,
    Filters,
    FullArticle,
    Passage,
    Place,
    Skipped,
    Source,
    Trait,
    WordEntry,
)
from semsearch.sqlite import JOINED as _JOINED
from semsearch.sqlite import LIVE as _LIVE
from semsearch.sqlite import SqliteFile, insert

_KEYS_PER_STATEMENT = 500

_READ = "text, title, date, lang, body_start, encoding, byte_origin, locator, external_id, url, raw"
_ARTICLE = f"{_READ}, detected_lang, article_crc"
_PLACE = 'start, "end", byte_start, byte_end, start_utf16, end_utf16, line_start, line_end'
_PASSAGE = f"""
SELECT article_id, start, "end", passages.id, pid, name, title, date, passages.lang, encoding, locator, url,
       external_id, aid, {_PLACE}, crc
FROM {_JOINED}
"""


class Database(SqliteFile):
    """What semsearch asks of the file: generations, articles, passages, vectors."""

    def counts(self, generation: int) -> dict[str, Any]:
        """Files, articles and passages of a generation, passages per language, and the range of dates."""
        now = {"generation": generation}
        one = self._db.execute
        langs = one(f"SELECT passages.lang, count(*) FROM {_JOINED} WHERE {_LIVE} GROUP BY 1 ORDER BY 2 DESC", now)
        articles = one(
            "SELECT count(*), min(date), max(date) FROM articles JOIN files ON files.id = file_id WHERE " + _LIVE, now
        ).fetchone()
        files = one(f"SELECT count(*), count(skipped_kind) FROM files WHERE {_LIVE}", now).fetchone()
        by_lang = dict(langs.fetchall())
        return {
            "files": files[0] - files[1],
            "skipped": files[1],
            "articles": articles[0],
            "passages": sum(by_lang.values()),
            "languages": by_lang,
            "first_date": articles[1],
            "last_date": articles[2],
        }

    def defects(self, generation: int) -> list[str]:
        """What SQLite finds wrong with its own file, and the vectors of a generation that have changed, a line each."""
        found = self.torn()
        if not self.selects_as_before(generation):
            found.append("what filters go by has changed since it was written")
        if damaged := len(self.damaged_vectors()):
            found.append(f"{damaged} vectors have changed since they were written")
        without = f"SELECT count(*) FROM {_JOINED} LEFT JOIN vectors ON vectors.key = passages.key WHERE {_LIVE}"
        missing = self._db.execute(f"{without} AND vectors.key IS NULL", {"generation": generation}).fetchone()[0]
        return [*found, *([f"{missing} passages have no vector"] if missing else [])]

    def damaged_vectors(self) -> list[int]:
        """Row ids of the vectors that have changed, or whose tokens have, since they were written."""
        rows = self._db.execute("SELECT id, vector, vector_crc, tokens, tokens_crc FROM vectors")
        return [row_id for row_id, *pairs in rows if not (intact(*pairs[:2]) and intact(*pairs[2:]))]

    def damaged_files(self, generation: int) -> list[FileRow]:
        """The files of a generation with a passage that has changed, or has no vector."""
        found = []
        for row in self._files("ORDER BY id", generation):
            keys = [key for (key,) in self._db.execute(f"SELECT key FROM {_JOINED} WHERE files.id = ?", (row.id,))]
            try:
                self.check_articles(row.id)
                complete = len(list(self.passages_of(row.id, generation))) == len(keys)
            except IndexDamaged:
                complete = False
            if not complete or self.missing_vectors(keys):
                found.append(row)
        return found

    def forget_vectors(self, ids: Sequence[int]) -> None:
        """Remove vectors; a build embeds again what needs them, in the files that it reads."""
        self._db.executemany("DELETE FROM vectors WHERE id = ?", ((row_id,) for row_id in ids))

    def read_again(self, file_id: int | None = None) -> None:
        """Let the next build read a file, though it has not changed; or every file."""
        again = "UPDATE files SET size = -1, mtime_ns = 0, sha256 = '' WHERE id = :id OR :id IS NULL"
        self._db.execute(again, {"id": file_id})

    # ---- a build: the rows of the next generation

    def discard_unfinished(self, generation: int) -> None:
        """Remove what a killed build left behind, and what died before `generation`; vectors in use stay."""
        self._db.execute("DELETE FROM files WHERE born > ? OR died <= ?", (generation, generation))
        self._db.execute("UPDATE files SET died = NULL WHERE died > ?", (generation,))

    def find_file(self, path: str, generation: int) -> FileRow | None:
        """The file of a generation at `path`."""
        return next(self._files("AND path = :path", generation, path=path), None)

    def next_file(self, after: int, generation: int, *, staying: bool = False) -> FileRow | None:
        """The first file behind id `after` in `generation`; with `staying` one that is not replaced in the next."""
        condition = "AND died IS NULL" if staying else ""
        return next(self._files(f"{condition} AND id > :after ORDER BY id LIMIT 1", generation, after=after), None)

    def _files(self, condition: str, generation: int, **values: Any) -> Iterator[FileRow]:
        columns = "id, path, name, root, options, size, mtime_ns, sha256, skipped_kind, skipped_reason"
        statement = f"SELECT {columns} FROM files WHERE {_LIVE} {condition}"
        for row in self._db.execute(statement, {"generation": generation, **values}):
            yield FileRow(*row)

    def add_file(self, path: str, source: Source, options: str, born: int) -> int:
        """Store a file that is about to be read, to be settled when it has been; returns its id."""
        values = (path, source.name, source.root, options, source.size, source.mtime_ns, "", born)
        statement = insert("files", "path, name, root, options, size, mtime_ns, sha256, born")
        return int(self._db.execute(statement, values).lastrowid or 0)

    def settle_file(self, file_id: int, sha256: str, skipped: Skipped | None = None) -> None:
        """Complete a file that has been read; with `skipped` it has no articles, and why."""
        if skipped:
            self._db.execute("DELETE FROM articles WHERE file_id = ?", (file_id,))
        values = (sha256, *((skipped.kind, skipped.reason) if skipped else (None, None)), file_id)
        self._db.execute("UPDATE files SET sha256 = ?, skipped_kind = ?, skipped_reason = ? WHERE id = ?", values)

    def copy_file(self, file_id: int, born: int) -> int:
        """The row of a file again, without its articles, as a file of the generation `born`; returns its id."""
        columns = "path, name, root, options, size, mtime_ns, sha256, skipped_kind, skipped_reason"
        statement = f"INSERT INTO files ({columns}, born) SELECT {columns}, ? FROM files WHERE id = ?"
        return int(self._db.execute(statement, (born, file_id)).lastrowid or 0)

    def touch_file(self, file_id: int, source: Source) -> None:
        """Note a new modification time of a file whose content is the same."""
        values = (source.size, source.mtime_ns, source.root, file_id)
        self._db.execute("UPDATE files SET size = ?, mtime_ns = ?, root = ? WHERE id = ?", values)

    def retire_file(self, file_id: int, generation: int) -> None:
        """Let a file disappear in `generation`."""
        self._db.execute("UPDATE files SET died = ? WHERE id = ?", (generation, file_id))

    def mark_seen(self, path: str) -> bool:
        """Note that the walk found `path`; False where it had found it before."""
        self._db.execute("CREATE TEMP TABLE IF NOT EXISTS seen (path TEXT PRIMARY KEY) WITHOUT ROWID")
        return self._db.execute("INSERT OR IGNORE INTO seen VALUES (?)", (path,)).rowcount == 1

    def unseen(self, generation: int) -> Iterator[FileRow]:
        """The files of a generation that the walk did not find."""
        self._db.execute("CREATE TEMP TABLE IF NOT EXISTS seen (path TEXT PRIMARY KEY) WITHOUT ROWID")
        return self._files("AND path NOT IN (SELECT path FROM seen)", generation)

    def add_article(self, file_id: int, aid: str, article: Article, detected_lang: str) -> int:
        """Store an article under its public id; returns its row id."""
        day = article.date.isoformat() if article.date else None
        values = (
            *(file_id, aid, article.text, article.title, day, article.lang, article.body_start, article.encoding),
            *(article.byte_origin, article.locator, article.external_id, article.url, article.raw),
            *(detected_lang, of_article(article, detected_lang)),
        )
        return int(self._db.execute(insert("articles", f"file_id, aid, {_ARTICLE}"), values).lastrowid or 0)

    def add_passages(self, article_id: int, passages: Iterable[tuple[bytes, Passage]]) -> None:
        """Store the passages of an article, in their order, each with the key of its vector."""
        rows = ((article_id, p.id, key, p.lang, *p.place, of_shown(p)) for key, p in passages)
        columns = f"article_id, pid, key, lang, {_PLACE}, crc"
        self._db.executemany(insert("passages", columns), rows)

    def missing_vectors(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of `keys` that have no vector yet."""
        missing = set(keys)
        for start in range(0, len(keys), _KEYS_PER_STATEMENT):
            part = keys[start : start + _KEYS_PER_STATEMENT]
            marks = ",".join("?" * len(part))
            missing -= {row[0] for row in self._db.execute(f"SELECT key FROM vectors WHERE key IN ({marks})", part)}
        return missing

    def add_vectors(self, keys: Sequence[bytes], vectors: Vectors, tokens: Sequence[bytes]) -> None:
        """Store one float32 vector per key, and the tokens that go with it."""
        rows = (
            (key, vector, crc32(vector), own, crc32(own))
            for key, vector, own in zip(keys, map(bytes, vectors), tokens, strict=True)
        )
        columns = "key, vector, vector_crc, tokens, tokens_crc"
        self._db.executemany(f"INSERT OR IGNORE INTO vectors ({columns}) VALUES (?, ?, ?, ?, ?)", rows)

    def drop_unused_vectors(self) -> None:
        """Remove the vectors that no passage of any generation uses."""
        used = "SELECT 1 FROM passages WHERE passages.key = vectors.key"
        self._db.execute(f"DELETE FROM vectors WHERE NOT EXISTS ({used})")

    # ---- reading a generation

    def articles(self, file_id: int) -> Iterator[Article]:
        """The articles of a file, as they were read."""
        ids = self._db.execute("SELECT id FROM articles WHERE file_id = ? ORDER BY id", (file_id,)).fetchall()
        for row_id in ids:
            row = self._db.execute(f"SELECT {_ARTICLE} FROM articles WHERE id = ?", row_id).fetchone()
            self.check(row is not None, f"the list of articles of file {file_id}")
            yield self._article(row)

    def check_articles(self, file_id: int) -> None:
        """Raise IndexDamaged where an article of a file is not as it was read."""
        sum(1 for _ in self.articles(file_id))

    def vector_count(self, generation: int) -> int:
        """How many passages a generation has."""
        now = {"generation": generation}
        return int(self._db.execute(f"SELECT count(*) FROM {_JOINED} WHERE {_LIVE}", now).fetchone()[0])

    def vectors(self, generation: int, dimension: int, batch: int = 4096) -> Iterator[tuple[Ids, Vectors, list[Trait]]]:
        """Passage ids, ascending, their vectors and their traits: (n,), (n, dimension) and n, n <= `batch`."""
        statement = (
            "SELECT passages.id, vector, vector_crc, tokens, tokens_crc, passages.lang, date"
            f" FROM {_JOINED} JOIN vectors ON vectors.key = passages.key WHERE {_LIVE} ORDER BY passages.id"
        )
        rows = self._db.execute(statement, {"generation": generation})
        while part := list(islice(rows, batch)):
            whole = all(intact(*row[1:3]) and intact(*row[3:5]) for row in part)
            self.check(whole, "a vector, or the tokens beside it,")
            matrix = np.frombuffer(b"".join(row[1] for row in part), dtype=np.float32).reshape(len(part), dimension)
            traits = [Trait(lang, self._day(day), tokens) for *_, tokens, _, lang, day in part]
            yield np.fromiter((row[0] for row in part), np.int64, len(part)), matrix, traits

    def sample_vectors(self, generation: int, dimension: int, about: int = 512) -> dict[str, Vectors]:
        """Some vectors of each language, spread over a generation; in all about so many times three."""
        step = max(1, self.vector_count(generation) // (3 * about))
        statement = (
            f"SELECT passages.lang, vector FROM {_JOINED} JOIN vectors ON vectors.key = passages.key"
            f" WHERE passages.id % :step = 0 AND {_LIVE}"
        )
        found: dict[str, list[bytes]] = {}
        for lang, vector in self._db.execute(statement, {"generation": generation, "step": step}):
            found.setdefault(lang, []).append(vector)
        return {
            lang: np.frombuffer(b"".join(rows[:about]), np.float32).reshape(-1, dimension)
            for lang, rows in found.items()
        }

    def word_entries(self, generation: int, born: int | None = None) -> Iterator[WordEntry]:
        """What the word index holds of a generation; with `born`, only of the files that appeared in that one."""
        condition = "" if born is None else " AND files.born = :born"
        statement = (
            'SELECT article_id, start, "end", passages.id, files.id, passages.lang, date, title'
            f" FROM {_JOINED} WHERE {_LIVE}{condition} ORDER BY passages.id"
        )
        rows = self._db.execute(statement, {"generation": generation, "born": born})
        for text, (row_id, file_id, lang, day, title) in self._cut(rows):
            yield WordEntry(row_id, file_id, lang, self._day(day), f"{title}\n{text}")

    def died(self, generation: int) -> list[int]:
        """Ids of the files that disappear in `generation`."""
        return [row[0] for row in self._db.execute("SELECT id FROM files WHERE died = ?", (generation,))]

    def matching_files(self, source: str, generation: int) -> list[int]:
        """Ids of the files of a generation whose name matches a glob; see `Filters.source`."""
        self.check_selection(generation)
        values = {"generation": generation, **filtering.values(Filters(source=source))}
        rows = self._db.execute(f"SELECT id FROM files WHERE {_LIVE} AND {filtering.NAMED}", values)
        return [row[0] for row in rows]

    def allowed(self, filters: Filters, generation: int) -> Ids:
        """Ids, ascending, of the passages that `filters` admit."""
        self.check_selection(generation)
        where, values = " AND ".join([_LIVE, *filtering.conditions(filters)]), filtering.values(filters)
        statement = f"SELECT passages.id FROM {_JOINED} WHERE {where} ORDER BY 1"
        rows = self._db.execute(statement, {"generation": generation, **values})
        return np.fromiter((row[0] for row in rows), np.int64)

    def passages(self, ids: Sequence[int], generation: int) -> dict[int, Passage]:
        """The passages with these ids, by id."""
        wanted = "passages.id IN (SELECT value FROM json_each(:ids))"  # one statement, which SQLite compiles once
        found = dict(self._passages(f"{wanted} AND {_LIVE}", ids=json.dumps(list(ids)), generation=generation))
        self.check(found.keys() >= set(ids), "the list of passages")
        return found

    def find_passage(self, pid: str, generation: int) -> tuple[int, Passage] | None:
        """The passage with a public id, behind its row id."""
        found = next(self._passages(f"pid = :pid AND {_LIVE}", pid=pid, generation=generation), None)
        if found is None:
            self.check_names(generation)
        return found

    def around(self, row_id: int, reach: int, generation: int) -> list[Passage]:
        """Up to `reach` passages before and behind one of the same article, itself among them; they stand in a row."""
        self.check_selection(generation)
        same = "article_id = (SELECT article_id FROM passages WHERE id = :row)"
        near = f"SELECT id FROM passages NOT INDEXED WHERE id BETWEEN :row - :reach AND :row + :reach AND {same}"
        rows = self._db.execute(near, {"row": row_id, "reach": reach})
        found = self.passages([row[0] for row in rows], generation)
        return [found[i] for i in sorted(found)]

    def find_article(self, aid: str, generation: int) -> FullArticle | None:
        """The article with a public id, with its passages."""
        where = f"JOIN files ON files.id = file_id WHERE aid = :aid AND {_LIVE}"
        statement = f"SELECT articles.id, name, {_ARTICLE} FROM articles {where}"
        row = self._db.execute(statement, {"aid": aid, "generation": generation}).fetchone()
        if row is None:
            self.check_names(generation)
            return None
        row_id, name, *_, detected, _crc = row
        own = dict(self._passages("article_id = :article", article=row_id))
        self.check_whole(row_id, list(own))
        read, passages = self._article(row[2:]), tuple(own.values())
        self.check(all(passage.article == aid for passage in passages), f"the article {read.title!r}")
        about = (read.title, read.date, read.lang or detected, read.encoding, read.locator, read.url, read.external_id)
        return FullArticle(aid, read.text, name, *about, passages)

    def next_passages(self, after: int, generation: int) -> dict[int, Passage]:
        """By id, the passages behind one, up to the end of a file; files and what is in them follow each other."""
        following = self._passages(f"passages.id > :after AND {_LIVE}", after=after, generation=generation)
        return dict(next(groupby(following, key=lambda one: one[1].source), ("", ()))[1])

    def passages_of(self, file_id: int, generation: int) -> Iterator[Passage]:
        """Every passage of a file, in reading order."""
        for _, passage in self._passages(f"files.id = :file AND {_LIVE}", file=file_id, generation=generation):
            yield passage

    def _article(self, row: Sequence[Any]) -> Article:
        """An article from its row. Raises IndexDamaged where anything of it has changed since it was stored."""
        text, title, day, *columns, detected_lang, crc = row
        article = Article(text, title, self._day(day), *columns)
        self.check(of_article(article, detected_lang) == crc, f"the article {title!r}")
        return article

    def _passages(self, condition: str, **values: Any) -> Iterator[tuple[int, Passage]]:
        """Passages behind their row ids, in the order of these."""
        rows = self._db.execute(f"{_PASSAGE} WHERE {condition} ORDER BY passages.id", values)
        for text, (row_id, *row) in self._cut(rows):
            yield row_id, self._passage(text, row)

    def _cut(self, rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, Sequence[Any]]]:
        """The texts of passages, and what follows the article, start and end in the row of each.

        An article is read once for all its passages that follow each other: it may be long, and they many.
        """
        last, text = None, ""
        for article_id, start, end, *row in rows:
            if article_id != last:
                last, found = article_id, self._db.execute("SELECT text FROM articles WHERE id = ?", (article_id,))
                text = str(found.fetchone()[0])
            self.check(isinstance(start, int) and isinstance(end, int), f"a place in article {article_id}")
            yield text[start:end], row

    def _passage(self, text: str, row: Sequence[Any]) -> Passage:
        """A passage from its row. Raises IndexDamaged where anything of it has changed since it was stored."""
        pid, source, title, day, lang, encoding, locator, url, external_id, aid, *place, crc = row
        passage = Passage(
            pid, text, source, title, self._day(day), lang, Place(*place), encoding, locator, url, external_id, aid
        )
        self.check(of_shown(passage) == crc, f"passage {pid}")
        return passage

    def _day(self, value: object) -> date | None:
        try:
            return date.fromisoformat(str(value)) if value else None
        except ValueError:
            self.check(False, f"the date {value!r}")
            raise
