"""What is counted, in the text format of Prometheus. Nothing of a question or a key is in it."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Mapping
from typing import Any, Final

from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG: Final = logging.getLogger("semsearch.service")

MULTIPROCESS: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes of one service share their counts; prometheus_client reads it when it is imported."""


_OF_INDEX: Final = {
    "generation": "Generation of the index.",
    "passages": "Passages in the index.",
    "articles": "Articles in the index.",
    "bytes": "Size of the index on disk.",
}


def share_counts() -> tempfile.TemporaryDirectory[str]:
    """Let the processes started from here on count together; keep the folder as long as they run."""
    folder = tempfile.TemporaryDirectory(prefix="semsearch-metrics-")
    os.environ[MULTIPROCESS] = folder.name
    return folder


class Metrics:
    """Requests, how long they took, how many run, and the index that answers."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "semsearch_requests", "Requests answered.", ["route", "method", "status"], registry=registry
        )
        self._seconds = Histogram(
            "semsearch_request_seconds", "Seconds from a request's head to the end of its answer.", ["route"],
            buckets=(0.002, 0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.5, 1, 2, 5, 10), registry=registry,
        )  # fmt: skip
        self._running = Gauge(
            "semsearch_running_queries", "Queries being worked on.", registry=registry, multiprocess_mode="livesum"
        )
        self._index = {
            name: Gauge(f"semsearch_index_{name}", said, registry=registry, multiprocess_mode="mostrecent")
            for name, said in _OF_INDEX.items()
        }

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Note one request."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def describe(self, index: Mapping[str, Any], running: int) -> None:
        """Note what the index is, as `Index.info` says it, and how many queries run."""
        for name, gauge in self._index.items():
            gauge.set(index[name])
        self._running.set(running)

    def exposition(self) -> bytes:
        """Everything, of all processes."""
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess

        if MULTIPROCESS not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


class Counting:
    """Counts requests by route and, if asked to, logs them: never what was asked, nor any header."""

    def __init__(self, app: ASGIApp, log: bool) -> None:
        self._app, self._log = app, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        finally:
            seconds, route = time.perf_counter() - started, _route(scope)
            method = scope["method"] if scope["method"] in _METHODS else "other"
            scope["app"].state.metrics.count(route, method, status, seconds)
            if self._log:
                LOG.info("%s %s %d %.1f ms", method, route, status, seconds * 1000)


_METHODS: Final = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH")


def _route(scope: Scope) -> str:
    """The pattern of the route that was asked for, so that ids and questions stay out of counts and logs."""
    for route in scope["app"].routes:
        if route.matches(scope)[0] is not Match.NONE:
            return str(route.path)
    return "other"
