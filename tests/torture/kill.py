"""kill -9 at any moment of a build: the index answers as the old one or as the new one, and the next build finishes."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from semsearch.build import Progress
from tests.torture.common import Child, World, build, chances, counted, in_child, told, troubles

_LEAST = 4


def kills(world: World, count: int, seed: int = 1, seconds: float | None = None) -> dict[str, int | list[str]]:
    """Kill `count` builds, or as many as fit into so many `seconds`, and four at least; returns what was counted.

    Three in four are updates that add, change and remove files, the fourth is a first build. Every other kill falls
    after publishing has begun: that part is short, and the riskiest.
    """
    chance = chances(seed)
    counts: Counter[str] = Counter()
    bad: list[str] = []
    world.show(2)
    lasts = {upon: _durations(world, upon) for upon in (True, False)}
    started = time.monotonic()
    for attempt in counted(range(count)):
        if seconds is not None and attempt >= _LEAST and time.monotonic() - started > seconds:
            break
        upon, late = attempt % 4 != 3, attempt % 2 == 1
        folder = world.victim(upon=upon)
        reading, publishing = lasts[upon]
        _kill_one(world, folder, late, chance.uniform(0, 1.05) * (publishing if late else reading + publishing))
        done = in_child(_aftermath(world, folder, upon))
        if done.crash or done.error or done.value["wrong"]:
            bad.append(f"kill {attempt}: {done}")
        else:
            counts[done.value["found"]] += 1
        counts["kills"] += 1
        counts["late"] += late
    return {**counts, "bad": bad}


def _durations(world: World, upon: bool) -> tuple[float, float]:
    """Seconds until publishing begins, and that it takes."""

    def timed() -> list[float]:
        at = [time.monotonic()]
        build(
            world,
            world.victim(upon=upon),
            lambda now: at.append(time.monotonic()) if now.stage == "publishing" else None,
        )
        return [*at, time.monotonic()]

    first, publishing, end = in_child(timed).value
    return publishing - first, end - publishing


def _kill_one(world: World, folder: Path, late: bool, delay: float) -> None:
    hears, tells = os.pipe()

    def tell(now: Progress) -> None:
        if now.stage == "publishing":
            os.write(tells, b".")

    child = Child(lambda: build(world, folder, tell))
    os.close(tells)
    if late:
        os.read(hears, 1)  # nothing comes of a build that has died, either
    time.sleep(delay)
    child.kill()
    os.close(hears)


def _aftermath(world: World, folder: Path, upon: bool) -> Callable[[], dict[str, str]]:
    """What is to be looked at after a kill; `wrong` says what is not as promised."""

    def look() -> dict[str, str]:
        new = "new" if upon else "fresh"
        found = world.which(folder, "old", new)
        if found not in ("old", new) and not (found == "none" and not upon):
            return {"found": found, "wrong": "it answers neither as the old nor as the new index"}
        if found != "none" and (wrong := world.troubles_as(folder, found)):
            return {"found": found, "wrong": f"verify: {wrong}"}
        build(world, folder)
        if told(folder) != world.says[new]:
            return {"found": found, "wrong": f"the next build: {world.which(folder, new)}"}
        if wrong := troubles(folder, set()):
            return {"found": found, "wrong": f"after the next build: {wrong}"}
        return {"found": found, "wrong": ""}

    return look
