"""Bit rot: whatever changes in an index's files, a question gets the same answer, a named error, or none at all.

Every kind of file is changed: bits turned, blocks overwritten with zeros or with one another, the end cut off, bytes
added; and single values of the database. The victim is asked each question alone, and `verify` looks at it; a build,
and else a repair, is to make it whole again. A different answer without an error is bad.
"""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from semsearch import index as index_module
from semsearch.embedders import bundled, load_embedder
from semsearch.embedders.registry import BUNDLED
from semsearch.errors import SemsearchError
from semsearch.repair import repair
from semsearch.sqlite import connect
from tests.torture.common import (
    PARTS,
    Outcome,
    World,
    build,
    chances,
    counted,
    in_child,
    model,
    said_of,
    told,
    troubles,
    warm,
)

MEMORY = 6 << 30
"""Bytes of address space that a victim may take beyond what it has at its start."""
_BLOCK = 512


def rot(world: World, count: int, seed: int = 1, only: str = "") -> dict[str, int | list[str]]:
    """Change files of `count` copies of an index, each kind of file equally often; `only` kinds that begin so."""
    chance = chances(seed)
    world.show(1)
    coded = _with_codes(world)
    _at_rest(world.base)
    files = {
        "database": (world.base, "semsearch.db"),
        "columns": (world.base, "semsearch.db"),
        "vectors": (world.base, "vectors-*.faiss"),
        "traits": (world.base, "traits-*.bin"),
        "words": (world.base, "words-*/*/*"),
        "codes": (coded, "codes-*.faiss"),
    }
    kinds = [kind for kind in files if kind.startswith(only)]
    counts: Counter[str] = Counter()
    bad: list[str] = []
    for number in counted(range(count)):
        kind = kinds[number % len(kinds)]
        whole, pattern = files[kind]
        folder = world.root / "victim"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)
        path = chance.choice([path for path in sorted(folder.glob(pattern)) if path.suffix != ".lock"])
        what = damage_column(path, chance) if kind == "columns" else damage(path, chance)
        case = f"{number}, {path.relative_to(folder)}, {what}"
        expected = world.says["coded" if kind == "codes" else "old"]
        done = in_child(partial(_look, world, folder, expected), MEMORY)
        counts["changes"] += 1
        counts["peak_mib"] = max(counts["peak_mib"], done.peak_kib >> 10)
        _count(counts, bad, kind, case, done)
    return {**counts, "bad": bad}


def _count(counts: Counter[str], bad: list[str], kind: str, case: str, done: Outcome) -> None:
    if done.crash or done.error:
        counts[f"{kind}: crash"] += 1
        bad.append(f"{case}: {done}")
        return
    value: dict[str, str] = done.value
    counts[f"{kind}: {value['outcome']}"] += 1
    if value["outcome"] == "different":
        bad.append(f"{case}: {value['detail']}; verify: {value['verify']}; then {value['mended']}")
    elif value["mended"].startswith("crash"):
        bad.append(f"{case}: {value['mended']}")
    counts[f"{kind}: then {value['mended'].partition(':')[0]}"] += 1


def _with_codes(world: World) -> Path:
    """The first index again, with codes, which are otherwise made of many vectors only."""
    folder = world.root / "coded"
    shutil.rmtree(folder, ignore_errors=True)

    def work() -> str:
        index_module.ENOUGH_FOR_CODES = 1  # type: ignore[attr-defined]
        build(world, folder)
        return told(folder)

    done = in_child(work)
    assert done.value, done
    world.says["coded"] = done.value
    _at_rest(folder)
    assert list(folder.glob("codes-*.faiss"))
    return folder


def _at_rest(folder: Path) -> None:
    """Fold SQLite's log into the database, so that it is all there is."""
    db = connect(str(folder / "semsearch.db"))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    for name in ("semsearch.db-wal", "semsearch.db-shm"):
        (folder / name).unlink(missing_ok=True)


def damage(path: Path, chance: random.Random) -> str:
    """Change a file by chance; says how. Where that would change nothing, a bit is turned."""
    before = data = bytearray(path.read_bytes())
    size = len(data)
    here = chance.randrange(size) if size else 0
    match chance.choice(("bit", "bits", "zeros", "noise", "cut", "more", "swap")):
        case "bit":
            data = bytearray(data)
        case "bits":
            data = bytearray(data)
            for _ in range(8):
                _turn(data, chance)
        case "zeros":
            data = data[:here] + bytes(min(_BLOCK, size - here)) + data[here + _BLOCK :]
        case "noise":
            data = data[:here] + chance.randbytes(min(_BLOCK, size - here)) + data[here + _BLOCK :]
        case "cut":
            data = data[:here]
        case "more":
            data = data + chance.randbytes(1 + here % _BLOCK)
        case "swap":
            blocks = [data[start : start + _BLOCK] for start in range(0, size, _BLOCK)]
            one, other = chance.randrange(len(blocks) or 1), chance.randrange(len(blocks) or 1)
            if blocks:
                blocks[one], blocks[other] = blocks[other], blocks[one]
            data = bytearray(b"".join(blocks))
    if data == before:
        data = bytearray(before)
        _turn(data, chance)
    path.unlink()  # what links to it stays as it is
    path.write_bytes(data)
    changed = [place for place, (one, other) in enumerate(zip(before, data, strict=False)) if one != other]
    span = f"bytes {changed[0]}-{changed[-1]}, {len(changed)} of them" if changed else "no byte"
    return f"{span} changed, {size} -> {len(data)} bytes"


def damage_column(path: Path, chance: random.Random) -> str:
    """Change one value in one row, as a flipped bit in a record does."""
    db = connect(str(path))
    table = chance.choice(("meta", "files", "articles", "passages", "vectors"))
    named = "key" if table == "meta" else "id"
    columns = [column[1] for column in db.execute(f"PRAGMA table_info({table})") if not column[5]]
    column = chance.choice(columns)
    key, value = chance.choice(db.execute(f'SELECT {named}, "{column}" FROM {table}').fetchall())
    changed: Any
    match value:
        case int():
            changed = value ^ (1 << chance.randrange(max(1, value.bit_length())))
        case str() if value:
            place = chance.randrange(len(value))
            changed = value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
        case bytes() if value:
            place = chance.randrange(len(value))
            changed = value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
        case _:
            changed = 1
    try:
        db.execute(f'UPDATE OR IGNORE {table} SET "{column}" = ? WHERE {named} = ?', (changed, key))
    finally:
        db.close()
    return f"{table}.{column} of {key!r}: {str(value)[:30]!r} -> {str(changed)[:30]!r}"


def _turn(data: bytearray, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    else:
        data += b"\1"


def _look(world: World, folder: Path, expected: str) -> dict[str, str]:
    """What a damaged index says to each question alone, what verify finds, and what makes it whole again."""
    errors: Counter[str] = Counter()
    wrong = []
    whole = json.loads(expected)
    for part in PARTS:
        try:
            if json.loads(said_of(folder, part)) != whole[part]:
                wrong.append(part)
        except SemsearchError as error:
            errors[type(error).__name__] += 1
    try:
        verified = "; ".join(troubles(folder)) or "good"
    except SemsearchError as error:
        verified = type(error).__name__
    outcome = "different" if wrong else next(iter(errors), "the same")
    return {"outcome": outcome, "detail": ", ".join(wrong), "verify": verified[:200], "mended": _mend(world, folder)}


def _mend(world: World, folder: Path) -> str:
    """Which of build and repair brings the first index's answers back; the last error where neither does."""
    said = ""
    ways: dict[str, Callable[[], Any]] = {"build": lambda: build(world, folder), "repair": lambda: repair(folder)}
    for name, way in ways.items():
        try:
            way()
            same, wrong = _texts(told(folder)) == _texts(world.says["old"]), troubles(folder)
            if same and not wrong:
                return f"whole by {name}"
            said = f"not whole: {name}, {same=}, {wrong[:2]}"
        except SemsearchError as error:
            said = f"{type(error).__name__}: {error}"
        except Exception as error:
            return f"crash: {name}: {error!r}"
    return said


def _texts(said: str) -> Any:
    """Of what an index says, what does not depend on how often it was built: its passages, without scores."""
    return json.loads(said)["passages"]


def rotten_models(root: Path, count: int, seed: int = 1) -> dict[str, int | list[str]]:
    """Change files of `count` copies of the bundled model, and load it: they may not go unnoticed."""
    warm()
    chance = chances(seed)
    counts: Counter[str] = Counter()
    bad: list[str] = []
    texts = ["the harbour in winter", "겨울 항구", "冬の港"]
    expected = in_child(lambda: model().embed_passages(texts).tolist()).value
    folder = root / "model"
    for number in counted(range(count)):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(bundled.DATA, folder)
        path = chance.choice([path for path in sorted(folder.iterdir()) if path.suffix != ".md"])
        what = damage(path, chance)
        done = in_child(partial(_load, folder, texts, expected), MEMORY)
        counts["changes"] += 1
        if done.value is None:
            last = done.error or done.crash.strip().splitlines()[-1]
            counts[
                "signal" if "signal" in last or last == "hung" else "refused by name" if done.error else "a traceback"
            ] += 1
            if "signal" in last or last == "hung":
                bad.append(f"{number}, {path.name}, {what}: {last}")
            continue
        counts["same vectors" if done.value else "other vectors, without a word"] += 1
        if not done.value:
            bad.append(f"{number}, {path.name}, {what}: other vectors")
    return {**counts, "bad": bad}


def _load(folder: Path, texts: list[str], expected: list[list[float]]) -> bool:
    bundled.DATA = folder
    vectors: list[list[float]] = load_embedder(BUNDLED).embed_passages(texts).tolist()
    return vectors == expected
