"""Listening: uvicorn, with a limit on how long and how large a request may be before it is one."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar, Final

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors import Multiprocess

from semsearch import settings
from semsearch.errors import UsageError
from semsearch.service.app import Served, create_app
from semsearch.service.guard import HEADERS, error_json
from semsearch.service.metrics import share_counts

_SHUTDOWN_SECONDS: Final = 10
_BACKLOG: Final = 1024


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 in which a request must arrive whole in time.

    uvicorn waits forever for the rest of a request, and its `limit_concurrency` counts such connections, so that a few
    of them keep honest clients out. Here they have `RECEIPT_SECONDS`, are limited in number, the oldest giving way, and
    are not counted otherwise.
    """

    _half_open: ClassVar[OrderedDict[Protocol, None]] = OrderedDict()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._field_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._await_request()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._deadline is not None and self._head_bytes > settings.MAX_HEADER_BYTES.default:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        self._field_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count_fields(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_fields(len(name) + len(value) + len(": \r\n"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head_bytes = -(1 << 60)  # the body is counted where it is read
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._arrived()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls where a request is no HTTP, or `_count_fields` raised."""
        too_large = self._field_bytes > settings.MAX_HEADER_BYTES.default
        self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST)

    def _count_fields(self, length: int) -> None:
        """A head that comes at once is whole before its bytes could be counted."""
        self._field_bytes += length
        if self._field_bytes > settings.MAX_HEADER_BYTES.default:
            raise ValueError("the head of a request is too long")

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer, in the shape of all errors, what never came to be a request, and close."""
        if self.transport.is_closing():
            return
        body = error_json("http", status.phrase)
        fields = {**HEADERS, "content-type": "application/json", "content-length": len(body), "connection": "close"}
        lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in fields.items())]
        self.transport.write("\r\n".join([*lines, "", ""]).encode("ascii") + body)
        self.transport.close()

    def _await_request(self) -> None:
        self._head_bytes = 0
        self._deadline = self.loop.call_later(settings.RECEIPT_SECONDS.default, self._give_up)
        self._half_open[self] = None
        if len(self._half_open) > settings.MAX_HALF_OPEN.default:
            next(iter(self._half_open))._give_up()

    def _arrived(self) -> None:
        self._half_open.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._arrived()
        if not self.transport.is_closing():
            self.transport.abort()


def serve(served: Served, host: str, port: int, workers: int, announce: Callable[[str], None]) -> None:
    """Serve until interrupted; requests that run are finished first, up to ten seconds. `announce` is told the URL."""
    config = uvicorn.Config(
        partial(create_app, served), factory=True, host=host, port=port, http=Protocol, ws="none", lifespan="on",
        workers=workers, access_log=False, log_level="warning", server_header=False, proxy_headers=False,
        timeout_keep_alive=30, timeout_graceful_shutdown=_SHUTDOWN_SECONDS, backlog=_BACKLOG,
    )  # fmt: skip
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    listening = _listen(host, port)
    announce(_url(host, listening.getsockname()[1]))
    if workers == 1:
        uvicorn.Server(config).run(sockets=[listening])
        return
    os.environ.setdefault("PYTHONSAFEPATH", "1")  # they import nothing from the current folder
    with share_counts():
        supervisor = Multiprocess(config, [listening])
        supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise SystemExit(STARTUP_FAILURE)  # as with one process


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket: from now on a client waits, rather than being turned away. Raises UsageError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host.strip("[]"), port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host} port {port}: {str(error.strerror).partition(' (')[0]}; choose another with --port"
        ) from None
    listening.set_inheritable(True)
    return listening


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host or 'localhost'}:{port}"
