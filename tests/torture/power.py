"""Power cuts: of every state in which a build can leave the disk, the index answers as before or after, or is mended.

`disk.py` says what is modelled of a disk that forgets. The builds that are watched: the first one, an update, and one
that makes damaged derived files again.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from semsearch.errors import SemsearchError
from tests.torture.common import World, build, chances, counted, in_child, told, troubles
from tests.torture.disk import Picture, Recorder


@dataclass(frozen=True)
class _Scene:
    """A build to watch: what prepares its index, and what the index may say before and after."""

    prepare: Callable[[Path], None]
    before: str
    after: str


def power_cuts(world: World, count: int | None = None, seed: int = 1) -> dict[str, int | list[str]]:
    """Check `count` states drawn by chance, or all; returns what was counted."""
    chance, root = chances(seed), world.root / "power"
    shutil.rmtree(root, ignore_errors=True)
    scenes = {
        "first": _Scene(lambda folder: None, "none", "fresh"),
        "update": _Scene(lambda folder: _copy(world, folder), "old", "new"),
        "mend": _Scene(lambda folder: _damage(world, folder), "old", "new"),
    }
    counts: Counter[str] = Counter()
    bad: list[str] = []
    recorders = {name: _recorded(world, root / name, scene) for name, scene in scenes.items()}
    moments = [_Moment(name, picture) for name, recorder in recorders.items() for picture in recorder.pictures]
    lasts = {id(recorder.pictures[-1]) for recorder in recorders.values()}
    counts["calls"] = len(moments)
    if count is not None and count < len(moments):
        ends = [moment for moment in moments if id(moment.picture) in lasts]
        some = [*ends, *chance.sample(moments, max(0, count - len(ends)))]
        drawn = [(moment, chance.choice(list(moment.leftovers(recorders, chance)))) for moment in some[:count]]
    else:
        drawn = list(_distinct(moments, recorders, lasts, chance))
        counts["states"] = len(drawn)
        drawn = drawn if count is None else chance.sample(drawn, min(count, len(drawn)))
    for number, (moment, left) in enumerate(counted(drawn)):
        name, last, before = moment.scene, id(moment.picture) in lasts, moment.picture.before
        target = root / "left"
        shutil.rmtree(target, ignore_errors=True)
        recorders[name].lay_out(left, target)
        done = in_child(_look(world, target / "index", scenes[name], last))
        counts["checked"] += 1
        if done.crash or done.error or done.value["wrong"]:
            bad.append(f"{name}, state {number}, before {before.replace(str(root), '')}: {done}")
        else:
            counts[f"{name}: {done.value['found']}"] += 1
    return {**counts, "bad": bad}


@dataclass(frozen=True)
class _Moment:
    scene: str
    picture: Picture

    def leftovers(self, recorders: Mapping[str, Recorder], chance: random.Random) -> Iterator[dict[str, str]]:
        """What a power cut in this moment may leave."""
        return recorders[self.scene].leftovers(self.picture, chance)


def _recorded(world: World, root: Path, scene: _Scene) -> Recorder:
    """A build, watched."""
    world.show(2)
    home = root / "home"
    home.mkdir(parents=True)
    scene.prepare(home / "index")
    recorder = Recorder(home)
    with recorder.recording():
        build(world, home / "index")
    return recorder


def _distinct(
    moments: Sequence[_Moment], recorders: Mapping[str, Recorder], lasts: set[int], chance: random.Random
) -> Iterator[tuple[_Moment, dict[str, str]]]:
    """Every state once; after the end of a build more is wanted of it, so there it counts as another one."""
    seen = set()
    for moment in moments:
        for left in moment.leftovers(recorders, chance):
            content = hashlib.sha256(json.dumps(sorted(left.items())).encode()).digest()
            if (key := (moment.scene, id(moment.picture) in lasts, content)) not in seen:
                seen.add(key)
                yield moment, left


def _copy(world: World, folder: Path) -> None:
    shutil.copytree(world.base, folder)


def _damage(world: World, folder: Path) -> None:
    _copy(world, folder)
    (folder / "vectors-1.faiss").write_bytes(b"damaged")
    (folder / "words-1/ja/meta.json").unlink()


def _look(world: World, folder: Path, scene: _Scene, finished: bool) -> Callable[[], dict[str, str]]:
    """What one state is worth. After a build has finished, nothing but the new index will do."""

    def look() -> dict[str, str]:
        may = (scene.after,) if finished else (scene.before, scene.after)
        try:
            found = world.which(folder, *[name for name in may if name != "none"])
        except SemsearchError as error:
            found = f"{type(error).__name__}, mended"
        if found not in may and (finished or not found.endswith(", mended")):
            return {"found": found, "wrong": "it is neither the old index, nor the new one, nor an error"}
        if found in ("old", "new", "fresh") and (wrong := world.troubles_as(folder, found)):
            return {"found": found, "wrong": f"verify: {wrong}"}
        build(world, folder)
        if told(folder) != world.says[scene.after]:
            return {"found": found, "wrong": "the next build did not mend it"}
        wrong = troubles(folder, set())
        return {"found": found, "wrong": f"after the next build: {wrong}" if wrong else ""}

    return look
