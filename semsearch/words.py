"""Word search: one inverted index of tantivy per language, ranked by BM25. Nothing else imports tantivy.

The languages are kept apart so that a word is as rare as it is in its language, however much there is of the others,
and so that each is asked for its best. A generation is a folder of these; segments never change, so the next generation
starts as hard links to the one before.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from semsearch.analysing import analysed
from semsearch.errors import IndexDamaged, IndexInaccessible
from semsearch.files import digest, flush_tree
from semsearch.protocols import Ids, Vectors
from semsearch.records import Filters, WordEntry

if TYPE_CHECKING:
    from types import ModuleType

_HEAP_BYTES: Final = 64 << 20
"""What a language's new words may take before they are written as a segment. In one segment rather than in three to
seven, 34,000 passages are searched in half the time; the merging of many would take as much memory as this."""
_K1: Final = 1.2
"""BM25's saturation, fixed in tantivy (as b = 0.75): no word adds more than idf * (k1 + 1)."""
_REMEMBERED: Final = 1 << 15
_OWN_FILES: Final = ("meta.json", ".managed.json")

Idf = Callable[[str], float | None]
"""How rare an index word is in one language; None where no passage has it."""


class WordIndex:
    """The word indexes of one generation, open for reading."""

    def __init__(self, folder: Path) -> None:
        """Open what `write` made in `folder`. Raises IndexDamaged."""
        self._tantivy = _tantivy()
        self._schema = _schema()
        self._searchers: dict[str, Any] = {}
        self._idf: dict[str, Idf] = {}
        for path in sorted(folder.iterdir()):
            try:
                self._searchers[path.name] = searcher = self._open(path)
            except (ValueError, OSError) as error:
                raise IndexDamaged(f"{path} cannot be read by tantivy: {error}") from error
            self._idf[path.name] = lru_cache(_REMEMBERED)(partial(_idf, searcher))

    def _open(self, path: Path) -> Any:
        """A searcher. Where nobody may write, tantivy cannot make its lock file; there it reads through links."""
        try:
            return self._tantivy.Index.open(str(path)).searcher()
        except ValueError as error:
            if "Lockfile" not in str(error):
                raise
        shadow = tempfile.mkdtemp(prefix="semsearch-")
        weakref.finalize(self, shutil.rmtree, shadow, ignore_errors=True)
        for file in path.iterdir():
            if not file.name.endswith(".lock"):
                (Path(shadow) / file.name).symlink_to(file.absolute())
        return self._tantivy.Index.open(shadow).searcher()

    def __len__(self) -> int:
        return sum(int(searcher.num_docs) for searcher in self._searchers.values())

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that have passages."""
        return tuple(self._searchers)

    def idf(self, lang: str) -> Idf:
        """Tells how rare a word is among the passages in `lang`."""
        return self._idf[lang]

    def search(
        self, lang: str, weights: Mapping[str, float], k: int, filters: Filters, files: Sequence[int] | None = None
    ) -> tuple[Vectors, Ids]:
        """The best `k` passages in `lang` that hold any of the words, by BM25 with each word's part weighted.

        Of `filters` the dates are applied, and `files` (ids; None: all) stands for its source.
        Returns scores (float32) and ids (int64), best first, both of one length <= `k`.
        """
        query_of, schema = self._tantivy.Query, self._schema
        words = [
            query_of.boost_query(query_of.term_query(schema, "words", word, "freq"), weight)
            for word, weight in weights.items()
            if weight > 0
        ]
        if not words or lang not in self._searchers:
            return np.empty(0, np.float32), np.empty(0, np.int64)
        query = self._any(words)
        if conditions := list(self._conditions(filters, files)):
            query = query_of.boolean_query([(self._tantivy.Occur.Must, part) for part in (query, *conditions)])
        searcher = self._searchers[lang]
        hits = searcher.search(query, limit=k, count=False).hits
        ids = searcher.fast_field_values("id", [address for _, address in hits])
        return np.array([score for score, _ in hits], np.float32), np.array(ids, np.int64)

    def _any(self, queries: Sequence[Any]) -> Any:
        should = self._tantivy.Occur.Should
        return self._tantivy.Query.boolean_query([(should, query) for query in queries])

    def _conditions(self, filters: Filters, files: Sequence[int] | None) -> Iterator[Any]:
        """Queries that admit and do not score."""
        query_of = self._tantivy.Query
        if filters.since or filters.until:
            first = filters.since.toordinal() if filters.since else 1
            last = filters.until.toordinal() if filters.until else None
            days = query_of.range_query(self._schema, "day", self._tantivy.FieldType.Unsigned, first, last)
            yield query_of.const_score_query(days, 0.0)
        if files is not None:
            yield query_of.const_score_query(query_of.term_set_query(self._schema, "file", list(files)), 0.0)


def _idf(searcher: Any, word: str) -> float | None:
    """ln(1 + (N - n + 0.5) / (n + 0.5)), as BM25 has it."""
    holding = int(searcher.doc_freq("words", word))
    count = max(int(searcher.num_docs), holding)  # deleted passages still count for their words
    return math.log(1 + (count - holding + 0.5) / (holding + 0.5)) if holding else None


def most(idf: float) -> float:
    """The most that a word of this idf can add to a passage's score."""
    return idf * (_K1 + 1)


def write(folder: Path, entries: Iterable[WordEntry], before: Path | None = None, gone: Iterable[int] = ()) -> int:
    """Make word indexes of `entries` in `folder`; with `before`, of its entries too, without those of files `gone`.

    `before` stays as it is. When this returns, the disk has everything. Returns how many passages there are.
    """
    folder.mkdir()
    if before:
        _link(before, folder)
    try:
        writers = _Writers(folder)
        for file_id in gone:
            writers.remove(file_id)
        for entry, words in analysed(entries):
            writers.add(entry, words)
        count = writers.finish()
    except ValueError as error:  # tantivy has no other
        raise IndexInaccessible(f"tantivy cannot write {folder}: {error}: run the same command again") from error
    for lock in list(folder.rglob("*.lock")):
        lock.unlink()
    flush_tree(folder)
    return count


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in `folder`, by its path in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock"))
    return {path.relative_to(folder).as_posix(): digest(path) for path in files}


class _Writers:
    """One tantivy writer per language, opened when it is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._schema = folder, _schema()
        self._writers: dict[str, Any] = {path.name: _writer(path) for path in sorted(folder.iterdir())}

    def remove(self, file_id: int) -> None:
        of_file = _tantivy().Query.term_query(self._schema, "file", file_id)
        for writer in self._writers.values():
            writer.delete_documents_by_query(of_file)

    def add(self, entry: WordEntry, words: str) -> None:
        """File a passage under its index words, which stand between spaces."""
        writer = self._writers.get(entry.lang)
        if writer is None:
            path = self._folder / entry.lang
            path.mkdir()
            writer = self._writers[entry.lang] = _writer(path)
        document = _tantivy().Document()
        document.add_unsigned("id", entry.id)
        document.add_unsigned("file", entry.file_id)
        document.add_unsigned("day", entry.date.toordinal() if entry.date else 0)
        document.add_text("words", words)
        writer.add_document(document)

    def finish(self) -> int:
        """Make it durable; a language without a passage leaves no folder. Returns how many passages there are."""
        total = 0
        for lang, writer in self._writers.items():
            writer.commit()
            writer.garbage_collect_files()
            writer.wait_merging_threads()
            count = int(_tantivy().Index(_schema(), str(self._folder / lang)).searcher().num_docs)
            total += count
            if not count:
                shutil.rmtree(self._folder / lang)
        return total


def _writer(path: Path) -> Any:
    return _tantivy().Index(_schema(), str(path)).writer(_HEAP_BYTES, 1)


def _schema() -> Any:
    builder = _tantivy().SchemaBuilder()
    builder.add_unsigned_field("id", fast=True)
    builder.add_unsigned_field("file", indexed=True)
    builder.add_unsigned_field("day", indexed=True, fast=True)
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    return builder.build()


def _link(before: Path, folder: Path) -> None:
    """The files of one generation in the next: hard links, but copies of the two that tantivy replaces."""
    for path in sorted(before.rglob("*")):
        target = folder / path.relative_to(before)
        if path.name.endswith(".lock"):
            continue
        if path.is_dir():
            target.mkdir()
        elif path.name in _OWN_FILES:
            shutil.copyfile(path, target)
        else:
            try:
                os.link(path, target)
            except OSError:
                shutil.copyfile(path, target)


def _tantivy() -> ModuleType:
    import tantivy

    return tantivy
