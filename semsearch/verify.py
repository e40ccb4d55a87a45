"""Proving an index: every passage against the file on disk, every vector, and the files against each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from semsearch.changes import STANDARD_INPUT, sha256_of
from semsearch.database import Database
from semsearch.embedders.checking import unusable
from semsearch.errors import IndexDamaged, Refused
from semsearch.index import Reader, View, derived_files, named_files
from semsearch.offsets import places
from semsearch.readers import reader_for
from semsearch.records import Article, FileRow, Passage, ReadOptions, Source, Span
from semsearch.sources import open_source
from semsearch.traits import ordinal

_TOGETHER: Final = 4096


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as the index says.

    `kind`: `changed` or `missing` (a source on disk), `offsets` (a passage that its file does not hold where the
    index says), `vectors`, `traits`, `words` or `database` (the index itself), `orphan` (a file in its folder that no
    generation names).
    """

    kind: str
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` looked at and what it found wrong; good where `problems` is empty."""

    files: int
    passages: int
    unchecked: tuple[str, ...]
    """Sources that exist only in the index: standard input."""
    problems: tuple[Problem, ...]


def verify(folder: str | os.PathLike[str], progress: Callable[[int, str], None] | None = None) -> Verification:
    """Check the index in `folder` against the files it was built from.

    For each source whose bytes are those that were indexed, every passage is cut out of the file again, by bytes,
    code points, UTF-16 units and lines; sources that have changed or vanished are named. Vectors and traits must be
    those of the database, vectors finite and of unit length, and the word index must have as many entries as there are
    passages. Raises IndexNotFound, FormatMismatch, or IndexDamaged where the database itself cannot be read.
    `progress(files_done, name)` is called for each file.
    """
    files = passages = 0
    unchecked: list[str] = []
    problems: list[Problem] = []
    reader = Reader(folder)
    try:
        with reader.database() as (generation, db):
            problems += [Problem("database", str(reader.folder), line) for line in db.defects(generation)]
            named = named_files(db)
        try:
            with reader.view() as view:
                problems += _check_counts(view)
                if not problems:  # what is wrong so far would show in rows as well
                    problems += _check_rows(view)
        except IndexDamaged as damaged:
            problems.append(Problem("vectors", str(reader.folder), str(damaged)))
        orphans = [path.name for path in derived_files(reader.folder) if path.name not in named]
        problems += [Problem("orphan", name, "belongs to no generation") for name in orphans]
        with reader.database() as (generation, db):
            for row in indexed_files(db, generation):
                files += 1
                try:
                    db.check_articles(row.id)
                    own = list(db.passages_of(row.id, generation))
                    passages += len(own)
                    if row.path == STANDARD_INPUT:
                        unchecked.append(row.name)
                    else:
                        problems += check_file(db, row, own)
                except IndexDamaged as damaged:
                    problems.append(Problem("database", row.name, str(damaged)))
                if progress:
                    progress(files, row.name)
    finally:
        reader.close()
    return Verification(files, passages, tuple(unchecked), tuple(problems))


def indexed_files(db: Database, generation: int) -> Iterator[FileRow]:
    """The files of a generation that were not skipped."""
    last = 0
    while row := db.next_file(last, generation):
        last = row.id
        if row.skipped_kind is None:
            yield row


def _check_counts(view: View) -> Iterator[Problem]:
    passages = view.database.vector_count(view.generation)
    for name, count in (("vectors", len(view.vectors)), ("traits", len(view.traits)), ("words", len(view.words))):
        if count != passages:
            yield Problem(name, "index", f"{passages} passages but {count} that have {name}")


def _check_rows(view: View) -> Iterator[Problem]:
    """Hold the files of vectors and of traits against the database."""
    bad = other_vectors = other_traits = start = 0
    stored = view.database.vectors(view.generation, view.fingerprint.dimension, _TOGETHER)
    for (ids, vectors, traits), (own_ids, own) in zip(stored, view.vectors.batches(_TOGETHER), strict=True):
        rows = np.arange(start, start + len(ids))
        start += len(ids)
        bad += len(unusable(own))
        other_vectors += int(np.count_nonzero((ids != own_ids) | (vectors != own).any(axis=1)))
        held = zip(view.traits.langs(rows), view.traits.days(rows).tolist(), view.traits.tokens(rows), strict=True)
        said = ((one.lang, ordinal(one.date), one.tokens) for one in traits)
        other_traits += sum(one != other for one, other in zip(said, held, strict=True))
    if bad:
        yield Problem("vectors", "index", f"{bad} vectors are not finite and of unit length")
    for name, count in (("vectors", other_vectors), ("traits", other_traits)):
        if count:
            yield Problem(name, "index", f"{count} passages have other {name} than the database says")


def check_file(db: Database, row: FileRow, passages: Sequence[Passage]) -> Iterator[Problem]:
    """Hold the passages of a file against it."""
    source = Source(row.name, Path(row.path), row.root, row.size, row.mtime_ns)
    if not os.path.lexists(row.path):
        yield Problem("missing", row.name, "is no longer there")
        return
    try:
        changed = sha256_of(source) != row.sha256
    except Refused as refused:
        yield Problem("missing", row.name, refused.reason)
        return
    if changed:
        yield Problem("changed", row.name, "is not the file that was indexed: run `semsearch build`")
        return
    try:
        if any(passage.locator for passage in passages):
            yield from _check_container(source, ReadOptions.from_json(row.options), passages)
        else:
            for article in db.articles(row.id):
                yield from _check_text(source, article, passages)
    except (ValueError, TypeError, LookupError) as error:  # what is not told in a passage's checksum
        yield Problem("database", row.name, f"what is known of the file has changed: {error}")


def _check_text(source: Source, article: Article, passages: Sequence[Passage]) -> Iterator[Problem]:
    with open_source(source) as stream:
        raw = stream.read()
    whole = raw[article.byte_origin :].decode(article.encoding)
    expected = places(article, [Span(passage.start, passage.end) for passage in passages])
    for passage, place in zip(passages, expected, strict=True):
        by_bytes = raw[passage.place.byte_start : passage.place.byte_end].decode(passage.encoding, "replace")
        if not (whole[passage.start : passage.end] == by_bytes == passage.text and place == passage.place):
            yield _elsewhere(source, passage)


def _check_container(source: Source, options: ReadOptions, passages: Sequence[Passage]) -> Iterator[Problem]:
    """Extract the articles again, in one pass, and look for the passages of each at their places."""
    waiting: dict[str | None, list[Passage]] = {}
    for passage in passages:
        waiting.setdefault(passage.locator, []).append(passage)
    with open_source(source) as stream:
        for article in reader_for(source.name)(stream, options):
            if isinstance(article, Article):
                for passage in waiting.pop(article.locator, []):
                    if article.text[passage.start : passage.end] != passage.text:
                        yield _elsewhere(source, passage)
    for lost in waiting.values():
        yield from (_elsewhere(source, passage) for passage in lost)


def _elsewhere(source: Source, passage: Passage) -> Problem:
    place = f", {passage.locator}" if passage.locator else f":{passage.place.line_start}"
    return Problem("offsets", source.name + place, f"passage {passage.id} is not where the index says")
