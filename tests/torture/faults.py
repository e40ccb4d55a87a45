"""A system that refuses: a full or failing disk, too many open files, no right to write, at every call of a build.

Calls that go through Python are refused one by one, the n-th for every n, once or from then on. What SQLite, tantivy
and FAISS write themselves meets real limits: a disk of a given size (a tmpfs, where one may mount it), a largest file
size, a number of open files.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import resource
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial, wraps
from pathlib import Path
from typing import Any

from semsearch.errors import SemsearchError
from tests.torture.common import World, build, chances, counted, in_child, told, troubles

_CALLS = ("open", "fsync", "replace", "rename", "link", "mkdir", "unlink", "scandir", "stat")
ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EMFILE": errno.EMFILE, "EROFS": errno.EROFS}
_WHOLE = range(1, 10**9)


class Refuser:
    """Counts the calls that touch an index folder, and refuses those it is told to."""

    def __init__(self, folder: Path, refused: range = range(0), error: int = errno.EIO) -> None:
        self.folder, self.refused, self.error, self.calls = str(folder), refused, error, 0

    def _meet(self, what: Any) -> None:
        if isinstance(what, int):
            try:
                what = os.readlink(f"/proc/self/fd/{what}")
            except OSError:
                return
        if not str(what).startswith(self.folder):
            return
        self.calls += 1
        if self.calls in self.refused:
            raise OSError(self.error, os.strerror(self.error), str(what))

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Until the end of the block."""
        real = {name: getattr(os, name) for name in _CALLS}
        real_open = io.open
        for name, call in real.items():
            setattr(os, name, self._refusing(call))
        io.open = builtins.open = self._opening(real_open)
        try:
            yield
        finally:
            for name, call in real.items():
                setattr(os, name, call)
            io.open = builtins.open = real_open

    def _refusing(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def refusing(*arguments: Any, **more: Any) -> Any:
            self._meet(arguments[0] if arguments else ".")
            return call(*arguments, **more)

        return refusing

    def _opening(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def opening(file: Any, mode: str = "r", *arguments: Any, **more: Any) -> Any:
            self._meet(file)
            opened = call(file, mode, *arguments, **more)
            return opened if set(mode).isdisjoint("wa+x") else _Writing(opened, str(file), self)

        return opening


class _Writing:
    """A file open for writing, each write of which may be refused."""

    def __init__(self, file: Any, name: str, refuser: Refuser) -> None:
        self._file, self._name, self._refuser = file, name, refuser

    def write(self, data: Any) -> Any:
        self._refuser._meet(self._name)
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _Writing:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def refused_calls(world: World, count: int | None = None, seed: int = 1) -> dict[str, int | list[str]]:
    """Refuse calls of an update: `count` drawn by chance, or every call with every error, once and for good."""
    chance = chances(seed)
    world.show(2)
    watched = world.victim()
    calls = in_child(lambda: _build(world, watched, Refuser(watched))).value
    cases = [(n, name, lasting) for n in range(1, calls + 1) for name in ERRORS for lasting in (False, True)]
    drawn = cases if count is None else chance.sample(cases, min(count, len(cases)))
    counts: Counter[str] = Counter(calls=calls)
    bad: list[str] = []
    for n, name, lasting in counted(drawn):
        folder = world.victim()
        refused = _WHOLE[n - 1 :] if lasting else range(n, n + 1)
        refuser = Refuser(folder, refused, ERRORS[name])
        _judge(world, folder, partial(_build, world, folder, refuser), f"call {n}, {name}, {lasting=}", counts, bad)
    return {**counts, "bad": bad}


def _build(world: World, folder: Path, refuser: Refuser) -> int:
    """Build; returns how many calls there were."""
    with refuser.in_force():
        build(world, folder)
    return refuser.calls


def small_limits(world: World, count: int, seed: int = 1) -> dict[str, int | list[str]]:
    """Builds on disks too small for them, with too small files, and with too few of them: `count` of each."""
    chance = chances(seed)
    world.show(2)
    counts: Counter[str] = Counter()
    bad: list[str] = []
    largest = max(path.stat().st_size for path in world.base.rglob("*"))
    for size in _steps(0, 3 * largest, count, chance):
        _limited(world, resource.RLIMIT_FSIZE, size, counts, bad)
    for files in _steps(0, 40, count, chance):
        _limited(world, resource.RLIMIT_NOFILE, len(os.listdir("/proc/self/fd")) + files, counts, bad)
    needed = sum(path.stat().st_size for path in world.base.rglob("*") if path.is_file())
    with _mounted(world.root / "disk") as disk:
        if disk is None:
            counts["disks not mounted: no right"] = count
        else:
            for size in _steps(needed, 4 * needed, count, chance):
                _on_disk(world, disk, size, counts, bad)
    return {**counts, "bad": bad}


def _steps(low: int, high: int, count: int, chance: Any) -> list[int]:
    return [int(low + (high - low) * (n + chance.random()) / count) for n in range(count)]


def _limited(world: World, what: int, limit: int, counts: Counter[str], bad: list[str]) -> None:
    folder = world.victim()

    def work() -> None:
        resource.setrlimit(what, (limit, resource.getrlimit(what)[1]))
        try:
            build(world, folder)
        finally:
            resource.setrlimit(what, (resource.getrlimit(what)[1],) * 2)

    name = "file size" if what == resource.RLIMIT_FSIZE else "open files"
    _judge(world, folder, work, f"{name} {limit}", counts, bad)


def _on_disk(world: World, disk: Path, size: int, counts: Counter[str], bad: list[str]) -> None:
    _resize(disk, 1 << 30)
    shutil.rmtree(disk / "index", ignore_errors=True)
    folder = Path(shutil.copytree(world.base, disk / "index"))
    room = os.statvfs(disk)
    _resize(disk, max(size, (room.f_blocks - room.f_bfree) * room.f_frsize))  # a disk cannot hold more than it has
    _judge(world, folder, lambda: build(world, folder), f"disk of {size}", counts, bad, lambda: _resize(disk, 1 << 30))


def _resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True, capture_output=True)


@contextmanager
def _mounted(disk: Path) -> Iterator[Path | None]:
    """A tmpfs at `disk`; None where one may not mount."""
    disk.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=1g", "torture", str(disk)]
    if os.geteuid() != 0 or not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def _judge(
    world: World,
    folder: Path,
    work: Callable[[], Any],
    case: str,
    counts: Counter[str],
    bad: list[str],
    relieve: Callable[[], Any] = lambda: None,
) -> None:
    """One build under a refusal: it succeeds or raises a named error; the old index or the new one is there; then all
    is well again, `relieve` having seen to it, and the next build succeeds."""
    done = in_child(lambda: _plainly(work))
    relieve()
    then = in_child(lambda: _then(world, folder))
    counts["refusals"] += 1
    if done.crash or done.error or then.crash or then.error or then.value["wrong"]:
        bad.append(f"{case}: {done}; then {then}")
    else:
        kind = done.value.partition(":")[0]
        counts[f"{kind}, {then.value['found']}"] += 1
        if kind != "built" and "\n" in done.value:
            bad.append(f"{case}: more than a line: {done.value}")


def _plainly(work: Callable[[], Any]) -> str:
    try:
        work()
    except SemsearchError as error:
        return f"{type(error).__name__}: {error}"
    return "built"


def _then(world: World, folder: Path) -> dict[str, str]:
    found = world.which(folder, "old", "new")
    if found not in ("old", "new"):
        return {"found": found, "wrong": "neither the old nor the new index"}
    build(world, folder)
    if told(folder) != world.says["new"]:
        return {"found": found, "wrong": f"the next build: {world.which(folder, 'new')}"}
    return {"found": found, "wrong": "; ".join(troubles(folder, set()))}


def on_the_command_line(world: World) -> list[tuple[int, str]]:
    """Exit status and standard error of commands that meet a refusal."""
    world.show(2)
    commands = (["build", str(world.archive)], ["query", "harbour"], ["verify"])
    return [_command(world.victim(), command) for command in commands]


def _command(folder: Path, command: list[str]) -> tuple[int, str]:
    from semsearch.cli import main

    errors = Path(tempfile.mkdtemp(dir=folder.parent)) / "stderr"

    def work() -> int:
        with errors.open("w", encoding="utf-8") as said, redirect_stdout(said), redirect_stderr(said):
            try:
                with Refuser(folder, _WHOLE[8:], errno.EMFILE).in_force():
                    main([command[0], "--index", str(folder), *command[1:]])
            except SystemExit as ended:
                return int(ended.code or 0)
        return -1

    done = in_child(work)
    return (-1, str(done)) if done.value is None else (done.value, errors.read_text(encoding="utf-8"))
