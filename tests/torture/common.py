"""What the torture tests share: two versions of a small archive, what an index says of itself, forked victims."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import resource
import select
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import semsearch
from semsearch import settings
from semsearch.embedders.bundled import BundledModel
from semsearch.errors import IndexNotFound, SemsearchError
from semsearch.queries import Query
from semsearch.wire import answer_json, passage_json

T = TypeVar("T")
PATIENCE = 120.0
"""Seconds that a victim may take on a busy machine before it counts as hung."""
HARMLESS = {"orphan"}
"""Problems of `verify` that a killed build may leave: files of a generation that never came."""

_SUBJECTS = {
    "en": ("harbour", "railway", "election", "flood", "museum", "factory", "orchard", "bridge"),
    "ko": ("항구", "철도", "선거", "홍수", "박물관", "공장", "과수원", "다리"),
    "ja": ("港", "鉄道", "選挙", "洪水", "博物館", "工場", "果樹園", "橋"),
}
_SAID = {
    "en": "People in the town spoke about the {0} all week long, and {1} of them wrote to the mayor in {2}.",
    "ko": "마을 사람들은 일주일 내내 {0}에 대해 이야기했고 그중 {1}명이 {2}년에 시장에게 편지를 보냈다.",
    "ja": "町の人々は一週間ずっと{0}について話し合い、そのうち{1}人が{2}年に市長へ手紙を送った。",
}

QUESTIONS = (
    Query("what the town said about the harbour", k=12, explain=True),
    Query("철도에 대한 편지", k=12, context=1),
    Query("洪水と選挙", k=12, lang="ja,ko"),
    Query("letters about the museum", k=12, since="2003-05-01", until="2012-12-31"),
    Query("공장", k=12, lang="ko", mode="words"),
    Query("bridge over the river", k=12, mode="dense", lang="en", since="2001-01-01"),
    Query("果樹園", k=12, source="*/ja/*", collapse=False),
)


def article(lang: str, number: int, version: int, paragraphs: int = 3) -> str:
    """An article whose words tell its version."""
    subject = _SUBJECTS[lang][number % 8]
    said = [
        _SAID[lang].format(subject, 100 * number + 10 * part + version, 1950 + number) for part in range(paragraphs)
    ]
    return (
        f"date {2000 + number % 15}-0{1 + number % 9}-11 {subject} {number} v{version}\n\n" + "\n\n".join(said) + "\n"
    )


def write_version(folder: Path, version: int, count: int) -> None:
    """Version 1 or 2 of an archive: the second adds, changes and removes files; a third of them stays as it is."""
    for number in range(count):
        for lang in _SUBJECTS:
            kind = number % 4
            if (kind == 0 and version == 2) or (kind == 1 and version == 1):
                continue  # removed, added
            path = folder / lang / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(article(lang, number, 1 if kind == 3 else version), encoding="utf-8")
            os.utime(path, ns=(10**18, 10**18 + (0 if kind == 3 else version)))
    records = [{"id": str(n), "title": f"record {n}", "text": article("en", n + 20, version)} for n in range(3)]
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    (folder / "records.jsonl").write_text(lines, encoding="utf-8")


@dataclass
class World:
    """An archive in two versions at one path, and indexes over them: nothing, the first, and the second upon it."""

    root: Path
    count: int = 8
    archive: Path = field(init=False)
    base: Path = field(init=False)
    """An index over the first version."""
    says: dict[str, str] = field(init=False)
    """What an index says: `old` over the first version, `new` over the second upon it, `fresh` over it alone."""

    def __post_init__(self) -> None:
        warm()
        self.archive, self.base = self.root / "archive", self.root / "base"
        for version in (1, 2):
            write_version(self.root / f"v{version}", version, self.count)
            model().count_tokens(
                "".join(path.read_text("utf-8") for path in self._files(version))
            )  # met by all children
        self.says = {}
        self.show(1)
        self._built("old", self.base)
        self.show(2)
        self._built("new", shutil.copytree(self.base, self.root / "upon"))
        self._built("fresh", self.root / "fresh")

    def _files(self, version: int) -> list[Path]:
        return [path for path in (self.root / f"v{version}").rglob("*") if path.is_file()]

    def _built(self, name: str, folder: Path) -> None:
        done = in_child(lambda: (build(self, folder), told(folder))[1])
        assert done.value, done
        self.says[name] = done.value

    def show(self, version: int) -> None:
        """Let the archive's path lead to a version."""
        link = self.root / "link"
        link.symlink_to(self.root / f"v{version}", target_is_directory=True)
        os.replace(link, self.archive)

    def troubles_as(self, folder: Path, found: str) -> list[str]:
        """What `verify` finds wrong with an index that answers as `found`, beside the archive of then."""
        self.show(1 if found == "old" else 2)
        wrong = troubles(folder)
        self.show(2)
        return wrong

    def victim(self, *, upon: bool = True, name: str = "victim") -> Path:
        """A fresh copy of the first index, or with `upon` False no index at all."""
        folder = self.root / name
        shutil.rmtree(folder, ignore_errors=True)
        return Path(shutil.copytree(self.base, folder)) if upon else folder

    def which(self, folder: Path, *names: str) -> str:
        """The name of what the index in `folder` says; `none` where there is none; else what is wrong with it."""
        try:
            said = told(folder)
        except IndexNotFound:
            return "none"
        for name in names or ("old", "new", "fresh"):
            if said == self.says[name]:
                return name
        return "a mix: " + difference(self.says[names[0] if names else "old"], said)


@cache
def model() -> BundledModel:
    """The bundled model, loaded once for all children."""
    return BundledModel()


def warm() -> None:
    """Load what victims need, without starting a thread, and let builds commit often."""
    import faiss  # noqa: F401
    import tantivy  # noqa: F401

    import semsearch.repair
    import semsearch.search
    import semsearch.verify  # noqa: F401

    assert model().subwords.tokenizer


def build(world: World, folder: Path, progress: Callable[[Any], None] | None = None) -> int:
    """Build in small batches, so that there are several commits; returns the generation."""
    before = settings.BATCH, settings.FIRST_BATCH
    try:
        for setting in before:
            setattr(settings, setting.name.upper().replace("-", "_"), dataclasses.replace(setting, default=16))
        return semsearch.build([world.archive], folder, model(), progress=progress).generation
    finally:
        settings.BATCH, settings.FIRST_BATCH = before  # type: ignore[misc]


PARTS = ("passages", "around", "shown", *(f"question {number}" for number in range(len(QUESTIONS))))
"""What an index can be asked for, each by itself."""


def said_of(folder: Path, part: str) -> str:
    """One part of what an index says, as JSON."""
    with semsearch.open(folder, model()) as index:
        return json.dumps(_said(index, part))


def told(folder: Path) -> str:
    """Everything that an index says, as JSON: its passages, what stands around them, and its answers."""
    with semsearch.open(folder, model()) as index:
        return json.dumps({part: _said(index, part) for part in PARTS})


def _said(index: semsearch.Index, part: str) -> Any:
    if part.startswith("question"):
        answer = index.answers([QUESTIONS[int(part.split()[1])]])[0]
        return answer_json(answer, 0.0, True) | {"generation": 0}
    if part == "passages":
        return sorted((passage_json(passage) for passage in index), key=lambda one: str(one["id"]))
    asked = [hit.passage.id for hit in index.query("the town", k=8, mode="dense")]
    if part == "around":
        return [[near.id for near in index.neighbours(pid, 2)] for pid in asked]
    return [passage_json(found) if (found := index.passage(pid)) else None for pid in asked]


def difference(expected: str, found: str) -> str:
    """Which parts of two texts of `told` differ, and of questions how, for a report."""
    left, right = json.loads(expected), json.loads(found)
    parts = []
    for part in (part for part in PARTS if left[part] != right[part]):
        if part.startswith("question"):
            ids = [[hit["id"] for hit in said[part]["hits"]] for said in (left, right)]
            how = (
                "other hits" if set(ids[0]) != set(ids[1]) else "another order" if ids[0] != ids[1] else "other values"
            )
            parts.append(f"{part}: {how}")
        else:
            parts.append(part)
    return ", ".join(parts)


def troubles(folder: Path, harmless: set[str] = HARMLESS) -> list[str]:
    """What `verify` finds wrong, beyond what is harmless."""
    found = semsearch.verify(folder).problems
    return [f"{problem.kind}: {problem.detail}" for problem in found if problem.kind not in harmless]


# ---- victims


@dataclass(frozen=True)
class Outcome:
    """How a child ended: with a value, with an error raised on purpose (`Name: message`), or by a crash."""

    value: Any = None
    error: str = ""
    crash: str = ""
    peak_kib: int = 0

    def __str__(self) -> str:
        return self.crash or self.error or str(self.value)


class Child:
    """A forked process at work."""

    def __init__(self, work: Callable[[], Any], memory: int | None = None) -> None:
        """Start `work`; with `memory` it may take so many bytes of address space more than it has."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._pipe, into = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(self._pipe)
            _live(work, into, memory)
        os.close(into)

    def kill(self) -> None:
        """SIGKILL, and wait until it is dead."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self._pipe)
        os.waitpid(self.pid, 0)

    def outcome(self) -> Outcome:
        """Wait until it has ended, and say how."""
        data, deadline = b"", time.monotonic() + PATIENCE
        while select.select([self._pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            if not (more := os.read(self._pipe, 1 << 16)):
                break
            data += more
        else:
            self.kill()
            return Outcome(crash="hung")
        os.close(self._pipe)
        _, status, usage = os.wait4(self.pid, 0)
        if os.WIFSIGNALED(status):
            return Outcome(crash=f"signal {os.WTERMSIG(status)}", peak_kib=usage.ru_maxrss)
        if not data:
            return Outcome(crash=f"ended with status {os.waitstatus_to_exitcode(status)} and said nothing")
        return Outcome(**json.loads(data), peak_kib=usage.ru_maxrss)


def _live(work: Callable[[], Any], into: int, memory: int | None) -> None:
    """The child's life; does not return."""
    said: dict[str, Any]
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # where libraries speak of what they met
    try:
        if memory is not None:
            with open("/proc/self/statm", encoding="ascii") as file:
                size = int(file.read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (size + memory, size + memory))
        said = {"value": work()}
    except SemsearchError as error:
        said = {"error": f"{type(error).__name__}: {error}"}
    except BaseException:
        said = {"crash": traceback.format_exc()[-2000:]}
    try:
        data = json.dumps(said).encode()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except BaseException as error:
        data = json.dumps({"crash": repr(error)}).encode()
    while data:
        data = data[os.write(into, data) :]
    os._exit(0)


def in_child(work: Callable[[], Any], memory: int | None = None) -> Outcome:
    """Run `work` in a forked process to its end; its value must be plain."""
    return Child(work, memory).outcome()


def counted(work: Sequence[T]) -> Iterator[T]:
    """One thing after the other; on a terminal, which of how many."""
    for number, thing in enumerate(work, 1):
        if sys.stderr.isatty():
            print(f"\r{number} of {len(work)} ", end="" if number < len(work) else "\n", file=sys.stderr, flush=True)
        yield thing


def chances(seed: int) -> random.Random:
    """Where all chance comes from."""
    return random.Random(seed)
