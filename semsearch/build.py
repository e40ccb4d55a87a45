"""Building an index: walk -> read -> chunk -> embed -> store, then one small commit that readers see."""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, cast

from semsearch import settings
from semsearch.changes import STANDARD_INPUT, Change, changes, is_under
from semsearch.chunking import ParagraphChunker
from semsearch.database import Database
from semsearch.embedders import load_embedder, load_recorded
from semsearch.embedders.checking import length_of, one_each, unusable
from semsearch.embedders.pipeline import Pipeline
from semsearch.errors import EmbeddingFailed, Refused, SourceNotFound
from semsearch.index import Writer, exists
from semsearch.languages import SAMPLE, detect
from semsearch.offsets import places
from semsearch.protocols import Embedder, Vectors
from semsearch.readers import reader_for
from semsearch.readers.limits import limited
from semsearch.records import Article, BuildReport, ModelFingerprint, Passage, Place, ReadOptions, Skipped, Source, Span
from semsearch.sources import open_source, walk

CHUNKING_VERSION = 1
_QUICK = 0.5
"""Seconds within which a batch lets the next be twice as large: with a slow model, little is lost by a kill."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is; handed to the `progress` callback after each file and each batch."""

    stage: str
    """`reading`, `embedding` or `publishing`."""
    files: int
    passages: int
    name: str = ""


def build(
    sources: Sequence[str | os.PathLike[str]] = (),
    index: str | os.PathLike[str] = settings.INDEX.default,
    model: str | Embedder | None = None,
    *,
    truncate_dim: int | None = None,
    options: ReadOptions | None = None,
    forget: Sequence[str] = (),
    dry_run: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> BuildReport:
    """Bring the index in folder `index` up to date with `sources`: add, update, prune.

    `sources` are files, folders, globs, or `-` for standard input; none means those the index was built from, or
    `seeds` for a new one. Files of these sources that have vanished leave the index, and so do those of `forget`.
    `model` is `bundled`, a sentence-transformers name or path, or an Embedder; None keeps the index's own.
    `truncate_dim` keeps that many dimensions of its vectors; None those of the index, or all.
    With `dry_run` nothing is written, and the report lists what would change.

    Killed at any moment, the index is the old one or the new one, and the next build goes on from there.
    Raises SourceNotFound, ModelUnavailable, IndexBusy, EmbeddingFailed.
    """
    started = time.perf_counter()
    folder, options = Path(index), options or ReadOptions()
    arguments = _arguments(sources, folder, forget)
    found = _walk(arguments, folder, given=bool(sources))
    if dry_run:
        return _rehearse(folder, found, arguments, options, forget)
    if not exists(folder):  # loaded first, so that a model that is not there leaves no folder behind
        model = _choose_model(model, truncate_dim, None)
    with Writer.open(folder) as writer:
        job = _Job(writer, _choose_model(model, truncate_dim, writer.fingerprint), options, progress or _silent)
        to_do = changes(writer.database, found, arguments, options, forget)
        job.embed_and_store(chain(job.read_changed(to_do), job.carry_over()))
        report = job.publish(arguments, forget)
    return replace(report, seconds=time.perf_counter() - started)


class _Job:
    """One build under way: it fills the writer's next generation, and counts."""

    def __init__(
        self, writer: Writer, embedder: Embedder, options: ReadOptions, progress: Callable[[Progress], None]
    ) -> None:
        self.writer, self.db, self.born = writer, writer.database, writer.next_generation
        self.embedder, self.options, self.progress = embedder, options, progress
        self.budget = min(settings.PASSAGE_TOKENS.default, embedder.max_tokens)
        self.chunk = ParagraphChunker(self.budget, embedder.count_tokens, settings.SHORT_WIDTH.default)
        self.chunking = {"version": CHUNKING_VERSION, "tokens": self.budget, "short": settings.SHORT_WIDTH.default}
        model = "\0".join(map(str, embedder.fingerprint.space))
        self.model_key = hashlib.sha256(model.encode()).digest()
        self.said = options.to_json()
        self.files = 0
        self.counts: Counter[str] = Counter()
        self.skipped: list[Skipped] = []

    # ---- walk -> read

    def read_changed(self, to_do: Iterable[Change]) -> Iterator[_NewText]:
        """Apply the changes one by one; yields the passages of the files that had to be read."""
        for change in to_do:
            self.counts[change.action] += 1
            if change.skipped:
                self.skipped.append(change.skipped)
            if change.action == "remove" and change.known:
                self.db.retire_file(change.known.id, self.born)
            elif change.action == "touch" and change.known and change.source:
                self.db.touch_file(change.known.id, change.source)
            elif change.action in ("add", "update") and change.source:
                yield from self._read_file(change, change.source)
            self.files += 1
            self.progress(Progress("reading", self.files, self.counts["passages"], change.name))

    def _read_file(self, change: Change, source: Source) -> Iterator[_NewText]:
        path = str(source.path) if source.path else STANDARD_INPUT
        file_id = self.db.add_file(path, source, self.said, self.born)
        refusal, sha256 = None, ""
        try:
            with open_source(source) as stream:
                digest = _Digesting(stream)
                reader = cast(BinaryIO, io.BufferedReader(digest, 1 << 16))
                yield from self._store_articles(file_id, source, reader)
                sha256 = digest.drained()
        except Refused as refused:
            refusal = Skipped(source.name, refused.kind, refused.reason)
            self.skipped.append(refusal)
        if refusal and refusal.kind == "unreadable" and change.known:
            self.db.retire_file(file_id, self.born)  # cannot be read today: what was read before stays
            return
        self.db.settle_file(file_id, sha256, refusal)
        if change.known:
            self.db.retire_file(change.known.id, self.born)

    def _store_articles(self, file_id: int, source: Source, stream: BinaryIO) -> Iterator[_NewText]:
        for item in limited(reader_for(source.name)(stream, self.options)):
            if isinstance(item, Skipped):
                self.skipped.append(replace(item, name=f"{source.name}, {item.name}"))
            else:
                yield from self._store_article(file_id, source.name, item)

    def carry_over(self) -> Iterator[_NewText]:
        """After a change of model or chunking, cut and embed again what was not read in this build.

        It comes from the database, so that nothing is lost of a source that is no longer there.
        """
        before = self.writer.fingerprint
        if before is None or (before.space == self.embedder.fingerprint.space and self._same_chunking()):
            return
        self.db.check(not self.db.torn(), "the order of its pages")
        last = 0
        while row := self.db.next_file(last, self.writer.generation, staying=True):
            last = row.id
            copy = self.db.copy_file(row.id, self.born)
            self.db.retire_file(row.id, self.born)
            self.counts["carried"] += 1
            for article in self.db.articles(row.id):
                yield from self._store_article(copy, row.name, article)

    def _same_chunking(self) -> bool:
        return bool(self.db.meta("build")["chunking"] == self.chunking)

    # ---- chunk

    def _store_article(self, file_id: int, name: str, article: Article) -> Iterator[_NewText]:
        """Store an article and its passages; yields what is to be embedded."""
        lang = article.lang or detect(article.text[article.body_start : article.body_start + SAMPLE])
        aid = _article_id(name, article.locator)
        article_id = self.db.add_article(file_id, aid, article, lang)
        shown = (article.encoding, article.locator, article.url, article.external_id, aid)
        context = _context(article)
        seen: Counter[str] = Counter()
        spans = self.chunk(article)
        for part in _parts(list(zip(spans, places(article, spans), strict=True))):
            texts = [article.text[span.start : span.end] for span, _ in part]
            keys = [self._key(context, text) for text in texts]
            rows = []
            for text, key, (_, place) in zip(texts, keys, part, strict=True):
                seen[text] += 1
                pid = _passage_id(name, article.locator, text, seen[text])
                own = detect(text)
                own = own if own != "und" else lang
                rows.append((key, Passage(pid, text, name, article.title, article.date, own, place, *shown)))
            self.db.add_passages(article_id, rows)
            for key, passage in rows:
                self.counts["passages"] += 1
                yield _NewText(key, context, passage.text, name, passage.place)

    def _key(self, context: str, text: str) -> bytes:
        content = f"{len(context)}\0{context}{text}".encode()
        return hashlib.blake2b(content, digest_size=16, key=self.model_key).digest()

    # ---- embed -> store

    def embed_and_store(self, passages: Iterator[_NewText]) -> None:
        """Make all passages and their vectors durable, batch by batch; one is embedded while the next is read."""
        new: list[_NewText] = []
        size, started = min(settings.FIRST_BATCH.default, settings.BATCH.default), time.monotonic()
        with Pipeline(self.embedder) as embedding:
            while True:
                with self.db.transaction():
                    batch = list(islice(passages, size))
                    if new:
                        vectors, tokens = embedding.result()
                        self.db.add_vectors([text.key for text in new], self._checked(new, vectors), tokens)
                    if new := self._without_vector(batch):
                        embedding.submit([text.text for text in new], [text.context for text in new])
                self.counts["embedded"] += len(new)
                if not batch:
                    return
                self.progress(Progress("embedding", self.files, self.counts["passages"]))
                if time.monotonic() - started < _QUICK:
                    size = min(2 * size, settings.BATCH.default)
                started = time.monotonic()

    def _without_vector(self, batch: Sequence[_NewText]) -> list[_NewText]:
        """Those of a batch whose vector must be computed, equal ones once."""
        missing = self.db.missing_vectors([text.key for text in batch])
        return list({text.key: text for text in batch if text.key in missing}.values())

    def _checked(self, new: Sequence[_NewText], vectors: Vectors) -> Vectors:
        vectors = one_each(self.embedder.fingerprint.name, vectors, len(new), self.embedder.dimension)
        if wrong := unusable(vectors):
            first = new[wrong[0]]
            raise EmbeddingFailed(
                f"{self.embedder.fingerprint.name} returned a vector of length {length_of(vectors[wrong[0]]):.3g} for "
                f"{first.name}:{first.place.line_start}: a usable one has length 1; nothing was published"
            )
        return vectors

    # ---- publish

    def publish(self, arguments: Sequence[str], forget: Sequence[str]) -> BuildReport:
        """Show readers what was built, unless nothing changed."""
        changed = any(self.counts[action] for action in ("add", "update", "remove", "carried"))
        if changed or not self.writer.generation:
            self.progress(Progress("publishing", self.files, self.counts["passages"]))
            build_info = {"built_at": datetime.now(UTC).isoformat(timespec="seconds"), "chunking": self.chunking}
            meta = {"build": build_info, "roots": _roots(self.db, arguments, forget)}
            self.writer.publish(self.embedder.fingerprint, meta)
        totals = self.db.counts(self.writer.generation)
        return BuildReport(
            added=self.counts["add"],
            updated=self.counts["update"],
            removed=self.counts["remove"],
            unchanged=self.counts["keep"] + self.counts["touch"],
            articles=totals["articles"],
            passages=totals["passages"],
            embedded=self.counts["embedded"],
            skipped=tuple(self.skipped),
            generation=self.writer.generation,
        )


@dataclass(frozen=True, slots=True)
class _NewText:
    """A passage on its way to the embedder."""

    key: bytes
    context: str
    text: str
    name: str
    place: Place


class _Digesting(io.RawIOBase):
    """Hashes what is read through it, so that a file is read once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._hash = stream, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        self._hash.update(data)
        buffer[: len(data)] = data
        return len(data)

    def drained(self) -> str:
        """SHA-256 of the whole stream, whose rest is read for it."""
        while data := self._stream.read(1 << 20):
            self._hash.update(data)
        return self._hash.hexdigest()


def _silent(_: Progress) -> None:
    """The progress callback of a program that did not give one."""


def _arguments(sources: Sequence[str | os.PathLike[str]], folder: Path, forget: Sequence[str]) -> list[str]:
    if sources:
        return [os.fspath(source) for source in sources]
    if not exists(folder):
        return [settings.SEEDS.default]
    db = Database.open_to_read(folder)
    try:
        roots = _roots(db, (), forget)
    finally:
        db.close()
    shown = (os.path.relpath(root) if is_under(root, [os.getcwd()]) else root for root in roots)
    return [root for root in shown if root != STANDARD_INPUT] or ([] if forget else [settings.SEEDS.default])


def _walk(arguments: Sequence[str], folder: Path, *, given: bool) -> Iterator[Source | Skipped]:
    try:
        return walk(arguments)
    except SourceNotFound as error:
        if given or not exists(folder):
            raise
        remedy = "if it is gone for good, drop what was indexed from it with `semsearch build --forget SOURCE`"
        raise SourceNotFound(f"{error}; {remedy}") from error


def _roots(db: Database, arguments: Sequence[str], forget: Sequence[str]) -> list[str]:
    """The sources an index is built from: absolute, in the order in which they were first given."""
    given = [STANDARD_INPUT if name == STANDARD_INPUT else os.path.abspath(name) for name in arguments]
    dropped = [STANDARD_INPUT if name == STANDARD_INPUT else os.path.abspath(name) for name in forget]
    return [root for root in dict.fromkeys([*db.meta("roots", []), *given]) if not is_under(root, dropped)]


def _choose_model(
    model: str | Embedder | None, truncate_dim: int | None, published: ModelFingerprint | None
) -> Embedder:
    if model is None and published and truncate_dim is None:
        return load_recorded(published)
    if model is None and published:
        prompts = {"query_prompt": published.query_prompt, "passage_prompt": published.passage_prompt}
        return load_embedder(published.name, **prompts, truncate_dim=truncate_dim)
    if model is None or isinstance(model, str):
        return load_embedder(model or settings.MODEL.default, truncate_dim=truncate_dim)
    return model


def _rehearse(
    folder: Path,
    found: Iterable[Source | Skipped],
    arguments: Sequence[str],
    options: ReadOptions,
    forget: Sequence[str],
) -> BuildReport:
    """What a build would do, told from file sizes, times and digests; nothing is parsed, embedded or written."""
    db = Database.open_to_read(folder) if exists(folder) else Database.in_memory()
    try:
        to_do = list(changes(db, found, arguments, options, forget))
        generation = db.generation
        totals = db.counts(generation)
    finally:
        db.close()
    counts = Counter(change.action for change in to_do)
    return BuildReport(
        added=counts["add"],
        updated=counts["update"],
        removed=counts["remove"],
        unchanged=counts["keep"] + counts["touch"],
        articles=totals["articles"],
        passages=totals["passages"],
        skipped=tuple(change.skipped for change in to_do if change.skipped),
        generation=generation,
        dry_run=True,
        changes=tuple((c.action, c.name) for c in to_do if c.action in ("add", "update", "remove")),
    )


def _context(article: Article) -> str:
    """Headline and date, which tell the embedder what a paragraph is about without being part of it."""
    day = article.date.isoformat() if article.date else ""
    return f"{day} {article.title}".strip()


def _article_id(name: str, locator: str | None) -> str:
    """The same for the same place in the same source, whatever it says: 16 hexadecimal digits."""
    return hashlib.blake2b(f"{name}\0{locator or ''}".encode(), digest_size=8).hexdigest()


def _passage_id(name: str, locator: str | None, text: str, occurrence: int) -> str:
    """The same for the same words in the same source, wherever they stand in it: 16 hexadecimal digits."""
    content = f"{name}\0{locator or ''}\0{occurrence}\0{text}".encode()
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def _parts(items: Sequence[tuple[Span, Place]], size: int = 256) -> Iterator[Sequence[tuple[Span, Place]]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
