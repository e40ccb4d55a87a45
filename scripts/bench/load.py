"""How many questions a service answers, and how soon: p50, p95, p99 and requests/s at 1, 8 and 64 clients.

    python scripts/bench/load.py [--passages 100000] [--keep FOLDER] [--seconds 10] [--workers N]

The archive is that of latency.py. The questions are those of the training stories, in three languages. A service is
asked each of them once: first 1,500 that are not measured, so that it has not just been started. Beside it, the same
questions are put to the index in this process, one after the other. The clients run in a process of their own on the
same cores. The last line asks 50 questions over and over, as a front page does.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from multiprocessing.connection import Connection
from pathlib import Path

from latency import ROOT, write_archive

import semsearch

ROWS = {1: 1500, 8: 3300, 64: 3300}
"""Clients, and how many questions are there for them."""
BEFORE = 1500
REPEATED = 50


def questions() -> list[str]:
    """Every question of the training stories, in random order."""
    found = []
    for path in sorted((ROOT / "scripts/train/data").glob("news-questions-*.jsonl")):
        for line in path.open(encoding="utf-8"):
            asked = json.loads(line)["questions"]
            found += [text for texts in asked.values() for text in texts]
    random.Random(7).shuffle(found)
    return found


@contextmanager
def served(folder: Path, workers: int) -> Iterator[int]:
    """A service over the index in `folder`; yields its port."""
    command = [sys.executable, "-m", "semsearch", "serve", "--index", str(folder), "--port", "0"]
    process = subprocess.Popen([*command, "--workers", str(workers)], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr
        match = re.search(r"http://127\.0\.0\.1:(\d+)", process.stderr.readline())
        assert match
        port = int(match[1])
        for _ in range(20 * workers):  # every process has loaded its index and model
            ask(http.client.HTTPConnection("127.0.0.1", port), "warm")
        yield port
    finally:
        process.terminate()
        process.wait()


def ask(connection: http.client.HTTPConnection, question: str) -> None:
    """Put one question, and read the answer."""
    body = json.dumps({"query": question}, ensure_ascii=False).encode()
    connection.request("POST", "/v1/query", body, {"content-type": "application/json"})
    response = connection.getresponse()
    response.read()
    assert response.status == 200, response.status


def warm(port: int, asked: Iterable[str]) -> None:
    """Put questions over eight connections in turn, so that every process answers some."""
    connections = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(8)]
    for connection, question in zip(cycle(connections), asked):
        ask(connection, question)


def clients(port: int, count: int, asked: list[str], seconds: float, repeat: bool, pipe: Connection) -> None:
    """`count` clients, each of which asks its next question when it has an answer; sends the times back."""
    took: list[float] = []
    end = time.perf_counter() + seconds

    def client(own: list[str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for question in cycle(own) if repeat else own:
            started = time.perf_counter()
            if started > end:
                return
            ask(connection, question)
            took.append(time.perf_counter() - started)
        raise AssertionError("all questions have been asked: choose fewer --seconds")

    threads = [threading.Thread(target=client, args=(asked[n::count],)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(took)


def measure(port: int, count: int, asked: list[str], seconds: float, repeat: bool = False) -> list[float]:
    """Seconds of every answer."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=clients, args=(port, count, asked, seconds, repeat, there))
    process.start()
    took: list[float] = here.recv()
    process.join()
    return took


def in_process(folder: Path, asked: list[str], seconds: float) -> list[float]:
    """The same without a service, one question after the other."""
    took = []
    with semsearch.open(folder) as index:
        for question in asked[:20]:
            index.query(question)
        end = time.perf_counter() + seconds
        for question in asked[20:]:
            started = time.perf_counter()
            if started > end:
                break
            index.query(question)
            took.append(time.perf_counter() - started)
    return took


def archived(keep: Path, passages: int) -> tuple[Path, int]:
    """An index of about so many passages in the folder `keep`, built if need be; and how many there are."""
    folder = keep / f"index-{passages}"
    if not folder.exists():
        with tempfile.TemporaryDirectory() as scratch:
            write_archive(Path(scratch), passages)
            semsearch.build([str(Path(scratch) / "archive.jsonl")], folder)
    with semsearch.open(folder) as index:
        return folder, index.info()["passages"]


def machine() -> str:
    """What the figures are of."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def row(name: str, took: list[float], seconds: float) -> None:
    """Print a line of the table."""
    took = sorted(took)
    p50, p95, p99 = (1000 * took[int(share * (len(took) - 1))] for share in (0.5, 0.95, 0.99))
    print(f"| {name} | {p50:.1f} ms | {p95:.1f} ms | {p99:.1f} ms | {len(took) / seconds:,.0f} |", flush=True)


def main() -> None:
    """Build the index if need be, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, passages = archived(options.keep or Path(scratch), options.passages)
        asked = questions()
        print(f"{machine()}; {passages:,} passages")
        print("\n| | p50 | p95 | p99 | questions/s |\n|---|---|---|---|---|")
        row("in this process", in_process(folder, asked, options.seconds), options.seconds)
        for workers in dict.fromkeys((1, options.workers)):
            with served(folder, workers) as port:
                fresh = iter(asked)
                warm(port, islice(fresh, BEFORE))
                for count, most in ROWS.items():
                    name = f"{workers} process{'es' * (workers > 1)}, {count} client{'s' * (count > 1)}"
                    row(name, measure(port, count, list(islice(fresh, most)), options.seconds), options.seconds)
                repeated = measure(port, 8, asked[:REPEATED] * 8, options.seconds, repeat=True)
                row(f"the same, 8 clients, {REPEATED} questions over and over", repeated, options.seconds)


if __name__ == "__main__":
    main()
