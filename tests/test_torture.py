"""Torture, in short: killed builds, power cuts, failing disks, bit rot, two builds at once, questions during builds.

`scripts/torture NAME` does each in full.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import semsearch
from semsearch.errors import IndexDamaged, IndexInaccessible
from semsearch.index import Writer
from semsearch.repair import repair
from semsearch.sqlite import connect
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="forks, and reads Linux's /proc")


def alone(harm: str, call: str, root: Path) -> Any:
    """What a function of `tests/torture` returns in a process of its own.

    It forks victims, and a process that has run other tests has threads, whose locks a fork would find held for good.
    """
    code = (
        "import json, sys; from pathlib import Path; from tests.torture.common import World; "
        f"from tests.torture import {harm}; root = Path(sys.argv[1]); print(json.dumps({harm}.{call}))"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(root)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def nothing_bad(figures: dict[str, Any]) -> dict[str, Any]:
    assert not figures["bad"], "\n".join(figures["bad"][:3])
    return figures


def test_a_killed_build_leaves_the_old_index_or_the_new_one_and_the_next_finishes(tmp_path: Path) -> None:
    """As many kills as fit into two seconds, and four at least."""
    assert nothing_bad(alone("kill", "kills(World(root, count=4), 100, seconds=2)", tmp_path))["kills"] >= 4


def test_a_power_cut_leaves_the_old_index_or_the_new_one_or_what_a_build_mends(tmp_path: Path) -> None:
    found = nothing_bad(alone("power", "power_cuts(World(root, count=4), 6)", tmp_path))
    assert found["calls"] > 100
    assert found["checked"] == 6


def test_whatever_the_system_refuses_the_old_index_answers_and_the_next_build_succeeds(tmp_path: Path) -> None:
    found = nothing_bad(alone("faults", "refused_calls(World(root, count=4), 5)", tmp_path))
    assert found["calls"] > 100
    assert found["IndexInaccessible, old"]


def test_full_disks_and_other_limits_are_told_by_name(tmp_path: Path) -> None:
    assert nothing_bad(alone("faults", "small_limits(World(root, count=4), 2)", tmp_path))["refusals"] >= 4


def test_a_refusal_is_one_line_on_the_command_line(tmp_path: Path) -> None:
    for status, said in alone("faults", "on_the_command_line(World(root, count=4))", tmp_path):
        assert status == 2, said
        assert said.startswith("semsearch: ")
        assert said.count("\n") == 1


def test_a_folder_in_which_nothing_can_be_made_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(IndexInaccessible, match="file"), Writer.open(tmp_path / "file" / "index"):
        pass


def test_changed_files_never_change_an_answer_without_a_word(tmp_path: Path) -> None:
    found = nothing_bad(alone("rot", "rot(World(root, count=4), 10)", tmp_path))
    assert found["changes"] == 10


def test_a_changed_model_file_ends_no_process(tmp_path: Path) -> None:
    nothing_bad(alone("rot", "rotten_models(root, 4)", tmp_path))


def test_a_second_build_is_refused_and_a_killed_one_blocks_nobody(tmp_path: Path) -> None:
    found = nothing_bad(alone("two", "two_builds(World(root, count=4), 3)", tmp_path))
    assert found["refused, naming the holder"] == found["built after the holder was killed"] == 3


def test_questions_during_builds_get_answers_of_one_build_and_nothing_leaks(tmp_path: Path) -> None:
    found = nothing_bad(alone("rebuild", "rebuilds(root, 8)", tmp_path))
    assert found["index questions"]
    assert found["service questions"]
    for before, _, after in (found["client"]["files"], found["service"]["files"]):
        assert after <= before + 8  # a reader may just be opening the next generation
    for before, _, after in (found["client"]["mib"], found["service"]["mib"]):
        assert after <= 1.2 * before + 16


def change(folder: Path, statement: str) -> None:
    db = connect(str(folder / "semsearch.db"))
    assert db.execute(statement).rowcount == 1
    db.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE articles SET date = '1921-03-11' WHERE date = '2021-03-11'",
        "UPDATE passages SET lang = 'jb' WHERE id = (SELECT min(id) FROM passages WHERE lang = 'ja')",
        "UPDATE files SET died = born WHERE name LIKE '%quake.txt'",
        "UPDATE files SET name = 'elsewhere' WHERE name LIKE '%quake.txt'",
        "UPDATE articles SET file_id = 1 WHERE date = '2021-03-11'",
    ],
)
def test_a_filter_hides_nothing_where_what_it_goes_by_has_changed(archive: Path, built: Path, statement: str) -> None:
    with semsearch.open(built) as index:
        before = [hit.passage.id for hit in index.query("tsunami", lang="ja", since="2021-01-01")]
    change(built, statement)
    for question in ({"lang": "ja"}, {"since": "2021-01-01"}, {"source": "*quake.txt"}):
        with semsearch.open(built) as index, pytest.raises(IndexDamaged, match="semsearch repair"):
            index.query("tsunami", **question)
    assert semsearch.verify(built).problems
    semsearch.build([archive], built)
    with semsearch.open(built) as index:
        assert [hit.passage.id for hit in index.query("tsunami", lang="ja", since="2021-01-01")] == before
    assert not semsearch.verify(built).problems


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE articles SET byte_origin = 1 WHERE date = '2021-03-11'",
        "UPDATE articles SET raw = x'00' WHERE date = '2021-03-11'",
        "UPDATE files SET sha256 = 'another' WHERE name LIKE '%quake.txt'",
        "UPDATE vectors SET key = x'00' WHERE id = 1",
    ],
)
def test_what_verify_finds_repair_mends(built: Path, statement: str) -> None:
    change(built, statement)
    assert semsearch.verify(built).problems
    assert repair(built).sources
    assert not semsearch.verify(built).problems


def test_a_build_that_changes_nothing_clears_what_a_killed_one_left(archive: Path, built: Path) -> None:
    for name in ("words-2.tmp", "words-2"):
        (built / name).mkdir()
    (built / "vectors-2.faiss").write_bytes(b"left over")
    assert {problem.kind for problem in semsearch.verify(built).problems} == {"orphan"}
    assert semsearch.build([archive], built).generation == 1
    assert not semsearch.verify(built).problems
