"""Work shared out evenly among the processes of one service.

Whichever process wakes first accepts a connection, and clients keep theirs, so that one process may have most questions
while another idles. Each tells the others how many questions it works on. One that has more than another ends a
connection now and then, when it has answered; its client connects again, most likely to the one that idles.
"""

from __future__ import annotations

import os
import random
import struct
import time
from mmap import mmap
from pathlib import Path
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NUMBER: Final = struct.Struct("=i")
_SUFFIX: Final = ".share"
_LOOK_AFTER: Final = 1.0
"""Seconds after which it is looked again which processes there are."""


class Share:
    """How many questions this process works on, beside the others."""

    def __init__(self, folder: str | None = None) -> None:
        """`folder` is where the processes of one service tell each other; None where there is but one."""
        self._folder = Path(folder) if folder else None
        self._own = self._map(os.getpid(), "w+b") if self._folder else None
        self._others: list[mmap] = []
        self._looked = float("-inf")
        self._running = 0

    def tell(self, running: int) -> None:
        """Let the others know."""
        self._running = running
        if self._own is not None:
            _NUMBER.pack_into(self._own, 0, running)

    def is_too_large(self) -> bool:
        """Whether a connection that has been answered should go elsewhere.

        Where there is more left to do than elsewhere, chance picks one of them, so that not all go at once.
        """
        if not self._running or self._folder is None:
            return False
        least = min((_NUMBER.unpack_from(other)[0] for other in self._look()), default=self._running)
        return self._running > least and random.random() * (self._running + 1) < 1

    def _look(self) -> list[mmap]:
        """What the others told, of those that are alive."""
        if self._folder and time.monotonic() - self._looked > _LOOK_AFTER:
            self._looked = time.monotonic()
            written = [path for path in self._folder.glob(f"*{_SUFFIX}") if path.stat().st_size]
            others = {int(path.stem) for path in written} - {os.getpid()}
            self._others = [self._map(pid, "r+b") for pid in others if _is_alive(pid)]
        return self._others

    def _map(self, pid: int, mode: str) -> mmap:
        assert self._folder
        with (self._folder / f"{pid}{_SUFFIX}").open(mode) as file:
            if mode == "w+b":
                file.write(_NUMBER.pack(0))
                file.flush()
            return mmap(file.fileno(), _NUMBER.size)


class Sharing:
    """Ends connections of a process whose share is too large."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_or_end(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["app"].state.engine.share.is_too_large():
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        await self._app(scope, receive, send_or_end)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
