"""Files made to harm whoever reads them, and a child process that builds an index over each, fenced in.

`python -m tests.hostile` is that child: it has loaded everything, and forks for each folder that a line names.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import random
import resource
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT, write

MB = 1 << 20
GOOD = (
    "date 2019-03-02 Village keeps a kiln alive\n\nPotters in the mountain village fire their wood kiln twice a year.\n"
)
"""The article beside every hostile file; QUESTION finds it."""
QUESTION = "wood kiln of potters in a village"
_SENTENCE = "The committee met again on Monday and 정부는 새 예산안을 발표했다. 政府は新しい予算案を発表した。 "


@dataclass(frozen=True)
class Trap:
    """A hostile file. `make(size)` gives its bytes, about `size` of them where size is what harms."""

    name: str
    make: Callable[[int], bytes]
    refused: str | None = None
    """What the reason says why it is not indexed; None where it may be."""


@dataclass(frozen=True)
class Outcome:
    """What became of a build: skipped files with reasons, the sources of the best answer to QUESTION and of its copies,
    seconds and bytes taken."""

    ended: str
    """`well`, the error's name, `killed` by the clock, or `signal N`."""
    skipped: dict[str, str]
    found: list[str]
    seconds: float
    memory: int
    passages: int = 0


def _zipped(size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", bytes(size * 8))
    return out.getvalue()


def _gzipped(size: int) -> bytes:
    return gzip.compress(bytes(size * 8), 1)


def _laughs(_: int) -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 30))
    head = f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY l0 "ha"><!ENTITY x SYSTEM "file:///etc/passwd">{entities}]>'
    return f"{head}<html><body><p>A page of news about a harbour. &l29; &x; the end.</p></body></html>".encode()


def _text(unit: str) -> Callable[[int], bytes]:
    encoded = unit.encode()
    return lambda size: encoded * (size // len(encoded) + 1)


def _around(before: str, unit: str, after: str) -> Callable[[int], bytes]:
    return lambda size: before.encode() + _text(unit)(size) + after.encode()


def _record(**fields: Any) -> bytes:
    return json.dumps({"text": _SENTENCE, **fields}, ensure_ascii=False).encode()


def _nested(count: int) -> bytes:
    return b"<html><body>" + b"<div>" * count + b"<p>Deep down there is a sentence about the harbour.</p>"


TRAPS = (
    *(Trap(f"zip{suffix}", _zipped, "ZIP") for suffix in (".txt", ".html", ".json")),
    *(Trap(f"gzip{suffix}", _gzipped, "gzip") for suffix in (".txt", ".html", ".json", ".md")),
    Trap("gzip.jsonl", _gzipped, "not utf-8|too|longer"),
    Trap("laughs.html", _laughs),
    Trap("laughs.xhtml", _laughs),
    Trap("nested.html", lambda _: _nested(100_000)),
    Trap("nested-whole.html", lambda size: _nested(size // 5)),
    Trap("lists.html", _text("<ul><li><a href=x>")),
    Trap("open-tags.html", _text("<a ")),
    Trap("open-comments.html", _text("<!-- <p>x")),
    Trap("references.html", _text("&#x41;&amp;&lt")),
    Trap("endless-reference.html", _around("<p>&#", "1", ";")),
    Trap("attributes.html", _around("<p ", "a=b c ", ">text of a page</p>")),
    Trap("title.html", _around("<title>", "headline ", "</title>" + "<p>A paragraph of the page on boats.</p>" * 500)),
    Trap("scripts.html", _text('<script type="application/ld+json">"datePublished": "2')),
    Trap("nested.json", lambda _: b"[" * 100_000, "nested too deeply"),
    Trap("nested-objects.json", lambda _: b'{"text":' * 100_000, "nested too deeply"),
    Trap("nested-whole.json", lambda size: b"[" * size, "nested too deeply"),
    Trap("nested.jsonl", lambda _: _record() + b"\n" + b'{"a":[' * 100_000, "nested too deeply"),
    Trap("digits.json", _around('[{"text": "x", "date": ', "9", "}]"), "digits"),
    Trap("numbers.json", lambda _: b"[" + b",".join(_record(date=d) for d in (1e308, 10**4000, -1, 0)) + b"]"),
    Trap("not-numbers.json", lambda _: b'[{"text": "a b c", "date": NaN}, {"text": "d e f", "date": -Infinity}]'),
    Trap("half-pairs.json", lambda _: rb'[{"text": "\ud800 half of a pair"}]', "surrogate"),
    Trap("scalars.json", lambda size: b"[" + b"0," * (size // 2) + b"0]", "expected an object"),
    Trap("lists.json", lambda size: b"[" + b"[]," * (size // 3) + b"[]]", "expected an object"),
    Trap("bad-lines.jsonl", _text("x\n"), "not JSON"),
    Trap("headline.jsonl", lambda size: _record(title="headline " * (size // 9), text="A boat leaves.\n\n" * 2000)),
    Trap(
        "address.jsonl", lambda size: _record(url="http://x/" * (size // 9), id="i" * size, text="A boat.\n\n" * 2000)
    ),
    Trap("one-word.txt", _text("x")),
    Trap("one-word.md", _text("한")),
    Trap("one-line.txt", _text(_SENTENCE)),
    Trap("one-letter.txt", _around("e", "\u0301", "")),
    Trap("joined.txt", _text("👩\u200d")),
    Trap("decomposed.txt", _text("\u1100\u1161\u11a8")),
    Trap("quotes.txt", _text("\u201d\u300d.")),
    Trap("stops.txt", _text("A. B. ")),
    Trap("marks.txt", _text("!?")),
    Trap("digits.txt", _text("1,")),
    Trap("brackets.txt", _text("(")),
    Trap("returns.txt", _around("date 2020-01-01 x", "\r", "end of it")),
    Trap("blank-lines.txt", _around("Title", "\n \t\u3000", "end of it")),
    Trap("short-lines.txt", _text("a\n\n")),
    Trap("short-words.txt", _text("a ")),
    Trap("spaces.txt", _around("date", " ", "2020-01-01")),
    Trap("headings.md", _text("# \n")),
    Trap("fences.md", _text("```\n# x\n")),
    Trap("front-matter.md", _around("---\n", "title: x\n", "")),
    Trap("quoted-title.md", _around('---\ntitle: "', "\\\\", "\n---\n\nA text about boats.\n")),
    Trap("underline.md", _around("Title\n", "=", "\n\nA text about boats.\n")),
    Trap(
        "blobs.md",
        lambda size: b"![](data:image/png;base64," + base64.b64encode(random.Random(7).randbytes(size * 3 // 4)),
    ),
    Trap("new-words.txt", lambda size: " ".join(f"w{n:x}q" for n in range(size // 7)).encode()[:size]),
)
"""Each at the size that the file as a whole may have is what `./scripts/fuzz hostile` reads."""


def plant(folder: Path, trap: Trap, size: int) -> Path:
    """A folder with the trap and a good article."""
    write(folder, {"good.txt": GOOD})
    (folder / trap.name).write_bytes(trap.make(size))
    return folder


def sparse(folder: Path, name: str, size: int) -> Path:
    """A folder with the good article and a file of `size` NUL bytes that takes no room."""
    write(folder, {"good.txt": GOOD})
    (folder / name).touch()
    os.truncate(folder / name, size)
    return folder


def special(folder: Path) -> dict[str, str]:
    """Fill a folder with what is no file, and with links that lead nowhere; returns what is said of each."""
    write(folder, {"good.txt": GOOD})
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # a socket's path may have 108 bytes
        try:
            server.bind("socket.txt")
        finally:
            os.chdir(here)
    for name, target in {
        "zero.txt": "/dev/zero",
        "full.txt": "/dev/full",
        "loop.txt": "loop.txt",
        "gone.txt": "no",
    }.items():
        (folder / name).symlink_to(target)
    (folder / "round").mkdir()
    (folder / "round/again").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "round/.semsearchignore")
    devices = dict.fromkeys(("zero.txt", "full.txt"), "a device, not a file")
    kinds = {"pipe.txt": "a pipe, not a file", "socket.txt": "a socket, not a file", **devices}
    return {**kinds, "loop.txt": "symbolic links", "gone.txt": "a link to nothing"}


def odd_names(folder: Path) -> list[str]:
    """Write articles under names that are hard to print or to open; returns how each is shown."""
    names = [b"line\nbreak.txt", b"escape\x1b]0;owned\x07.txt", b"bytes\xff\xfe.txt", b"n" * 251 + b".txt", b"-k.txt"]
    names += [
        "bidi\u202etxt.txt".encode(),
        b"quote'\"`$(id).txt",
        b"glob*?[a].txt",
        "한\u0301글.txt".encode(),
        b" .txt",
    ]
    write(folder, {"good.txt": GOOD})
    for number, name in enumerate(names):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text(f"Number {number} of the odd names is here.\n")
    return [name.decode("utf-8", "backslashreplace") for name in names]


class Fence:
    """The child: builds an index over a folder in a process of its own, with little memory and little time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def build(self, folder: Path, index: Path, seconds: float = 120, room: int = 3 << 30) -> Outcome:
        """Build and ask; killed after `seconds`, with `room` bytes of address space more than at the start.

        Threads reserve hundreds of megabytes of addresses; what is really used is in the outcome.
        """
        assert self._process.stdin
        assert self._process.stdout
        wanted = {"folder": str(folder), "index": str(index), "seconds": seconds, "room": room}
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))


@contextmanager
def fenced() -> Iterator[Fence]:
    """A child that has loaded everything."""
    command = [sys.executable, "-m", "tests.hostile"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield Fence(process)
        finally:
            process.kill()


def _attempt(wanted: dict[str, Any], out: int) -> None:
    import semsearch
    from semsearch.errors import SemsearchError

    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + wanted["room"],) * 2)
    said: dict[str, Any] = {"ended": "well", "skipped": {}, "found": []}
    try:
        os.chdir(wanted["folder"])
        report = semsearch.build(["."], wanted["index"])
        said["skipped"] = {item.name: item.reason for item in report.skipped}
        said["passages"] = report.passages
        with semsearch.open(wanted["index"]) as index:
            for best in index.query(QUESTION, 3)[:1]:
                said["found"] = [best.passage.source, *(copy.source for copy in best.also_in)]
    except (SemsearchError, Exception) as error:
        said["ended"] = f"{type(error).__name__}: {str(error)[:200]}"
    with os.fdopen(out, "w") as pipe:
        json.dump(said, pipe)


def _one(wanted: dict[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            _attempt(wanted, writing)
        finally:
            os._exit(0)
    os.close(writing)
    pidfd = os.pidfd_open(child)
    import select

    killed = not select.select([reading, pidfd], [], [], wanted["seconds"])[0]
    if killed:
        os.kill(child, 9)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status, used = os.wait4(child, 0)
    os.close(pidfd)
    outcome = json.loads(said) if said else {"ended": "killed" if killed else f"signal {os.WTERMSIG(status)}"}
    spent = {"seconds": time.monotonic() - started, "memory": used.ru_maxrss << 10}
    return {"skipped": {}, "found": [], **outcome, **spent}


def _main() -> None:
    import faiss  # noqa: F401
    import numpy  # noqa: F401
    import tantivy  # noqa: F401

    import semsearch.build
    import semsearch.search  # noqa: F401

    for line in sys.stdin:
        print(json.dumps(_one(json.loads(line))), flush=True)


if __name__ == "__main__":
    _main()
