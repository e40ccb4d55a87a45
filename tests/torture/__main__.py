"""`python -m tests.torture NAME`: one kind of harm in full, and a table row of what it found."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.torture.common import World
from tests.torture.faults import refused_calls, small_limits
from tests.torture.kill import kills
from tests.torture.power import power_cuts
from tests.torture.rebuild import rebuilds
from tests.torture.rot import rot, rotten_models
from tests.torture.two import two_builds

Harm = Callable[[Path, int | None, int], dict[str, Any]]

HARMS: dict[str, tuple[str, Harm]] = {
    "kill": ("2,000 builds killed at any moment", lambda root, count, seed: kills(World(root), count or 2000, seed)),
    "power": ("every state in which a power cut may leave the disk",
              lambda root, count, seed: power_cuts(World(root), count, seed)),
    "faults": ("every call of a build refused, once and for good, with four errors",
               lambda root, count, seed: refused_calls(World(root), count, seed)),
    "limits": ("builds on full disks, with small files, with few files: 100 each",
               lambda root, count, seed: small_limits(World(root), count or 100, seed)),
    "rot": ("2,000 changed files of indexes", lambda root, count, seed: rot(World(root), count or 2000, seed)),
    "model": ("500 changed files of the model", lambda root, count, seed: rotten_models(root, count or 500, seed)),
    "two": ("two builds at once, 200 times", lambda root, count, seed: two_builds(World(root), count or 200, seed)),
    "rebuild": ("questions during 10 minutes of builds, 20 at the least",
                lambda root, count, _: rebuilds(root, 20, count or 600)),
}  # fmt: skip


def main() -> int:
    """Do the harm that is named; status 1 where something bad was found."""
    names = "\n".join(f"  {name:8} {said}" for name, (said, _) in HARMS.items())
    parser = argparse.ArgumentParser("torture", description=f"{__doc__}\n\n{names}",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("name", choices=[*HARMS, "all"], metavar="NAME", help="one of the above, or all")
    parser.add_argument("--count", type=int, help="how often, or seconds of rebuild; without it, in full")
    parser.add_argument("--seed", type=int, default=1, help="where chance begins (default: 1)")
    chosen = parser.parse_args()
    failed = 0
    print("| harm | figures | bad | seconds |\n|---|---|---|---|")
    for name in HARMS if chosen.name == "all" else [chosen.name]:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="torture-") as root:
            figures = HARMS[name][1](Path(root), chosen.count, chosen.seed)
        bad = figures.pop("bad")
        said = ", ".join(f"{what} {number}" for what, number in sorted(figures.items()))
        print(f"| {name} | {said} | {len(bad)} | {time.monotonic() - started:.0f} |", flush=True)
        for line in bad[:50]:
            print(f"    {line}", file=sys.stderr)
        failed += len(bad)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
