"""From arguments to files: each once, in a fixed order, whatever lies in the folders."""

from __future__ import annotations

import fnmatch
import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semsearch.errors import Refused, SourceNotFound
from semsearch.patterns import Pattern, is_pattern
from semsearch.records import Skipped, Source
from semsearch.sources import open_source, shown, walk


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def touch(*names: str) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8", errors="surrogateescape")


def names(*arguments: str) -> list[str]:
    """The names that a walk yields; nothing may have been skipped."""
    found = list(walk(arguments))
    assert [item for item in found if isinstance(item, Skipped)] == []
    return [item.name for item in found]


def skipped(*arguments: str) -> list[tuple[str, str]]:
    return [(item.name, item.reason) for item in walk(arguments) if isinstance(item, Skipped)]


def complaint(argument: str) -> str:
    with pytest.raises(SourceNotFound) as caught:
        walk([argument])  # before anything is asked of the iterator
    message = str(caught.value)
    assert message.isprintable()
    return message


# ---- folders and files


def test_a_folder_is_read_to_any_depth_in_the_order_of_its_names(here: Path) -> None:
    touch("a/z.txt", "a/b/c/d/e.md", "a/b.txt", "a/B.TXT", "a/가.html", "a/あ.jsonl", "a/10.txt", "a/9.json")
    expected = ["a/10.txt", "a/9.json", "a/B.TXT", "a/b/c/d/e.md", "a/b.txt", "a/z.txt", "a/あ.jsonl", "a/가.html"]
    assert names("a") == names("./a/") == names("a/../a") == expected
    assert names(".") == expected


def test_arguments_keep_their_order_and_each_file_comes_once(here: Path) -> None:
    touch("a/1.txt", "a/2.txt", "b/1.txt")
    assert names("b", "a/2.txt", "a", "./a/2.txt", "a/*.txt", str(here / "b")) == ["b/1.txt", "a/2.txt", "a/1.txt"]


def test_a_source_tells_name_path_root_size_and_time(here: Path) -> None:
    touch("a/x.txt")
    os.utime("a/x.txt", ns=(5, 7))
    assert list(walk(["a"])) == [Source("a/x.txt", here / "a/x.txt", str(here / "a"), 7, 7)]
    (found,) = walk([str(here / "a")])
    assert found.name == str(here / "a/x.txt")


def test_in_folders_only_known_suffixes_count_and_a_file_named_itself_always(here: Path) -> None:
    touch("a/x.txt", "a/x.png", "a/README", "a/x.txt.bak", "a/x.markdown", "a/x.XHTML", "a/x.ndjson", "a/x.htm")
    assert names("a") == ["a/x.XHTML", "a/x.htm", "a/x.markdown", "a/x.ndjson", "a/x.txt"]
    assert names("a/README", "a/x.txt.bak") == ["a/README", "a/x.txt.bak"]


def test_a_folder_with_a_suffix_is_a_folder(here: Path) -> None:
    touch("a/notes.txt/inside.txt")
    assert names("a") == ["a/notes.txt/inside.txt"]


def test_hidden_and_version_control_folders_are_left_out_unless_they_are_named(here: Path) -> None:
    touch("a/.git/x.txt", "a/.hidden.txt", "a/.svn/x.md", "a/.hg/x.md", "a/node_modules/x.md", "a/__pycache__/x.txt")
    touch("a/seen.txt", "a/.drafts/y.txt")
    assert names("a") == names("a/**") == names("**/*.txt") == ["a/seen.txt"]
    assert names("a/.drafts", "a/.hidden.txt", "a/.git/*.txt") == ["a/.drafts/y.txt", "a/.hidden.txt", "a/.git/x.txt"]


def test_an_ignore_file_leaves_names_out_of_its_own_folder(here: Path) -> None:
    touch("a/README.md", "a/draft-1.txt", "a/x.txt", "a/old/x.txt", "a/b/README.md", "a/b/draft-2.txt")
    (here / "a/.semsearchignore").write_text("# no articles\nREADME.md\n\n  draft-*  \nold\n", encoding="utf-8")
    assert names("a") == names("a/**/*.*") == ["a/b/README.md", "a/b/draft-2.txt", "a/x.txt"]
    assert names("a/README.md") == ["a/README.md"]
    (here / "a/.semsearchignore").write_bytes(b"\xff\xfe\x00")
    assert "a/README.md" in names("a")


def test_an_empty_folder_holds_no_sources_and_is_no_error(here: Path) -> None:
    (here / "empty").mkdir()
    assert names("empty") == []


# ---- links


def test_links_are_followed_and_loops_end(here: Path) -> None:
    touch("a/b/x.txt", "elsewhere/y.txt")
    (here / "a/b/up").symlink_to(here / "a")
    (here / "a/self").symlink_to(".")
    (here / "a/there").symlink_to(here / "elsewhere")
    (here / "a/y-again.txt").symlink_to(here / "elsewhere/y.txt")
    assert names("a") == ["a/b/x.txt", "a/there/y.txt"]


def test_many_links_to_one_another_are_entered_once_each(here: Path) -> None:
    for n in range(30):
        touch(f"a/{n:02}/{n:02}.txt")
    for n in range(29):
        for link in ("l1", "l2"):
            (here / f"a/{n:02}/{link}").symlink_to(here / f"a/{n + 1:02}")
    assert sorted(Path(name).name for name in names("a")) == [f"{n:02}.txt" for n in range(30)]


def test_a_file_with_two_names_on_the_disk_is_one_source(here: Path) -> None:
    touch("a/x.txt")
    os.link("a/x.txt", "a/y.txt")
    assert names("a") == ["a/x.txt"]


def test_links_to_nothing_and_to_themselves_are_reported(here: Path) -> None:
    touch("a/x.txt")
    (here / "a/gone.txt").symlink_to("nowhere")
    (here / "a/loop.txt").symlink_to("loop.txt")
    reasons = dict(skipped("a"))
    assert reasons.keys() == {"a/gone.txt", "a/loop.txt"}
    assert reasons["a/gone.txt"] == "a link to nothing"
    assert "symbolic links" in reasons["a/loop.txt"]
    assert dict(skipped("a/gone.txt", "a/loop.txt")) == reasons


# ---- what is no file


def test_pipes_sockets_and_devices_are_reported_and_never_opened(here: Path) -> None:
    os.mkfifo("pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.txt")
        (here / "device.txt").symlink_to("/dev/null")
        expected = [("device.txt", "a device"), ("pipe.txt", "a pipe"), ("socket.txt", "a socket")]
        assert skipped(".") == [(name, f"{kind}, not a file") for name, kind in expected]
    assert [item.kind for item in walk(["pipe.txt"]) if isinstance(item, Skipped)] == ["not-a-file"]


def test_a_pipe_without_a_known_suffix_is_none_of_our_business(here: Path) -> None:
    os.mkfifo("control")
    assert names(".") == []


def test_a_file_that_became_a_pipe_does_not_block(here: Path) -> None:
    touch("x.txt")
    (source,) = walk(["x.txt"])
    assert isinstance(source, Source)
    os.unlink("x.txt")
    with pytest.raises(Refused, match="no such file") as caught:
        open_source(source)
    assert caught.value.kind == "unreadable"
    os.mkfifo("x.txt")
    with pytest.raises(Refused, match="no regular file any more"):
        open_source(source)


def test_a_source_is_opened_for_its_bytes(here: Path) -> None:
    Path("x.txt").write_bytes(b"a\r\n\x1a\xff")
    (source,) = walk(["x.txt"])
    assert isinstance(source, Source)
    with open_source(source) as stream:
        assert stream.read() == b"a\r\n\x1a\xff"


def test_standard_input_comes_once_and_in_its_place(here: Path) -> None:
    touch("x.txt")
    found = list(walk(["-", "x.txt", "-"]))
    assert [item.name for item in found] == ["-", "x.txt"]
    assert found[0] == Source("-", None, "-", 0, 0)
    assert isinstance(found[0], Source)


def test_a_file_named_like_standard_input_can_still_be_named(here: Path) -> None:
    touch("-")
    (source,) = walk(["./-"])
    assert isinstance(source, Source)
    assert source.path == here / "-"


def test_standard_input_is_read_from_the_process() -> None:
    script = (
        "import sys; from semsearch.sources import *; s, = walk('-'); sys.stdout.buffer.write(open_source(s).read())"
    )
    done = subprocess.run([sys.executable, "-c", script], input=b"\xff\x00data", capture_output=True, check=True)
    assert done.stdout == b"\xff\x00data"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
@pytest.mark.parametrize("argument", ["a", "a/**/*.txt", "*"])
def test_a_folder_that_cannot_be_listed_is_reported_and_the_rest_read(here: Path, argument: str) -> None:
    touch("a/closed/x.txt", "a/open/x.txt")
    Path("a/closed").chmod(0)
    try:
        found = list(walk([argument]))
    finally:
        Path("a/closed").chmod(stat.S_IRWXU)
    assert [(item.name, isinstance(item, Skipped)) for item in found] == [("a/closed", True), ("a/open/x.txt", False)]


# ---- names


def test_names_with_line_ends_spaces_and_signs_are_files_like_others(here: Path) -> None:
    odd = ["a\nb.txt", " lead.txt", "-dash.txt", "a*b.txt", "a[1].txt", "q?.txt", "tab\t.txt", "'quote\".txt", "é.txt"]
    touch(*odd)
    assert names(".") == sorted(odd)
    assert names(*odd) == odd
    for item in walk(["."]):
        assert isinstance(item, Source)
        with open_source(item) as stream:
            assert stream.read().decode() == item.name


def test_a_name_that_is_no_utf_8_is_shown_with_its_bytes(here: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    touch(name)
    (source,) = walk(["."])
    assert isinstance(source, Source)
    assert (source.name, source.path) == ("caf\\xe9.txt", here / name)
    assert names(name) == names("caf*.txt") == ["caf\\xe9.txt"]
    with open_source(source) as stream:
        assert stream.read() == b"caf\xe9.txt"


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(here: Path) -> None:
    touch("a[1].txt", "a1.txt")
    assert names("a[1].txt") == ["a[1].txt"]


@pytest.mark.parametrize(("path", "name"), [("./a//b/../c.txt", "a/c.txt"), ("/x/./y.txt", "/x/y.txt"), (".", ".")])
def test_names_are_shown_without_detours(path: str, name: str) -> None:
    assert shown(path) == name


# ---- paths that name nothing


def test_a_missing_path_names_what_was_expected_and_the_nearest_name(here: Path) -> None:
    touch("articles/a.txt")
    message = complaint("artcles")
    assert message.startswith("'artcles' does not exist; expected a file, a folder, a pattern such as")
    assert message.endswith("did you mean 'articles'?")
    assert complaint("articles/b.txt").endswith("did you mean 'articles/a.txt'?")
    assert complaint("artcles/") == message.replace("'artcles'", "'artcles/'")


def test_a_missing_folder_on_the_way_is_named(here: Path) -> None:
    assert "(there is no folder 'nowhere')" in complaint("nowhere/a.txt")
    assert "did you mean" not in complaint("zzzz")


@pytest.mark.parametrize("argument", ["nothing/*.txt", "*.txt", "a/**/*.md", "a/[z-a].txt", "a*/../a/x.log"])
def test_a_pattern_without_a_match_is_an_error(here: Path, argument: str) -> None:
    touch("a/x.log")
    assert complaint(argument).startswith(f"no file matches '{argument}'; check the folder and the suffix")


@pytest.mark.parametrize("argument", ["", "a\nb", "x\0y", "*\0", "\x1b[2J", "\udcff", "a" * 5000, "x.txt/y"])
def test_any_other_nonsense_is_one_printable_line(here: Path, argument: str) -> None:
    touch("x.txt")
    assert complaint(argument)


def test_one_wrong_argument_stops_all_before_anything_is_yielded(here: Path) -> None:
    touch("a.txt")
    with pytest.raises(SourceNotFound, match=r"missing\.txt"):
        walk(["a.txt", "missing.txt"])


# ---- patterns


FILES = [
    "n/2024/a.txt",
    "n/2024/b.md",
    "n/2024/c.png",
    "n/2025/01/d.txt",
    "n/2025/e.txt",
    "n/f.txt",
    "n/g.log",
    "o/h.txt",
]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("n/*.txt", ["n/f.txt"]),
        ("n/*/*.txt", ["n/2024/a.txt", "n/2025/e.txt"]),
        ("n/**/*.txt", ["n/2024/a.txt", "n/2025/01/d.txt", "n/2025/e.txt", "n/f.txt"]),
        ("**/?.txt", ["n/2024/a.txt", "n/2025/01/d.txt", "n/2025/e.txt", "n/f.txt", "o/h.txt"]),
        ("n/**/01/*", ["n/2025/01/d.txt"]),
        ("n/**", ["n/2024/a.txt", "n/2024/b.md", "n/2025/01/d.txt", "n/2025/e.txt", "n/f.txt"]),
        ("n/2024/*", ["n/2024/a.txt", "n/2024/b.md"]),
        ("n/2024/*.png", ["n/2024/c.png"]),
        ("*/*.log", ["n/g.log"]),
        ("n/202[45]/[a-e].txt", ["n/2024/a.txt", "n/2025/e.txt"]),
        ("n/202[!4]/*.txt", ["n/2025/e.txt"]),
        ("n/202?", ["n/2024/a.txt", "n/2024/b.md", "n/2025/01/d.txt", "n/2025/e.txt"]),
        ("./n/*.t?t", ["n/f.txt"]),
        ("[no]/[fh].txt", ["n/f.txt", "o/h.txt"]),
        ("n//**//*.md", ["n/2024/b.md"]),
        ("**/2025", ["n/2025/01/d.txt", "n/2025/e.txt"]),
    ],
)
def test_a_quoted_pattern_finds_what_a_shell_would(here: Path, pattern: str, expected: list[str]) -> None:
    touch(*FILES)
    assert names(pattern) == expected
    assert names(str(here) + "/" + pattern) == [f"{here}/{name}" for name in expected]


def test_a_pattern_reports_files_under_its_own_root(here: Path) -> None:
    touch("n/a.txt")
    assert [item.root for item in walk(["n/*.txt"]) if isinstance(item, Source)] == [str(here / "n/*.txt")]


def test_a_pattern_finds_a_folder_that_a_link_also_leads_to(here: Path) -> None:
    touch("n/b1/x.txt")
    (here / "n/a").symlink_to("b1")
    assert names("n/b*/*.txt") == ["n/b1/x.txt"]
    assert names("n/a*/*.txt") == ["n/a/x.txt"]


def test_a_pattern_enters_only_folders_that_could_hold_a_match(here: Path) -> None:
    assert not Pattern("n/*").may_hold("x")
    pattern = Pattern("a/b*/*/x.txt")
    assert [folder for folder in ("b1", "b1/c", "b1/c/d", "c", "c/d") if pattern.may_hold(folder)] == ["b1", "b1/c"]
    assert all(Pattern("a/**/x.txt").may_hold(folder) for folder in ("b", "b/c", "b/c/d"))
    assert [folder for folder in ("b", "c", "b/c/d") if Pattern("a/[b]/**").may_hold(folder)] == ["b", "b/c/d"]


@given(st.text("ab.-[]!*?^\\&\n가", max_size=6), st.text("ab.-[]!?^\\&\n가", max_size=6))
def test_without_brackets_one_part_matches_as_in_the_standard_library(pattern: str, name: str) -> None:
    pattern = re.sub(r"\*+", "*", f"*{pattern.replace('[', '?')}")
    assert Pattern(pattern).matches(name) == fnmatch.fnmatchcase(name, pattern)


@given(st.lists(st.sampled_from("ab-^&~\\.가"), min_size=1, max_size=5), st.booleans(), st.sampled_from("abc-^&~\\.가"))
def test_brackets_hold_letters_as_in_the_standard_library(held: list[str], negated: bool, name: str) -> None:
    letters = "-" * ("-" in held) + "".join(letter for letter in held if letter != "-")
    pattern = f"[{'!' * negated}{letters}]"
    assert Pattern(pattern).matches(name) == fnmatch.fnmatchcase(name, pattern)


@given(st.lists(st.sampled_from(["*", "**", "a", "b*", "?", "[ab]"]), min_size=1, max_size=4), st.data())
def test_a_folder_on_the_way_to_a_match_may_hold_it(parts: list[str], data: st.DataObject) -> None:
    if not is_pattern("/".join(parts)):
        parts = ["*", *parts]
    pattern = Pattern("/".join(parts))
    path = data.draw(st.lists(st.sampled_from(["a", "b", "bb", "c"]), min_size=1, max_size=4))
    if pattern.matches("/".join(path)):
        assert all(pattern.may_hold("/".join(path[:depth])) for depth in range(1, len(path)))
