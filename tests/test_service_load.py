"""`semsearch serve` under load, beside a build, and when something breaks: clients notice as little as can be."""

from __future__ import annotations

import asyncio
import json
import os
import re
import select
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

import semsearch
from semsearch import settings
from semsearch.queries import Query
from semsearch.service.engine import Busy, Engine, Late
from tests.conftest import ARTICLES, write
from tests.serving import FULL, PATIENCE, Service, head, is_closed, opened, read_response, run, serving, until

HALF_HEAD = b"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Ty"
HALF_BODY = head("POST", "/v1/query", "Content-Type: application/json", "Content-Length: 50") + b'{"query": '
LONG = {"queries": [{"query": f"Korea and Japan, question {n}", "k": 30} for n in range(16)]}
UNHURRIED = {"QUERY_SECONDS": PATIENCE}
QUEUE = 8


@pytest.fixture(scope="module")
def service(seeds_index: Path) -> Iterator[Service]:
    """A service as it is by default."""
    with serving(seeds_index) as service:
        yield service


@pytest.fixture(scope="module")
def strict(seeds_index: Path) -> Iterator[Service]:
    """A service that admits the queries of `LONG`, eight unfinished requests, and waits 1.5 seconds for the rest."""
    limits = {"MAX_RUNNING": len(LONG["queries"]), "MAX_HALF_OPEN": QUEUE, "RECEIPT_SECONDS": 1.5, **UNHURRIED}
    with serving(seeds_index, lowered=limits) as service:
        yield service


def answered(service: Service, count: int = 10) -> bool:
    """Whether questions of honest clients, each on a connection of its own, are answered."""
    asked = [{"query": f"honest question {number}", "k": 1} for number in range(count)]
    return all(post_alone(service, "/v1/query", each).status_code == 200 for each in asked)


# ---- requests that never become whole


@pytest.mark.parametrize("sent", [b"", HALF_HEAD, HALF_BODY], ids=["nothing", "half-a-head", "half-a-body"])
def test_unfinished_requests_keep_no_one_out(service: Service, sent: bytes) -> None:
    with ExitStack() as stack:
        opened(service, 64, sent, stack)
        assert answered(service)


@pytest.mark.parametrize("sent", [b"", HALF_HEAD, HALF_BODY], ids=["nothing", "half-a-head", "half-a-body"])
def test_an_unfinished_request_is_given_up_in_time(strict: Service, sent: bytes) -> None:
    with ExitStack() as stack:
        wire = opened(strict, 1, sent, stack)[0]
        assert not is_closed(wire, within=0.5) and is_closed(wire, within=PATIENCE)


def test_a_request_that_drips_is_given_up_too(strict: Service) -> None:
    with strict.connect() as wire:
        wire.sendall(HALF_HEAD)
        for _ in range(int(PATIENCE / 0.1)):
            if is_closed(wire, within=0.1):
                return
            wire.sendall(b"a")
    pytest.fail("it was kept open as long as something came")


def test_a_second_request_on_a_connection_has_a_time_limit_too(strict: Service) -> None:
    with strict.connect() as wire:
        wire.sendall(head("GET", "/healthz"))
        assert read_response(wire).status == 200
        wire.sendall(HALF_HEAD)
        assert is_closed(wire, within=PATIENCE)


def test_a_connection_that_waits_for_its_next_request_is_kept(strict: Service) -> None:
    with strict.connect() as wire:
        for pause in (1.8, 0):
            wire.sendall(head("GET", "/healthz"))
            assert read_response(wire).status == 200
            time.sleep(pause)


def test_the_oldest_unfinished_request_gives_way(strict: Service) -> None:
    with ExitStack() as stack:
        wires = opened(strict, QUEUE, HALF_HEAD, stack)
        opened(strict, 1, HALF_HEAD, stack)
        assert is_closed(wires[0], within=1.0) and not is_closed(wires[-1])


def test_more_unfinished_requests_than_admitted_keep_no_one_out(service: Service) -> None:
    with ExitStack() as stack:
        wires = opened(service, settings.MAX_HALF_OPEN.default + 5, HALF_HEAD, stack)
        assert is_closed(wires[0], within=PATIENCE) and answered(service)


@pytest.mark.skipif(not FULL, reason="waits for the usual ten seconds: SEMSEARCH_FULL=1")
def test_the_usual_time_limit_is_ten_seconds(service: Service) -> None:
    with ExitStack() as stack:
        wires = opened(service, 64, HALF_HEAD, stack) + opened(service, 64, HALF_BODY, stack)
        assert not any(is_closed(wire) for wire in wires) and answered(service)
        assert all(is_closed(wire, within=2 * settings.RECEIPT_SECONDS.default) for wire in wires)


# ---- many at a time


def test_questions_that_come_together_are_each_answered(service: Service) -> None:
    asked = [f"Korea and Japan {number}" for number in range(64)]
    alone = [service.ask(query, k=3)["hits"][0]["id"] for query in asked[:8]]
    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(lambda query: service.ask(query, k=3), asked))
    assert [answer["query"] for answer in answers] == asked
    assert [answer["hits"][0]["id"] for answer in answers[:8]] == alone


def test_one_question_that_is_wrong_spoils_no_other(service: Service) -> None:
    def ask(number: int) -> int:
        wrong = {"since": "2025-01-02", "until": "2025-01-01"} if number % 4 == 0 else {}
        return service.http.post("/v1/query", json={"query": f"question {number}", **wrong}).status_code

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(ask, range(64))) == [422, 200, 200, 200] * 16


def test_whoever_comes_when_it_is_full_is_told_to_wait(strict: Service) -> None:
    with ThreadPoolExecutor(1) as threads:
        long = threads.submit(strict.http.post, "/v1/query/batch", json=LONG)
        while not long.done():
            response = httpx2.get(f"{strict.url}/v1/query?q=short", trust_env=False, timeout=PATIENCE)
            if response.status_code == 429:
                break
    assert (response.status_code, response.json()["error"]["code"]) == (429, "busy")
    assert int(response.headers["retry-after"]) >= 1
    assert long.result().status_code == 200


def test_when_it_is_full_it_still_says_that_it_lives(strict: Service) -> None:
    with ThreadPoolExecutor(1) as threads:
        long = threads.submit(strict.http.post, "/v1/query/batch", json=LONG)
        assert httpx2.get(f"{strict.url}/readyz", trust_env=False, timeout=PATIENCE).status_code == 200
    assert long.result().status_code == 200


def engine_told(index: Path, ask: Callable[[Engine], Any]) -> Any:
    """What `ask`, a coroutine, gets of an engine."""

    async def run() -> Any:
        engine = Engine(index)
        try:
            await engine.answers([Query("ready")])
            return await ask(engine)
        finally:
            engine.close()

    return asyncio.run(run())


def test_exactly_as_many_run_as_admitted(seeds_index: Path) -> None:
    async def ask(engine: Engine) -> list[Any]:
        many = [engine.answers([Query(f"question {n}", k=1)]) for n in range(settings.MAX_RUNNING.default + 3)]
        return await asyncio.gather(*many, return_exceptions=True)

    outcomes = engine_told(seeds_index, ask)
    assert sum(isinstance(one, Busy) for one in outcomes) == 3
    assert sum(isinstance(one, list) for one in outcomes) == settings.MAX_RUNNING.default


def test_an_answer_that_comes_too_late_is_given_up_and_the_next_comes(
    seeds_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(engine: Engine) -> int:
        with monkeypatch.context() as patch, pytest.raises(Late):
            patch.setattr(settings, "QUERY_SECONDS", replace(settings.QUERY_SECONDS, default=1e-9))
            await engine.answers([Query("Korea and Japan", k=100)])
        assert not engine.running
        return len(await engine.answers([Query("Korea and Japan", k=1)]))

    assert engine_told(seeds_index, ask) == 1


# ---- an index that changes while it is asked


@dataclass
class Living:
    """An archive in which an article tells its edition, an index over it, and a service over that."""

    archive: Path
    index: Path
    service: Service
    edition: int = 1

    def publish(self) -> None:
        """Write the next edition, and let another process build."""
        self.edition += 1
        write(self.archive, edition(self.edition))
        self.build()

    def build(self) -> None:
        run("build", self.archive, "--index", self.index).check_returncode()

    def generation(self) -> int:
        return int(self.service.http.get("/readyz").json()["generation"])

    def answers_anew(self) -> bool:
        """Whether what is found is of the newest edition."""
        return f"edition {self.edition} " in self.service.ask("the wood kiln")["hits"][0]["text"]


def edition(number: int) -> dict[str, str]:
    return {**ARTICLES, "en/pottery.txt": ARTICLES["en/pottery.txt"].replace("twice", f"in edition {number} twice")}


@contextmanager
def published(folder: Path) -> Iterator[Living]:
    archive, index = write(folder / "archive", edition(1)), folder / "index"
    semsearch.build([archive], index)
    with serving(index) as service:
        yield Living(archive, index, service)


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    with published(tmp_path_factory.mktemp("living")) as living:
        yield living


def test_a_build_is_noticed_by_no_question_and_mixed_in_no_answer(living: Living) -> None:
    built = threading.Event()
    told: set[tuple[int, frozenset[str]]] = set()  # generations, each with the editions that its answers named
    counts = [0] * 8

    def ask(worker: int) -> None:
        while counts[worker] < 25 or not built.is_set():
            counts[worker] += 1
            answer = living.service.ask(f"the wood kiln, {counts[worker] % 9} {worker}", context=1)
            text = " ".join(part["text"] for hit in answer["hits"] for part in (hit, *hit["context"]))
            told.add((answer["generation"], frozenset(re.findall(r"edition (\d+)", text))))

    wanted = {(living.generation(), frozenset({str(living.edition)}))}
    with ThreadPoolExecutor(8) as threads:
        asking = [threads.submit(ask, worker) for worker in range(8)]
        try:
            for _ in range(2):
                living.publish()
                wanted.add((living.generation(), frozenset({str(living.edition)})))
        finally:
            built.set()
        for each in asking:
            each.result()
    assert len(wanted) == 3 and told <= wanted
    assert sum(counts) >= 200 and living.answers_anew()


def test_what_is_kept_between_builds_is_made_anew(living: Living) -> None:
    http = living.service.http
    first = [http.get("/v1/map").json(), http.get("/v1/info").json(), living.service.ask("the wood kiln")["generation"]]
    write(living.archive, {"en/second.txt": "A second village has found its own clay by the bank of the river.\n"})
    living.publish()
    points, info = http.get("/v1/map").json(), http.get("/v1/info").json()
    assert points["generation"] == info["generation"] == first[2] + 1 and living.answers_anew()
    assert len(points["points"]) == info["passages"] == len(first[0]["points"]) + 1 == first[1]["passages"] + 1
    assert f"semsearch_index_articles {info['articles']}.0" in http.get("/metrics").text


def assert_index_error(response: httpx2.Response, index: Path) -> None:
    """It is 503 in the shape of all errors, with the headers of all responses, and says nothing of where things lie."""
    assert (response.status_code, response.json()["error"]["code"]) == (503, "index")
    assert str(index) not in response.text and response.headers["x-content-type-options"] == "nosniff"


def damage(living: Living, harm: str) -> str:
    """Publish an edition whose vectors are harmed before anyone has asked; returns the name of their file."""
    living.publish()
    vectors = next(living.index.glob("vectors-*.faiss"))
    vectors.unlink() if harm == "deleted" else vectors.write_bytes(vectors.read_bytes()[:-8])
    return vectors.name


@pytest.mark.parametrize("harm", ["truncated", "deleted"])
def test_a_damaged_index_is_told_and_the_next_build_mends_it(living: Living, harm: str) -> None:
    name = damage(living, harm)
    assert_index_error(living.service.http.post("/v1/query", json={"query": "kiln"}), living.index)
    assert name in living.service.log() and living.service.http.get("/healthz").status_code == 200
    living.build()
    assert living.answers_anew()


def test_a_damaged_index_is_not_ready(living: Living) -> None:
    damage(living, "deleted")
    try:
        assert_index_error(living.service.http.get("/readyz"), living.index)
    finally:
        living.build()


def test_an_index_that_was_deleted_and_made_again_is_found(tmp_path: Path) -> None:
    with published(tmp_path) as living:
        shutil.rmtree(living.index)
        living.publish()
        assert living.answers_anew()


# ---- the end, and several processes


@pytest.mark.parametrize("workers", [1, 2] if FULL else [1])
def test_what_runs_when_it_is_told_to_end_is_still_answered(seeds_index: Path, workers: int) -> None:
    body = json.dumps(LONG).encode()
    request = head("POST", "/v1/query/batch", "Content-Type: application/json", f"Content-Length: {len(body)}") + body
    with serving(seeds_index, workers=workers, lowered=UNHURRIED) as service, ExitStack() as stack:
        wires = opened(service, 4, request, stack)
        assert until(lambda: running(service) == 4 or bool(select.select(wires, [], [], 0)[0]))
        status = service.terminate()
        assert [read_response(wire).status for wire in wires] == [200] * 4
    assert status in (0, -signal.SIGTERM)


def running(service: Service) -> float:
    """How many queries the metrics say are being worked on."""
    found = re.search(r"^semsearch_running_queries(?:{[^}]*})? (\S+)$", service.http.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def post_alone(service: Service, path: str, asked: Any) -> httpx2.Response:
    """On a connection of its own."""
    return httpx2.post(service.url + path, json=asked, timeout=PATIENCE, trust_env=False)


@pytest.fixture(scope="module")
def pair(seeds_index: Path) -> Iterator[Service]:
    """A service of two processes."""
    with serving(seeds_index, workers=2) as service:
        assert until(lambda: len(processes(service)) == 2)
        yield service


def processes(service: Service) -> list[int]:
    """The processes that answer."""
    pid = service.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the processes in /proc")
@pytest.mark.parametrize("which", [0, 1])
def test_each_of_two_processes_answers(pair: Service, which: int) -> None:
    paused = processes(pair)[which]
    os.kill(paused, signal.SIGSTOP)  # for less than the five seconds after which a process is replaced
    try:
        assert post_alone(pair, "/v1/query", {"query": "kiln"}).status_code == 200
    finally:
        os.kill(paused, signal.SIGCONT)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the processes in /proc")
def test_a_process_that_has_more_to_do_than_another_gives_connections_away(pair: Service) -> None:
    idle, busy = processes(pair)
    before = {pid: sockets(pid) for pid in (idle, busy)}
    stop = threading.Event()

    def ask_on(client: httpx2.Client) -> None:
        while not stop.is_set():
            client.post("/v1/query", json={"query": f"a question of its own {time.monotonic()}"}).raise_for_status()

    with ExitStack() as stack:
        clients = [stack.enter_context(httpx2.Client(base_url=pair.url, timeout=PATIENCE)) for _ in range(8)]
        os.kill(idle, signal.SIGSTOP)
        try:
            for client in clients:
                client.get("/healthz").raise_for_status()
        finally:
            os.kill(idle, signal.SIGCONT)
        assert sockets(busy) - before[busy] == len(clients)
        with ThreadPoolExecutor(len(clients)) as asking:
            asked = [asking.submit(ask_on, client) for client in clients]
            shared = until(lambda: sockets(idle) - before[idle] in (3, 4, 5))
            stop.set()
        assert shared
        assert not [each.exception() for each in asked if each.exception()]


def sockets(pid: int) -> int:
    """How many sockets a process has open."""
    links = [path.readlink() for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()]
    return sum(str(link).startswith("socket:") for link in links)


def test_processes_count_together(pair: Service) -> None:
    def count() -> float:
        counted = 'semsearch_requests_total{method="POST",route="/v1/query",status="422"}'
        lines = httpx2.get(f"{pair.url}/metrics", trust_env=False, timeout=PATIENCE).text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(counted))

    before = count()
    for _ in range(20):
        post_alone(pair, "/v1/query", {"query": ""})
    assert count() == before + 20
    assert count() == before + 20  # whichever is asked
