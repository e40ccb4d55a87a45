"""Asking the index on behalf of many clients: one thread answers questions, another one looks things up.

Questions that arrive while one is being answered are embedded together. Each thread stays the same for good, for a new
one per call would keep memory of its own.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from semsearch import settings
from semsearch.queries import Query
from semsearch.records import Answer
from semsearch.search import Index
from semsearch.service.shares import Share

T = TypeVar("T")


class Busy(Exception):
    """As many questions are being worked on as the service admits."""


class Late(Exception):
    """The answer was not there in time."""


@dataclass(slots=True, eq=False)
class _Job:
    queries: Sequence[Query]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[list[Answer]]
    answers: list[Answer] = field(default_factory=list)


class Engine:
    """An index open for questions, and open once more for looking up."""

    def __init__(
        self, folder: Path, model: str | None = None, aliases: Path | None = None, share: Share | None = None
    ) -> None:
        """Open the index. Raises what `semsearch.open` raises."""
        self.share = share or Share()
        self._index = Index(folder, model, aliases)
        self._shelf = Index(folder, model)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._looking_up = ThreadPoolExecutor(1, "looking-up")
        self._thread = threading.Thread(target=self._work, name="answering", daemon=True)
        self._thread.start()
        self.running = 0
        self._kept: dict[str, tuple[object, Any]] = {}
        self._answers: dict[Query, tuple[object, Answer]] = {}

    def close(self) -> None:
        """Finish what was asked, and close the index."""
        self._jobs.put(None)
        self._thread.join()
        self._looking_up.shutdown()
        self._index.close()
        self._shelf.close()

    async def answers(self, queries: Sequence[Query]) -> list[Answer]:
        """One answer for each question, all of one generation.

        Raises Busy, Late, and what `Index.answers` raises.
        """
        if self.running + len(queries) > settings.MAX_RUNNING.default:
            raise Busy
        loop = asyncio.get_running_loop()
        job = _Job(queries, loop, loop.create_future())
        self._run(len(queries))
        try:
            self._jobs.put(job)
            return await asyncio.wait_for(job.done, settings.QUERY_SECONDS.default)
        except TimeoutError as error:
            raise Late from error
        finally:
            self._run(-len(queries))

    def _run(self, more: int) -> None:
        self.running += more
        self.share.tell(self.running)

    async def look_up(self, find: Callable[[Index], T]) -> T:
        """What `find` finds in the index, in a thread of its own, apart from the questions. Raises Late."""
        loop = asyncio.get_running_loop()
        found = loop.run_in_executor(self._looking_up, find, self._shelf)
        try:
            return await asyncio.wait_for(found, settings.QUERY_SECONDS.default)
        except TimeoutError as error:
            raise Late from error

    async def look_up_once(self, name: str, find: Callable[[Index], T]) -> T:
        """`look_up`, kept under `name` until a build has published another generation."""

        def found(shelf: Index) -> T:
            edition = shelf.edition
            if name not in self._kept or self._kept[name][0] != edition:
                self._kept[name] = (edition, find(shelf))
            kept: T = self._kept[name][1]
            return kept

        return await self.look_up(found)

    def _work(self) -> None:
        while True:
            jobs = [self._jobs.get()]
            with suppress(queue.Empty):
                while jobs[-1] is not None and len(jobs) < settings.MAX_BATCH.default:
                    jobs.append(self._jobs.get_nowait())
            self._answer([job for job in jobs if job and not job.done.cancelled()])
            if jobs[-1] is None:
                return

    def _answer(self, jobs: Sequence[_Job]) -> None:
        """Answer all together or, where that fails, each alone, so that no one suffers for another's question."""
        try:
            edition = self._index.edition
            jobs = [job for job in jobs if not self._answered_before(job, edition)]
            owned = [(job, query) for job in jobs for query in job.queries]
            answers = self._index.each_answer([query for _, query in owned]) if owned else ()
            for (job, query), answer in zip(owned, answers, strict=True):
                self._remember(edition, query, answer)
                job.answers.append(answer)
                if len(job.answers) == len(job.queries):
                    _settle(job, job.answers)
        except Exception as error:
            unsettled = [job for job in jobs if len(job.answers) < len(job.queries)]
            if len(jobs) == 1:
                _settle(jobs[0], error)
                return
            for job in unsettled:
                job.answers.clear()
                self._answer([job])

    def _answered_before(self, job: _Job, edition: object) -> bool:
        """Settle a job whose questions were all asked lately, of the same generation."""
        known = [self._answers.get(query, (None, None)) for query in job.queries]
        if any(of != edition for of, _ in known):
            return False
        _settle(job, [answer for _, answer in known if answer])
        return True

    def _remember(self, edition: object, query: Query, answer: Answer) -> None:
        """Keep an answer under the edition that was there before it was looked for.

        If a build has come in between, it is kept under one that never comes again, and so never given.
        """
        self._answers.pop(query, None)
        self._answers[query] = (edition, answer)
        if len(self._answers) > settings.REMEMBERED_ANSWERS.default:
            del self._answers[next(iter(self._answers))]


def _settle(job: _Job, outcome: list[Answer] | Exception) -> None:
    def settle() -> None:
        if job.done.done():
            return
        if isinstance(outcome, Exception):
            job.done.set_exception(outcome)
        else:
            job.done.set_result(outcome)

    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        job.loop.call_soon_threadsafe(settle)
