"""Every hostile file at the size that files may have, each in a build of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from semsearch.settings import MAX_TEXT_BYTES
from tests.fuzz import Figures
from tests.hostile import MB, TRAPS, fenced, plant, sparse

PATIENCE = 60
"""How many times as long as as many ordinary bytes a hostile file may take."""
_ORDINARY = (
    "Talks between the two governments went on in the harbour town until late on Monday evening.\n\n"
    "정부는 월요일 국무회의를 열어 내년도 예산안과 세제 개편안을 함께 의결했다.\n\n"
    "政府は月曜日の閣議で来年度の予算案と税制改正の大綱をあわせて決定した。\n\n"
).encode()


def ordinary(size: int) -> bytes:
    """So many bytes of ordinary text."""
    return b"date 2024-01-01 Title\n\n" + _ORDINARY * (size // len(_ORDINARY))


def run(size: int = MAX_TEXT_BYTES.default - 100, room: int = 4 << 30, say: Callable[[str], None] = print) -> Figures:
    """Build over each trap of about `size` bytes, with `room` bytes of memory to take; failures are named."""
    figures = Figures("hostile")
    slowest, largest = (0.0, ""), (0, "")
    with fenced() as fence, tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        (root / "usual").mkdir()
        (root / "usual/a.txt").write_bytes(ordinary(size))
        usual = fence.build(root / "usual", root / "usual-index", 3600, room)
        say(f"ordinary text of {size:,} bytes: {usual.ended}, {usual.seconds:.1f} s, {usual.memory // MB} MB")
        for trap in TRAPS:
            folder = root / trap.name.replace(".", "-")
            plant(folder, trap, size)
            found = fence.build(folder, folder / "index", PATIENCE * usual.seconds, room)
            figures.tried += 1
            if found.ended != "well" or "good.txt" not in found.found:
                figures.failures.append(f"{trap.name}: {found.ended}, found {found.found}")
            slowest = max(slowest, (found.seconds / usual.seconds, trap.name))
            largest = max(largest, (found.memory, trap.name))
            taken = f"{found.seconds:.1f} s, {found.memory // MB} MB"
            say(f"{trap.name}: {found.ended}, {taken}, {found.passages:,} passages")
        for name in ("a.txt", "a.md", "a.html", "a.json", "a.jsonl"):
            folder = root / name.replace(".", "-")
            found = fence.build(sparse(folder, name, 1 << 30), folder / "index", PATIENCE * usual.seconds, room)
            figures.tried += 1
            if found.ended != "well" or found.found != ["good.txt"] or not found.skipped:
                figures.failures.append(f"a gigabyte of NULs as {name}: {found.ended}")
    figures.told["slowest"] = f"{slowest[0]:.1f} times ordinary text ({slowest[1]})"
    figures.told["most memory"] = f"{largest[0] // MB:,} MB ({largest[1]})"
    return figures
