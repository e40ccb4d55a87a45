"""Questions while the index is built again and again: no error, no answer of two generations, no leak.

Eight threads ask an open index, eight ask a service over HTTP, all in a process of their own. Every text of the archive
tells its version, and each build changes every text, so that an answer of two generations shows.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import semsearch
from semsearch.queries import Query, Searcher
from tests.serving import serving
from tests.torture.common import PATIENCE, Child, in_child, model, warm

THREADS = 8
"""Of each kind."""
_FILES = 30
_ROOM = {"files": 8, "threads": 2, "mib": 24}
"""What may become more after the first quarter: a reader may just be opening the next generation."""
_BEFORE = 1_900
"""Long questions before it is measured what is held: the bundled model unpacks its tables when it is asked often."""
_LONG = "story of the harbour " * 10
_ASKED = (
    Query("people and the harbour", k=20, collapse=False),
    Query("항구 이야기", k=20, collapse=False, mode="dense"),
    Query("harbour", k=20, collapse=False, mode="words"),
    Query("story of the harbour", k=20, collapse=False, since="2001-01-01"),
)
_VERSION = re.compile(r"version (\d+)")


def rebuilds(root: Path, least: int, seconds: float = 0.0) -> dict[str, Any]:
    """Ask through at least `least` builds and at least so many `seconds`."""
    warm()
    archive, folder, begun, stop = root / "archive", root / "index", root / "begun", root / "stop"
    archive.mkdir()
    _write(archive, 1)
    in_child(lambda: semsearch.build([archive], folder, model()).generation)
    with serving(folder) as service:
        clients = Child(lambda: _ask(folder, service.url, begun, stop))
        started = time.monotonic()
        while not begun.exists() and time.monotonic() - started < PATIENCE:
            time.sleep(0.05)  # eight builds may take less time than the clients need to start
        held, builds, started = [], 1, time.monotonic()
        while builds < least or time.monotonic() - started < seconds:
            builds += 1
            _write(archive, builds)
            done = in_child(lambda: semsearch.build([archive], folder, model()).generation)
            if done.value != builds:
                return {"builds": builds, "bad": [f"build {builds}: {done}"]}
            held.append(_held(service.process.pid))
        stop.touch()
        asked = clients.outcome()
    if asked.value is None:
        return {"builds": builds, "bad": [str(asked)]}
    figures = {"builds": builds, **asked.value}
    for process, samples in (("client", figures["client"]), ("service", held)):
        figures[process] = over_time = _over_time(samples)
        figures["bad"] += [f"{process}: {name} grew: {over_time[name]}" for name in _grown(over_time)]
    return figures


def _write(archive: Path, version: int) -> None:
    for number in range(_FILES):
        said = f"People tell of the harbour, story {number}, version {version}. 항구 이야기 {number}."
        text = f"date {2000 + number % 9}-01-01 Story {number}\n\n{said}\n"
        (archive / f"{number}.txt").write_text(text, encoding="utf-8")


def _held(pid: int | str = "self") -> dict[str, int]:
    """Open files, threads and resident memory (MiB) of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    number = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in status.splitlines())
              if name in ("VmRSS", "Threads")}  # fmt: skip
    return {"files": len(os.listdir(f"/proc/{pid}/fd")), "threads": number["Threads"], "mib": number["VmRSS"] >> 10}


def _over_time(samples: list[dict[str, int]]) -> dict[str, list[int]]:
    """What was held when a quarter, half and all of the time had gone."""
    places = (len(samples) // 4, len(samples) // 2, len(samples) - 1)
    return {name: [samples[place][name] for place in places] for name in samples[0]}


def _grown(over_time: dict[str, list[int]]) -> list[str]:
    """What has become more since the first quarter."""
    return [name for name, (first, _, last) in over_time.items() if last > first + _ROOM[name]]


def _ask(folder: Path, url: str, begun: Path, stop: Path) -> dict[str, Any]:
    """Ask until `stop` is there; what is asked of is open when `begun` is."""
    counts: Counter[str] = Counter()
    bad: list[str] = []
    guard = threading.Lock()

    def work(searcher: Searcher, kind: str) -> None:
        asked = 0
        while not stop.exists() and len(bad) < 20:
            try:
                wrong = _wrong(searcher.answers([_ASKED[asked % len(_ASKED)]])[0])
            except Exception as error:
                wrong = repr(error)
            asked += 1
            if wrong:
                with guard:
                    bad.append(f"{kind}: {wrong}")
        with guard:
            counts[f"{kind} questions"] += asked

    with semsearch.open(folder, model()) as index:
        remote = [semsearch.Client(url) for _ in range(THREADS)]
        for searcher in (index, remote[0]):
            searcher.answers([Query(f"{_LONG}{n}", k=1) for n in range(_BEFORE)])
        threads = [threading.Thread(target=work, args=(index, "index")) for _ in range(THREADS)]
        threads += [threading.Thread(target=work, args=(client, "service")) for client in remote]
        for thread in threads:
            thread.start()
        generation = _some_builds_later(index, 3, begun)
        held = [_held()]
        while not stop.exists():
            held.append(_held())
            time.sleep(0.1)
        for thread in threads:
            thread.join()
        last = index.info()["generation"]
        for client in remote:
            client.close()
    return {**counts, "generations seen from": generation, "to": last,
            "client": held, "bad": bad}  # fmt: skip


def _some_builds_later(index: semsearch.Index, builds: int, begun: Path) -> int:
    """Wait until everything has been opened at least once."""
    first = now = int(index.info()["generation"])
    begun.touch()
    while now < first + builds:
        time.sleep(0.05)
        now = int(index.info()["generation"])
    return now


def _wrong(answer: Any) -> str:
    versions = {found for hit in answer.hits for found in _VERSION.findall(hit.passage.text)}
    if len(versions) != 1:
        return f"{answer.query!r} was answered with versions {sorted(versions)}"
    return "" if len(answer.hits) == 20 else f"{answer.query!r} had {len(answer.hits)} hits"
