"""Hostile files: each is read or refused by name, in bounded time and memory, and the rest of the folder is indexed.

Every build runs in a process of its own, with a limit on memory that the kernel keeps, and is killed when it takes
many times as long as a build of as many ordinary bytes. `./scripts/fuzz hostile` takes files of the largest size.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import semsearch
from semsearch.errors import UsageError
from semsearch.readers.limits import limited
from semsearch.records import Article, Skipped
from semsearch.settings import MAX_FIELD_CHARS, MAX_NAMED
from tests.conftest import write
from tests.fuzz.hostile import PATIENCE, ordinary
from tests.hostile import GOOD, MB, TRAPS, Fence, Outcome, Trap, fenced, odd_names, plant, sparse, special

SIZE = 20_000
"""Bytes of a trap here. What takes quadratic time or keeps hundreds of bytes for each shows in the full form."""


@pytest.fixture(scope="module")
def fence() -> Iterator[Fence]:
    with fenced() as child:
        yield child


@pytest.fixture(scope="module")
def usual(fence: Fence, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds that as many ordinary files of the same size take."""
    folder = tmp_path_factory.mktemp("usual")
    for number in range(len(TRAPS)):
        (folder / f"{number}.txt").write_bytes(ordinary(SIZE))
    outcome = fence.build(folder, folder / "index")
    assert outcome.ended == "well"
    return outcome.seconds


@pytest.fixture(scope="module")
def all_traps(fence: Fence, usual: float, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One folder with every trap."""
    folder = tmp_path_factory.mktemp("traps")
    for trap in TRAPS:
        plant(folder / trap.name.replace(".", "-"), trap, SIZE)
    return fence.build(folder, folder / "index", PATIENCE * usual)


def test_no_hostile_file_stops_a_build_or_hides_its_neighbours(all_traps: Outcome) -> None:
    assert all_traps.ended == "well"
    assert {Path(name).name for name in all_traps.found} == {"good.txt"}
    assert len(all_traps.found) == len(TRAPS), "each trap has a neighbour, and all of them are copies"
    assert all_traps.memory < 1 << 30


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_what_is_refused_is_named_with_its_reason(trap: Trap, all_traps: Outcome) -> None:
    own = re.compile(rf"/{re.escape(trap.name)}(?:, |\Z)")
    reasons = [reason for name, reason in all_traps.skipped.items() if own.search(name)]
    if trap.refused:
        assert reasons
        assert all(re.search(f"{trap.refused}|more of them", reason) for reason in reasons)
    assert all(len(reason.splitlines()) == 1 for reason in reasons)


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.json", "a.jsonl"])
def test_a_line_of_100_megabytes_is_refused_by_its_length(
    name: str, fence: Fence, usual: float, tmp_path: Path
) -> None:
    outcome = fence.build(sparse(tmp_path / "a", name, 100 * MB), tmp_path / "index", PATIENCE * usual)
    assert (outcome.ended, outcome.found) == ("well", ["good.txt"])
    ((where, reason),) = outcome.skipped.items()
    assert where == (f"{name}, line 1" if name.endswith("l") and "json" in name else name)
    assert "more than 33,554,432 bytes" in reason or "longer than 8,388,608 bytes" in reason
    assert outcome.memory < 512 * MB


def test_pipes_devices_sockets_and_loops_are_named_and_nothing_waits_for_them(
    fence: Fence, usual: float, tmp_path: Path
) -> None:
    says = special(tmp_path / "a")
    outcome = fence.build(tmp_path / "a", tmp_path / "index", PATIENCE * usual)
    assert (outcome.ended, outcome.found) == ("well", ["good.txt"])
    assert {name: says[name] for name in outcome.skipped if says[name] in outcome.skipped[name]} == says


def test_files_of_any_name_are_indexed_and_told_apart(fence: Fence, usual: float, tmp_path: Path) -> None:
    names = odd_names(tmp_path / "a")
    outcome = fence.build(tmp_path / "a", tmp_path / "index", PATIENCE * usual)
    assert (outcome.ended, outcome.skipped) == ("well", {"bytes\\xff\\xfe.txt": "its name is not valid UTF-8"})
    with semsearch.open(tmp_path / "index") as index:
        assert sorted({passage.source for passage in index}) == sorted({*names, "good.txt"} - {*outcome.skipped})
        (hit,) = index.query("odd names", 1, source="line*")
        assert hit.passage.source == "line\nbreak.txt"


def test_thousands_of_empty_files_are_each_named(fence: Fence, usual: float, tmp_path: Path) -> None:
    write(tmp_path / "a", {"good.txt": GOOD, **{f"{n % 9}/{n}.txt": " \n" * (n % 2) for n in range(3_000)}})
    outcome = fence.build(tmp_path / "a", tmp_path / "index", PATIENCE * usual)
    assert (outcome.ended, outcome.found, len(outcome.skipped)) == ("well", ["good.txt"], 3_000)
    assert set(outcome.skipped.values()) == {"the file holds no text"}


def test_an_entity_or_a_link_in_a_page_opens_no_other_file(tmp_path: Path) -> None:
    (trap,) = (trap for trap in TRAPS if trap.name == "laughs.xhtml")
    semsearch.build([plant(tmp_path / "a", trap, 0)], tmp_path / "index")
    with semsearch.open(tmp_path / "index") as index:
        text = " ".join(passage.text for passage in index)
    assert "root:" not in text
    assert "ha" * 20 not in text
    assert "harbour" in text


def test_an_ignore_file_that_is_a_pipe_or_a_device_ignores_nothing(fence: Fence, usual: float, tmp_path: Path) -> None:
    write(tmp_path / "a", {"good.txt": GOOD, "b/good.txt": GOOD})
    os.mkfifo(tmp_path / "a/.semsearchignore")
    (tmp_path / "a/b/.semsearchignore").symlink_to("/dev/zero")
    outcome = fence.build(tmp_path / "a", tmp_path / "index", PATIENCE * usual)
    assert (outcome.ended, outcome.passages) == ("well", 2)


def test_a_letter_of_endless_marks_is_cut_like_any_text(tmp_path: Path) -> None:
    for name, text in {"marks.txt": "e" + "\u0301" * 30_000, "joined.txt": "👩\u200d" * 15_000}.items():
        write(tmp_path / "a", {name: text})
    semsearch.build([tmp_path / "a"], tmp_path / "index")
    with semsearch.open(tmp_path / "index") as index:
        lengths = [len(passage.text) for passage in index]
    assert max(lengths) <= 1_000
    assert sum(lengths) == 60_001
    assert not semsearch.verify(tmp_path / "index").problems


def test_an_index_under_a_name_that_is_no_utf_8_is_refused_by_name(archive: Path, tmp_path: Path) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    with pytest.raises(UsageError, match="no UTF-8"):
        semsearch.build([archive], folder)


def test_headlines_addresses_and_ids_have_a_length() -> None:
    most = MAX_FIELD_CHARS.default
    whole = Article("text", title="t" * most, url="u" * most, external_id="i" * most)
    longer = Article("text", title="t" * (most + 1), url="u" * (most + 1), external_id="i" * (most + 1))
    assert list(limited([whole, longer])) == [whole, Article("text", title="t" * most)]


def test_of_endless_bad_records_a_thousand_are_named_and_the_others_counted() -> None:
    most = MAX_NAMED.default
    bad = [Skipped(f"line {n}", "malformed", "not JSON") for n in range(1, most + 3)]
    article = Article("text")
    expected = [*bad[:most], article, Skipped("other records", "malformed", "2 more of them cannot be used")]
    assert list(limited([*bad, article])) == expected
    assert list(limited(bad[:most])) == bad[:most]
