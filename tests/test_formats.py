"""Indexes that earlier versions wrote: read as they were, or refused by name.

`python -m tests.test_formats` adds an index of the present format to tests/formats, when FORMAT has changed or before a
release. An index there is never written again: it stands for those that people have. No release had formats 1 to 4.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

import semsearch
from semsearch.backup import backup
from semsearch.errors import FormatMismatch
from semsearch.records import Passage
from semsearch.repair import repair
from semsearch.sqlite import FORMAT
from tests.conftest import ARTICLES, ROOT, write

FORMATS = ROOT / "tests/formats"
KEPT = sorted(int(path.stem) for path in FORMATS.glob("*.zip"))


def said(passage: Passage) -> dict[str, object]:
    """A passage as JSON holds it."""
    values: dict[str, object] = json.loads(
        json.dumps({**asdict(passage), "place": passage.place._asdict()}, default=str)
    )
    return values


def unpacked(number: int, folder: Path) -> Path:
    """The index of a format that was kept."""
    with zipfile.ZipFile(FORMATS / f"{number}.zip") as packed:
        packed.extractall(folder)
    return folder / "index"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """An index of the present format that an earlier version may have written."""
    return unpacked(FORMAT, tmp_path)


def test_the_present_format_is_kept() -> None:
    assert FORMAT in KEPT, "python -m tests.test_formats"


@pytest.mark.parametrize("number", [number for number in KEPT if number != FORMAT])
def test_an_index_of_another_format_is_refused_and_stays_as_it_is(number: int, tmp_path: Path) -> None:
    folder = unpacked(number, tmp_path)
    database = (folder / "semsearch.db").read_bytes()
    acts: list[Callable[[], object]] = [
        lambda: semsearch.open(folder),
        lambda: semsearch.verify(folder),
        lambda: semsearch.build(index=folder),
        lambda: semsearch.build([tmp_path], folder, dry_run=True),
        lambda: repair(folder),
        lambda: backup(folder, tmp_path / "saved"),
    ]
    for act in acts:
        with pytest.raises(FormatMismatch, match=rf"format {number}, .* format {FORMAT}: build the index again"):
            act()
    assert (folder / "semsearch.db").read_bytes() == database


def test_an_index_that_was_kept_is_read_as_it_was_written(kept: Path) -> None:
    expected = json.loads((kept.parent / "passages.json").read_text(encoding="utf-8"))
    assert len(expected) == 6
    with semsearch.open(kept) as index:
        assert [said(passage) for passage in index] == expected
        assert index.info()["passages"] == len(expected)
    assert {problem.kind for problem in semsearch.verify(kept).problems} == {"missing"}
    assert not repair(kept)


def test_a_build_goes_on_from_an_index_that_was_kept(kept: Path, tmp_path: Path) -> None:
    old = {passage["id"] for passage in json.loads((kept.parent / "passages.json").read_text(encoding="utf-8"))}
    more = write(tmp_path / "more", {"more.txt": "date 2024-01-01 Bees\n\nBeekeepers count their hives in spring.\n"})
    semsearch.build([more], kept, "bundled")
    with semsearch.open(kept) as index:
        assert not old - {passage.id for passage in index}
        assert index.query("beekeepers", k=1)[0].passage.title == "Bees"
        assert index.query("Korea Japan normalization", k=1)[0].passage.id in old
    assert {problem.kind for problem in semsearch.verify(kept).problems} == {"missing"}


def main() -> None:
    """Keep an index of the present format."""
    target = FORMATS / f"{FORMAT}.zip"
    with tempfile.TemporaryDirectory(prefix="kept-", dir="/tmp") as scratch:
        folder = Path(scratch) / "index"
        semsearch.build([write(Path(scratch) / "archive", ARTICLES)], folder)
        with semsearch.open(folder) as index:
            passages = [said(passage) for passage in index]
        with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
            packed.writestr("passages.json", json.dumps(passages, ensure_ascii=False, indent=1))
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    packed.write(path, Path("index") / path.relative_to(folder))
    print(f"{target}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
