"""The command line, as a person and as a program meets it."""

from __future__ import annotations

import json
import os
import pty
import re
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest
import wcwidth
from click.testing import CliRunner, Result

from semsearch.cli import commands, main
from semsearch.cli.terminal import plain
from tests.conftest import ROOT, write

CALM = "\nBoats of the old harbour went out before dawn and came back with the evening tide, as they always did.\n" * 9
FIELDS = {
    *("rank", "score", "id", "source", "title", "date", "lang", "text", "start", "end", "byte_start", "byte_end"),
    *("line_start", "line_end", "locator", "also_in", "scores"),
}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def start(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "semsearch", *map(str, arguments)], **options)


def test_build_says_what_it_did(archive: Path, tmp_path: Path) -> None:
    result = run("build", archive, "--index", tmp_path / "index")
    assert result.exit_code == 0
    assert "3 added, 0 updated, 0 removed, 0 unchanged" in result.stdout
    assert "3 articles, 6 passages (6 embedded" in result.stdout
    assert "\x1b" not in result.stdout


def test_build_with_a_wrong_path_is_one_line_and_status_2(tmp_path: Path) -> None:
    result = run("build", tmp_path / "nowhere", "--index", tmp_path / "index")
    assert result.exit_code == 2
    assert result.stderr.startswith("semsearch: ")
    assert "nowhere" in result.stderr
    assert result.stderr.count("\n") == 1


def test_build_of_nothing_usable_is_status_1_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    result = run("build", tmp_path / "empty.txt", "--index", tmp_path / "index")
    assert result.exit_code == 1
    assert "skipped" in result.stderr
    assert "empty.txt" in result.stderr


def test_dry_run_lists_changes(archive: Path, built: Path) -> None:
    (archive / "ja/quake.txt").unlink()
    result = run("build", archive, "--index", built, "--dry-run")
    assert re.search(r"remove +.*quake\.txt", result.stdout)
    assert "would be 0 added, 0 updated, 1 removed, 2 unchanged" in result.stdout


def test_query_shows_rank_score_headline_date_language_place_and_text(built: Path) -> None:
    result = run("query", "tsunami survivors", "--lang", "ja", "-k", 1, "--index", built)
    assert result.exit_code == 0
    heading, place, text, *_ = result.stdout.splitlines()
    assert re.fullmatch(r" 1  \d+\.\d\d  大震災から10年  2021-03-11  ja", heading)
    assert re.search(r"quake\.txt:\d+  [0-9a-f]{16}$", place)
    assert text.strip()


def test_json_has_every_field_and_offsets_that_lead_to_the_text(built: Path) -> None:
    answer = json.loads(run("query", "tsunami", "--json", "--index", built).stdout)
    assert set(answer) == {"query", "model", "generation", "took_ms", "hits"}
    assert answer["query"] == "tsunami"
    for hit in answer["hits"]:
        assert set(hit) >= FIELDS
        raw = Path(hit["source"]).read_bytes()
        assert (
            raw[hit["byte_start"] : hit["byte_end"]].decode() == hit["text"] == raw.decode()[hit["start"] : hit["end"]]
        )


def test_jsonl_is_one_hit_a_line_and_explain_adds_highlights(built: Path) -> None:
    lines = run("query", "tsunami", "--jsonl", "--explain", "--index", built).stdout.splitlines()
    assert len(lines) == 6
    assert all("highlights" in json.loads(line) for line in lines)


def test_context_shows_the_neighbours(built: Path) -> None:
    hit = json.loads(run("query", "津波", "-k", 1, "--json", "--context", 1, "--index", built).stdout)["hits"][0]
    assert len(hit["context"]) == 2
    assert "語り部" in run("query", "津波", "-k", 1, "--context", 1, "--index", built).stdout


def test_nothing_found_is_status_1(built: Path) -> None:
    result = run("query", "kiln", "--since", "2030-01-01", "--index", built)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "nothing found" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["query", "   "], "blank"),
        (["query", "kiln", "--lang", "fr"], "fr"),
        (["query", "kiln", "-k", "0"], "k is 0"),
        (["query", "kiln", "--since", "yesterday"], "yesterday"),
        (["show", "0123456789abcdef"], "0123456789abcdef"),
    ],
)
def test_wrong_use_is_status_2_and_one_line(built: Path, arguments: list[str], says: str) -> None:
    result = run(*arguments, "--index", built)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_missing_index_names_the_command_that_makes_one(tmp_path: Path) -> None:
    result = run("query", "kiln", "--index", tmp_path / "none")
    assert result.exit_code == 2
    assert "semsearch build" in result.stderr


def test_show_prints_a_passage_in_its_article(built: Path) -> None:
    hit = json.loads(run("query", "kiln", "-k", 1, "--json", "--index", built).stdout)["hits"][0]
    shown = run("show", hit["id"], "--index", built).stdout
    assert hit["text"] in shown
    assert f"characters {hit['start']}-{hit['end']}" in shown
    assert json.loads(run("show", hit["id"], "--json", "--index", built).stdout)["text"] == hit["text"]


def test_info_counts(built: Path) -> None:
    facts = json.loads(run("info", "--json", "--index", built).stdout)
    assert (facts["files"], facts["articles"], facts["passages"]) == (3, 3, 6)
    assert facts["languages"] == {"en": 2, "ja": 2, "ko": 2}
    assert "6: 2 " in run("info", "--index", built).stdout


def test_verify_passes_and_fails_with_its_status(archive: Path, built: Path) -> None:
    assert run("verify", "--index", built).exit_code == 0
    (archive / "ja/quake.txt").unlink()
    result = run("verify", "--index", built)
    assert result.exit_code == 1
    assert re.search(r"missing: .*quake\.txt", result.stdout)


def test_models_lists_prompts_dimensions_and_licences() -> None:
    listed = run("models").stdout
    for name in ("bundled", "multilingual-e5-small", "bge-m3", "embeddinggemma", "LaBSE", "Qwen3-Embedding", "arctic"):
        assert name in listed


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_has_help_for_every_option(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    for parameter in commands()[command].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{command} {parameter.name}"


def test_control_characters_of_an_article_never_reach_the_terminal(tmp_path: Path) -> None:
    text = (
        "date 2024-01-01 Title \x1b]0;owned\x07\n\n"
        "A harbour \x1b[31mred \u202eesrever\u202c text with a bell \x07 in it.\n" + CALM
    )
    write(tmp_path / "archive", {"evil.txt": text})
    assert run("build", tmp_path / "archive", "--index", tmp_path / "index").exit_code == 0
    out = run("query", "harbour", "--index", tmp_path / "index").stdout
    assert not set(out) & {"\x1b", "\x07", "\u202e", "\u202c"}
    assert "<U+001B>" in out
    assert "<U+202E>" in out
    assert plain("가나 émoji 👩‍👩‍👧 ok") == "가나 émoji 👩‍👩‍👧 ok"


def test_on_a_terminal_it_is_coloured_wrapped_and_marks_meaning(built: Path) -> None:
    leader, follower = pty.openpty()
    process = start("query", "tsunami", "--lang", "ja", "-k", 1, "--index", built, stdout=follower, stderr=follower)
    assert process.wait(60) == 0
    os.close(follower)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert "\x1b[33m\x1b[1m" in shown  # words that carry the likeness
    bare = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in shown.splitlines()]
    assert all(wcwidth.width(line) <= 80 for line in bare if line and ".txt:" not in line)


def test_a_closed_pipe_is_no_error(seeds_index: Path) -> None:
    process = start("query", "Korea", "-k", 500, "--index", seeds_index, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    process.stdout.read(10)
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(60)


def test_ctrl_c_keeps_the_last_good_index(built: Path, tmp_path: Path) -> None:
    many = {
        f"{n}.txt": f"date 2024-01-01 t{n}\n\n" + "\n\n".join(f"Para {n} {i} of it." * 9 for i in range(60))
        for n in range(900)
    }
    write(tmp_path / "many", many)
    process = start("build", tmp_path / "many", "--index", built, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (built / "semsearch.db-wal").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert b"interrupted" in said
    assert b"Traceback" not in said
    assert json.loads(run("info", "--json", "--index", built).stdout)["generation"] == 1


def test_the_documentation_is_what_the_commands_say() -> None:
    """Run `scripts/docs` with the project's Python to renew it."""
    page = runpy.run_path(str(ROOT / "scripts/docs"))["page"]()
    assert (ROOT / "docs/cli.md").read_text(encoding="utf-8") == page
