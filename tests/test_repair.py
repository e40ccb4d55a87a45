"""Repair and backup: a damaged index becomes whole or says what it needs; a backup is one build, whole."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

import semsearch
from semsearch.backup import backup, restore
from semsearch.errors import IndexDamaged, IndexNotFound, UsageError
from semsearch.repair import repair
from semsearch.sqlite import connect
from tests.conftest import write

ASKED = "tsunami survivors tell the story"


def answers(folder: Path) -> list[tuple[str, float]]:
    with semsearch.open(folder) as index:
        return [(hit.passage.id, round(hit.score, 4)) for hit in index.query(ASKED)]


def change(folder: Path, statement: str) -> None:
    db = connect(str(folder / "semsearch.db"))
    assert db.execute(statement).rowcount
    db.close()


def test_a_whole_index_needs_no_repair(built: Path) -> None:
    assert not repair(built)


@pytest.mark.parametrize("name", ["vectors-1.faiss", "traits-1.bin", "words-1/ja/meta.json"])
def test_derived_files_are_made_again(built: Path, name: str) -> None:
    before = answers(built)
    (built / name).write_bytes(b"damaged")
    with pytest.raises(IndexDamaged):
        answers(built)
    assert repair(built).derived == (Path(name).parts[0],)
    assert answers(built) == before
    assert not semsearch.verify(built).problems


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE passages SET lang = 'en' WHERE lang = 'ja'",
        "UPDATE passages SET start = start - 1 WHERE start > 30",
        "UPDATE articles SET text = replace(text, '津', '律')",
        "UPDATE articles SET text = 'D' || substr(text, 2)",
        "UPDATE articles SET date = '2021-03-12' WHERE date = '2021-03-11'",
        "UPDATE vectors SET tokens = zeroblob(8)",
        "UPDATE vectors SET vector = zeroblob(length(vector))",
        "DELETE FROM vectors",
    ],
)
def test_what_changed_in_the_database_is_read_again(built: Path, statement: str) -> None:
    before = answers(built)
    change(built, statement)
    assert {problem.kind for problem in semsearch.verify(built).problems} == {"database"}
    assert repair(built).sources
    assert answers(built) == before
    assert not semsearch.verify(built).problems


def test_a_question_never_shows_a_passage_that_has_changed(built: Path) -> None:
    change(built, "UPDATE articles SET title = 'another' WHERE title <> ''")
    with pytest.raises(IndexDamaged, match="semsearch repair"):
        answers(built)


def test_repair_without_the_source_says_what_is_missing_and_changes_nothing(archive: Path, built: Path) -> None:
    change(built, "UPDATE passages SET lang = 'en' WHERE lang = 'ja'")
    (archive / "ja/quake.txt").unlink()
    with pytest.raises(IndexDamaged, match=r"quake\.txt"):
        repair(built)
    assert semsearch.verify(built).passages == 4


def test_a_torn_database_is_not_told_to_be_repaired_again(built: Path) -> None:
    content = bytearray((built / "semsearch.db").read_bytes())
    content[4096:-4096] = b"\xff" * (len(content) - 8192)
    (built / "semsearch.db").write_bytes(content)
    with pytest.raises(IndexDamaged, match=r"restore a backup, or build the index again in an empty folder$"):
        repair(built)


def in_sqlites_index(folder: Path, name: str, old: bytes, new: bytes) -> None:
    """Change a key in the page of one of SQLite's indexes; the tables stay as they are."""
    db = connect(str(folder / "semsearch.db"))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    (size,) = db.execute("PRAGMA page_size").fetchone()
    db.close()
    data = bytearray((folder / "semsearch.db").read_bytes())
    page = data[(root - 1) * size : root * size]
    assert page.count(old) == 1
    data[(root - 1) * size : root * size] = page.replace(old, new)
    (folder / "semsearch.db").write_bytes(data)


def test_what_a_damaged_index_of_sqlite_hides_is_not_taken_for_absent(built: Path) -> None:
    before = answers(built)
    with semsearch.open(built) as index:
        first, *_ = index
        everything = [passage.id for passage in index]
        assert index.passage("0" * 16) is None and index.article("0" * 16) is None
    in_sqlites_index(built, "passages_pid", first.id.encode(), first.id.encode()[:-1] + b"\x7f")
    in_sqlites_index(built, "articles_aid", first.article.encode(), first.article.encode()[:-1] + b"\x7f")
    with semsearch.open(built) as index:
        assert [passage.id for passage in index] == everything
        with pytest.raises(IndexDamaged, match="where ids lead"):
            index.passage(first.id)
    with semsearch.open(built) as index, pytest.raises(IndexDamaged, match="where ids lead"):
        index.article(first.article)
    assert {problem.kind for problem in semsearch.verify(built).problems} == {"database"}
    assert repair(built).derived == ("semsearch.db",)
    assert answers(built) == before and not semsearch.verify(built).problems
    with semsearch.open(built) as index:
        assert index.passage(first.id) == first


@pytest.mark.parametrize("key", ["generation", "model", "build", "roots", "vectors", "words", "unrelated", "selection"])
def test_what_a_build_stored_and_is_gone_is_named_and_not_built_upon(archive: Path, built: Path, key: str) -> None:
    change(built, f"DELETE FROM meta WHERE key = '{key}'")
    write(archive, {"en/more.txt": "date 2024-01-01 Waves\n\nThe tsunami survivors tell the story once more.\n"})
    for act in (
        lambda: answers(built),
        lambda: semsearch.verify(built),
        lambda: semsearch.build(index=built),
        lambda: semsearch.build([archive / "en"], built, dry_run=True),
        lambda: semsearch.build([archive / "en"], built),
        lambda: repair(built),
    ):
        with pytest.raises(IndexDamaged, match=key):
            act()


def test_orphans_are_named_and_removed(built: Path) -> None:
    (built / "vectors-7.faiss").write_bytes(b"left over")
    (built / "words-7").mkdir()
    assert {problem.kind for problem in semsearch.verify(built).problems} == {"orphan"}
    assert set(repair(built).derived) == {"vectors-7.faiss", "words-7"}
    assert not semsearch.verify(built).problems


def test_there_is_nothing_to_repair_where_no_index_is(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound):
        repair(tmp_path)


def test_a_backup_answers_as_the_index_did(archive: Path, built: Path, tmp_path: Path) -> None:
    before = answers(built)
    assert backup(built, tmp_path / "saved/monday") == 1
    write(archive, {"en/more.txt": "date 2024-01-01 Waves\n\nThe tsunami survivors tell the story once more.\n"})
    semsearch.build([archive], built)
    assert answers(built) != before
    assert answers(tmp_path / "saved/monday") == before
    shutil.rmtree(built)
    assert restore(tmp_path / "saved/monday", built) == 1
    assert answers(built) == before


def test_a_backup_during_builds_is_always_one_whole_build(archive: Path, built: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def rebuild() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            write(archive, {"en/more.txt": f"date 2024-01-01 Waves\n\nThe tsunami story, told {number} times.\n"})
            semsearch.build([archive], built)

    builder = threading.Thread(target=rebuild)
    builder.start()
    try:
        for number in range(8):
            backup(built, tmp_path / f"saved-{number}")
    finally:
        stop.set()
        builder.join()
    for number in range(8):
        problems = semsearch.verify(tmp_path / f"saved-{number}").problems
        assert {problem.kind for problem in problems} <= {"changed"}  # the archive has moved on
        assert answers(tmp_path / f"saved-{number}")


def test_a_backup_overwrites_nothing(built: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError):
        backup(built, tmp_path / "full")
    with pytest.raises(UsageError):
        restore(built, built)


def test_a_backup_can_be_restored_into_the_repositorys_own_folder(built: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "README.md").write_text("kept", encoding="utf-8")
    assert restore(built, home) == 1
    assert answers(home) == answers(built)
    assert (home / "README.md").read_text(encoding="utf-8") == "kept"


def test_a_damaged_index_is_not_backed_up_as_if_it_were_whole(built: Path, tmp_path: Path) -> None:
    (built / "vectors-1.faiss").write_bytes(b"damaged")
    backup(built, tmp_path / "saved")  # what is derived is made again in the copy
    assert not semsearch.verify(tmp_path / "saved").problems
