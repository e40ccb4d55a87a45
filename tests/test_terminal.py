"""What reaches the terminal: no byte of an archive, a file name or a question that would steer it, from any command."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import semsearch
from semsearch.cli.terminal import one_line, plain, to_json
from tests.conftest import ROOT

CURSES = {
    "clear the screen": "\x1b[2J\x1b[H",
    "a title": "\x1b]0;owned\x07",
    "a link": "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\",
    "the clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "a device string": "\x1bP$q\x1b\\",
    "eight-bit commands": "\x9b31m\x9d0;owned\x9c\x90q\x9c\x85",
    "a bell and back": "\x07\x08\x08\x7f\r",
    "overrides": "\u202eevil\u202c\u2066x\u2067y\u2069\u200f\u200e\u061c",
    "unseen": "\u2060\ufeff\u00ad\U000e0041\U000e007f\u2028\u2029\x85",
    "forms": "\x0b\x0c\x0e\x0f\x1a\x1c\x1d\x1e\x1f\x01\x02",
}
"""What a terminal would obey, or show as something else."""
ALL = "".join(CURSES.values())
OWN = re.compile(r"\x1b\[(?:\d+(?:;\d+)*)?m|\r\x1b\[2K")
"""What the commands themselves send a terminal: colours, and the wiping of the line that tells how far they are."""
WORDS = "The harbour master reports that all boats of the village came home before the storm of the evening."


def steering(shown: str) -> set[str]:
    """The characters in an output that steer a terminal; joiners inside emoji are let through, as is a line end."""
    kept = {"\n", "\u200d", "\u200c"}
    bad = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return {f"U+{ord(c):04X}" for c in shown if unicodedata.category(c) in bad and c not in kept}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive whose headlines, texts, records and names are full of curses, and an index over it."""
    root = tmp_path_factory.mktemp("hostile")
    archive = root / "archive"
    archive.mkdir()
    for number, (kind, curse) in enumerate(CURSES.items()):
        name = f"{number} {curse}.txt".replace("/", "|").replace("\0", "")
        text = f"date 2024-01-01 Title {kind} {curse} end\n\n{WORDS} {kind}: {curse} end.\n\n{WORDS * 3} Calm.\n"
        (archive / name).write_text(text, encoding="utf-8", newline="")
    line_end = "forged\nsemsearch: 0 problems.txt"
    (archive / line_end).write_text(f"{WORDS} Forged.\n")
    record = {"title": f"Head\nline {ALL}", "text": f"{WORDS} Record {ALL}.", "id": ALL, "url": f"http://x/{ALL}"}
    (archive / f"records {ALL}.jsonl".replace("/", "|")[:120]).write_text(f"{json.dumps(record)}\n{ALL}\n", newline="")
    body = f"<div id='{ALL}'><p>{WORDS} Page &#x9b;31m&#x202e; {ALL}</p></div>"
    (archive / "page.html").write_text(f"<html lang=en><title>Page {ALL}</title><body>{body}")
    (archive / "front.md").write_text(f'---\ntitle: "Front \\x1b]0;x\\x07 {ALL}"\n---\n\n{WORDS} Front.\n', newline="")
    (archive / f"empty {ALL}.txt".replace("/", "|")).write_text(" \n")
    (archive / f"gone {ALL}.txt".replace("/", "|")).symlink_to("nowhere")
    (archive / "questions.tsv").write_text(
        f"q{CURSES['a title']}\te{CURSES['overrides']}n\tharbour {ALL}\n".replace("\r", "")
    )
    (archive / "qrels.txt").write_text(
        f"q{CURSES['a title']} 0 front.md 1\nx{CURSES['a link'].replace(' ', '')} 0 y 1\n"
    )
    os.chdir(root)
    semsearch.build(["archive"], root / "index")
    shutil.copytree(root / "index", root / "damaged")
    for path in (root / "damaged").glob("*.faiss"):
        path.write_bytes(b"")
    (archive / f"late {CURSES['overrides']}.txt").write_text(f"{WORDS} Late.\n")
    yield root
    os.chdir(ROOT)


def commands(root: Path) -> Iterator[list[str]]:
    """Every command but `serve`, with everything that could make it say something of the archive."""
    with semsearch.open(root / "index") as index:
        ids = [passage.id for passage in index]
    question = f"harbour {ALL}".replace("\0", "")
    index_at = ["--index", "index"]
    yield ["query", question, *index_at, "-k", "50", "--copies"]
    yield ["query", "harbour", *index_at, "-k", "50", "--explain", "--context", "1"]
    yield ["query", question, *index_at, "--json", "--explain", "--context", "2"]
    yield ["query", "harbour", *index_at, "--jsonl", "-k", "50", "--copies"]
    yield from (["show", each, *index_at] for each in ids[:1])
    yield ["show", ids[-1], *index_at, "--json"]
    yield ["show", question, *index_at]
    yield ["info", *index_at]
    yield ["info", "--json", *index_at]
    yield ["build", "archive", *index_at, "--dry-run"]
    yield ["build", "archive", "--index", f"other {CURSES['a link']}".replace("/", "|")]
    yield ["build", f"nothing {ALL}", *index_at]
    yield ["verify", *index_at]
    yield ["verify", "--index", f"no {ALL}"]
    yield ["repair", "--index", "damaged"]
    yield ["eval", "archive/questions.tsv", "archive/qrels.txt", *index_at, "--level", "document"]
    yield ["eval", "archive/questions.tsv", "archive/qrels.txt", *index_at, "--level", "document", "--json"]
    yield ["models"]
    yield ["backup", "index", "--index", f"no {CURSES['a title']}"]
    yield ["query", f"--{ALL}"]
    yield [f"quer{ALL}"]
    yield ["query", "x", "-k", ALL]


def in_a_pipe(arguments: Sequence[str]) -> str:
    done = subprocess.run([sys.executable, "-P", "-m", "semsearch", *arguments], capture_output=True)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return (done.stdout + done.stderr).decode("utf-8")


_EVERY_STEP = """
import semsearch.cli.terminal
semsearch.cli.terminal._REDRAW_SECONDS = -1.0
from semsearch.cli import main
main(prog_name="semsearch")
"""
"""The command line, with a line for each step of a long command rather than ten a second."""


def on_a_terminal(arguments: Sequence[str]) -> str:
    """What a command sends a terminal of its own, every byte."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-P", "-c", _EVERY_STEP, *arguments]
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, close_fds=True) as process:
        os.close(follower)
        sent = b""
        while select.select([leader], [], [], 120)[0]:
            try:
                part = os.read(leader, 1 << 16)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            sent += part
        process.wait(120)
    os.close(leader)
    return sent.decode("utf-8").replace("\r\n", "\n")  # a terminal's own line end


@pytest.mark.parametrize("number", range(22))
def test_nothing_of_an_archive_steers_a_terminal_or_a_pipe(number: int, hostile: Path) -> None:
    arguments = list(commands(hostile))
    assert len(arguments) == 22
    shown = in_a_pipe(arguments[number])
    assert shown.strip()
    assert not steering(shown), shown


def test_on_a_terminal_only_the_commands_own_colours_are_sent(hostile: Path) -> None:
    for number in (1, 2, 4, 10, 12, 14, 15):
        arguments = list(commands(hostile))[number]
        shown = on_a_terminal(arguments)
        bare = OWN.sub("", shown)
        assert bare.strip()
        assert not steering(bare), (arguments, bare)
        assert "Traceback" not in bare
        assert len(shown) > len(bare) or number in (2, 12)


def test_what_is_hidden_is_shown_by_its_number(hostile: Path) -> None:
    shown = in_a_pipe(["query", "harbour", "--index", "index", "-k", "50", "--copies"])
    for number in ("<U+202E>", "<U+001B>", "<U+009B>", "<U+0007>", "<U+2066>", "<U+E0041>"):
        assert number in shown
    assert r"\u202e" in in_a_pipe(["query", "harbour", "--index", "index", "-k", "50", "--json"])


def test_no_name_or_headline_passes_for_a_line_of_its_own(hostile: Path) -> None:
    for arguments in (["query", "harbour", "-k", "50"], ["build", "--dry-run"], ["verify"], ["info"]):
        shown = in_a_pipe([*arguments, "--index", "index"])
        assert not re.search(r"^(?:semsearch: 0 problems|line )", shown, re.MULTILINE)


def test_json_says_the_same_with_what_steers_escaped() -> None:
    characters = "".join(
        map(chr, [*range(0x3100), *range(0xE000, 0x10000), *range(0x1F000, 0x20000), *range(0xE0000, 0xE0200)])
    )
    value = {"text": characters, characters[:300]: [1.5, None, "가\n"]}
    for indent in (None, 2):
        shown = to_json(value, indent)
        assert json.loads(shown) == value
        assert not steering(shown)
    assert to_json("가나 👩‍👩‍👧 漢 é") == '"가나 👩‍👩‍👧 漢 é"'


def test_every_character_there_is_is_plain_or_shown_by_its_number() -> None:
    for start in (0, 0x10000, 0xE0000):  # the planes with characters that steer
        everything = "".join(map(chr, range(start, start + (1 << 16))))
        assert not steering(plain(everything))
        assert not steering(to_json(everything))
        assert "\n" not in one_line(everything)
