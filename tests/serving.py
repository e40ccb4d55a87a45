"""A real service in a process of its own, on loopback, for tests; and HTTP as no well-behaved client would speak it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.conftest import ROOT

FULL = os.environ.get("SEMSEARCH_FULL") == "1"
"""Whether tests whose full count is slow are to run in full."""

ROUTES = {
    ("post", "/v1/query"), ("get", "/v1/query"), ("post", "/v1/query/batch"), ("post", "/v1/query/stream"),
    ("get", "/v1/passages/{passage_id}"), ("get", "/v1/articles/{article_id}"), ("get", "/v1/info"),
    ("get", "/v1/map"), ("get", "/healthz"), ("get", "/readyz"), ("get", "/metrics"),
}  # fmt: skip
"""Method and path of everything that the service describes."""

PATIENCE = 60.0
"""Seconds that anything may take on a busy machine before a test fails of it."""

_LOWERED = """
import dataclasses, json, sys
from semsearch import settings
for name, value in json.loads(sys.argv.pop(1)).items():
    setattr(settings, name, dataclasses.replace(getattr(settings, name), default=value))
from semsearch.cli import main
main()
"""


@dataclass(frozen=True)
class Service:
    """A service that runs. `http` asks it, each time on a connection that is kept."""

    url: str
    process: subprocess.Popen[bytes]
    http: httpx2.Client
    errors: Path

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    @property
    def host(self) -> str:
        """What a Host header says of it."""
        return f"127.0.0.1:{self.port}"

    def log(self) -> str:
        """What it has written to standard error so far."""
        return self.errors.read_text(encoding="utf-8")

    def ask(self, query: str, **options: Any) -> dict[str, Any]:
        """The answer to a question, which must not fail."""
        response = self.http.post("/v1/query", json={"query": query, **options})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def connect(self) -> socket.socket:
        """A connection to say anything on."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def terminate(self) -> int:
        """Ask it to end, and wait until it has; returns its exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


def command(*arguments: object, lowered: Mapping[str, float] | None = None) -> list[str]:
    """How to run `semsearch`; `lowered` are defaults of `semsearch.settings` to run it with, in its first process."""
    start = ["-c", _LOWERED, json.dumps(lowered)] if lowered else ["-m", "semsearch"]
    return [sys.executable, *start, *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    """Of this process, without what would change what a service does."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SEMSEARCH_")} | more


def run(*arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `semsearch` in a process of its own, to its end."""
    line, variables = command(*arguments), environment(**env)
    return subprocess.run(line, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=PATIENCE)


@contextmanager
def serving(
    index: Path, *options: object, workers: int = 1, lowered: Mapping[str, float] | None = None, **env: str
) -> Iterator[Service]:
    """A service over an index, ready; it is stopped at the end."""
    line = command("serve", "--index", index, "--port", 0, "--workers", workers, *options, lowered=lowered)
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "stderr").open("wb") as errors:
        process = subprocess.Popen(line, cwd=ROOT, env=environment(**env), stdout=errors, stderr=errors)
        try:
            url = _address(process, Path(errors.name))
            with httpx2.Client(base_url=url, timeout=PATIENCE, trust_env=False) as http:
                http.get("/healthz").raise_for_status()  # waits until the model is loaded
                yield Service(url, process, http, Path(errors.name))
        finally:
            _stop(process)


def _address(process: subprocess.Popen[bytes], errors: Path) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"is served at \S*?(http://[\d.:]+\d)", errors.read_text(encoding="utf-8")):
            return found[1]
        time.sleep(0.02)
    raise AssertionError(f"the service did not start: {errors.read_text(encoding='utf-8')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Raw:
    """A response as it came: `status` is 0 where the connection was closed without one."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def exchange(service: Service, *parts: bytes, pause: float = 0.0) -> Raw:
    """Send bytes, part by part, and read one response."""
    with service.connect() as wire:
        try:
            for part in parts:
                wire.sendall(part)
                time.sleep(pause)
        except OSError:
            pass  # it need not listen to the end before it refuses
        return read_response(wire)


def read_response(wire: socket.socket) -> Raw:
    """One response; the connection is read up to the length it announces, or to its end."""
    data = b""
    while b"\r\n\r\n" not in data and (more := _receive(wire)):
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if len(lines[0].split()) < 2:
        return Raw(0, {}, b"")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    while len(body) < int(headers.get("content-length", 1 << 30)) and (more := _receive(wire)):
        body += more
    return Raw(int(lines[0].split()[1]), headers, body)


def _receive(wire: socket.socket) -> bytes:
    try:
        return wire.recv(1 << 16)
    except ConnectionError:
        return b""


def head(method: str, path: str, *headers: str | bytes, host: str = "localhost") -> bytes:
    """The head of a request, with nothing in it but what is said here."""
    lines = [f"{method} {path} HTTP/1.1", *([f"Host: {host}"] if host else []), *headers, "", ""]
    return b"\r\n".join(line if isinstance(line, bytes) else line.encode("latin-1") for line in lines)


def is_closed(wire: socket.socket, within: float = 0.0) -> bool:
    """Whether the other side has closed, or does so in so many seconds."""
    wire.settimeout(max(within, 0.01))
    try:
        return wire.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def until(true: Callable[[], bool]) -> bool:
    """Wait until something is so; False where it never is."""
    end = time.monotonic() + PATIENCE
    while not (so := true()) and time.monotonic() < end:
        time.sleep(0.01)
    return so


def opened(service: Service, count: int, sent: bytes, stack: ExitStack) -> list[socket.socket]:
    """So many connections on which a request has begun."""
    wires = [stack.enter_context(service.connect()) for _ in range(count)]
    for wire in wires:
        wire.sendall(sent)
    return wires
