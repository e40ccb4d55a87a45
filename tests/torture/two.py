"""Two builds at once: the second refuses and names the holder; a holder that was killed blocks nobody."""

from __future__ import annotations

import os
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from semsearch.errors import IndexBusy
from tests.torture.common import Child as Holder
from tests.torture.common import World, build, chances, counted, in_child, told


def two_builds(world: World, count: int, seed: int = 1) -> dict[str, int | float | list[str]]:
    """`count` times: let one build stop half-way, start a second one, kill the first, start a third.

    `slowest_refusal` is in seconds, from the call to the error.
    """
    chance = chances(seed)
    world.show(2)
    counts: Counter[str] = Counter()
    bad: list[str] = []
    slowest = 0.0
    for number in counted(range(count)):
        folder = world.victim(upon=number % 3 != 2)
        stage = chance.choice(("reading", "embedding", "publishing"))
        holder = _stopped(world, folder, stage)
        second = in_child(partial(_refusal, world, folder))
        if second.value is None or str(holder.pid) not in second.value["said"]:
            bad.append(f"{number}: the second build of process {holder.pid}, stopped at {stage}: {second}")
        else:
            counts["refused, naming the holder"] += 1
            slowest = max(slowest, second.value["seconds"])
        holder.kill()
        third = in_child(partial(_rebuilt, world, folder))
        if third.value not in (world.says["new"], world.says["fresh"]):
            bad.append(f"{number}: the build after a killed holder: {third.crash or third.error or 'other answers'}")
        else:
            counts["built after the holder was killed"] += 1
        counts["pairs"] += 1
    return {**counts, "slowest_refusal": round(slowest, 3), "bad": bad}


def _stopped(world: World, folder: Path, stage: str) -> Holder:
    """A build that has come to `stage` and goes no further."""
    hears, tells = os.pipe()

    def stop(now: Any) -> None:
        if now.stage == stage:
            os.write(tells, b".")
            time.sleep(3600)

    holder = Holder(lambda: build(world, folder, stop))
    os.close(tells)
    os.read(hears, 1)
    os.close(hears)
    return holder


def _rebuilt(world: World, folder: Path) -> str:
    build(world, folder)
    return told(folder)


def _refusal(world: World, folder: Path) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        build(world, folder)
    except IndexBusy as error:
        return {"said": str(error), "seconds": time.perf_counter() - started}
    return {"said": "it was built", "seconds": time.perf_counter() - started}
