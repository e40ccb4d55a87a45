"""Building: what is added, updated, removed and kept; killed builds, locks, bad files, bad models."""

from __future__ import annotations

import io
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch import settings
from semsearch.database import Database
from semsearch.embedders.bundled import BundledModel
from semsearch.errors import EmbeddingFailed, IndexBusy, ModelUnavailable, SourceNotFound
from semsearch.index import Writer
from semsearch.protocols import Vectors
from semsearch.records import ReadOptions
from tests.conftest import ARTICLES, write


def sources_of(folder: Path) -> set[str]:
    with semsearch.open(folder) as index:
        return {Path(passage.source).name for passage in index}


def test_a_model_that_is_not_there_leaves_nothing_behind(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="no model folder"):
        semsearch.build([archive], tmp_path / "index", "./nothing")
    assert not (tmp_path / "index").exists()


def test_first_build_indexes_everything(archive: Path, tmp_path: Path) -> None:
    report = semsearch.build([archive], tmp_path / "index")
    assert (report.added, report.articles, report.passages, report.embedded) == (3, 3, 6, 6)
    assert not report.skipped
    assert sorted(path.name for path in (tmp_path / "index").iterdir()) == [
        *("lock", "semsearch.db", "traits-1.bin", "vectors-1.faiss", "words-1")
    ]


def test_nothing_changed_is_no_new_generation(archive: Path, built: Path) -> None:
    report = semsearch.build([archive], built)
    assert (report.added, report.updated, report.removed, report.unchanged) == (0, 0, 0, 3)
    assert (report.embedded, report.generation) == (0, 1)


def test_unchanged_files_are_not_even_opened(archive: Path, built: Path) -> None:
    path = archive / "en/pottery.txt"
    before = path.stat()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("pine", "PINE"), encoding="utf-8", newline="")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # size and time tell nothing: a stat is all it costs
    assert semsearch.build([archive], built).updated == 0


def test_a_new_time_on_the_same_bytes_changes_nothing(archive: Path, built: Path) -> None:
    os.utime(archive / "en/pottery.txt", ns=(1, 1))
    report = semsearch.build([archive], built)
    assert (report.updated, report.unchanged, report.generation) == (0, 3, 1)
    assert not semsearch.verify(built).problems


def test_an_edited_article_embeds_only_its_changed_paragraph(archive: Path, built: Path) -> None:
    path = archive / "en/pottery.txt"
    with semsearch.open(built) as index:
        before = {passage.text: passage.id for passage in index}
    path.write_text(path.read_text(encoding="utf-8").replace("nineteen", "twenty-one"), encoding="utf-8")
    report = semsearch.build([archive], built)
    assert (report.updated, report.embedded, report.passages, report.generation) == (1, 1, 6, 2)
    with semsearch.open(built) as index:
        after = {passage.text: passage.id for passage in index}
    assert sum(before.get(text) == pid for text, pid in after.items()) == 5  # ids of untouched paragraphs stay
    assert not (built / "vectors-1.faiss").exists()


def test_vanished_files_leave_the_index_and_come_back(archive: Path, built: Path) -> None:
    path = archive / "ja/quake.txt"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    assert semsearch.build([archive], built).removed == 1
    assert sources_of(built) == {"normalization.txt", "pottery.txt"}
    path.write_text(text, encoding="utf-8")
    assert semsearch.build([archive], built).added == 1
    assert len(sources_of(built)) == 3


def test_sources_add_up_and_a_bare_build_renews_them_all(archive: Path, tmp_path: Path) -> None:
    more = write(tmp_path / "more", {"x.txt": "date 2024-02-03 Rail\n\nA railway opened between the two ports.\n"})
    folder = tmp_path / "index"
    semsearch.build([archive], folder)
    assert semsearch.build([more], folder).removed == 0
    (archive / "ja/quake.txt").unlink()
    (more / "x.txt").write_text("date 2024-02-03 Rail\n\nThe railway closed again after the flood.\n")
    report = semsearch.build([], folder)
    assert (report.updated, report.removed, report.unchanged) == (1, 1, 2)


def test_forget_drops_a_source_that_is_gone(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    semsearch.build([archive / "ko", archive / "en"], folder)
    shutil.rmtree(archive / "ko")
    with pytest.raises(SourceNotFound, match="--forget"):
        semsearch.build([], folder)
    assert sources_of(folder) == {"normalization.txt", "pottery.txt"}
    assert semsearch.build([], folder, forget=[str(archive / "ko")]).removed == 1
    assert sources_of(folder) == {"pottery.txt"}
    assert semsearch.build([], folder).unchanged == 1


def test_dry_run_tells_and_writes_nothing(archive: Path, built: Path) -> None:
    (archive / "ja/quake.txt").unlink()
    write(archive, {"new.txt": "date 2024-01-01 New\n\nSomething new happened in the harbour today.\n"})
    before = {path.name: path.stat().st_mtime_ns for path in built.iterdir()}
    report = semsearch.build([archive], built, dry_run=True)
    assert [(action, Path(name).name) for action, name in report.changes] == [
        ("add", "new.txt"),
        ("remove", "quake.txt"),
    ]
    after = {path.name: path.stat().st_mtime_ns for path in built.iterdir()}
    assert {name: after[name] for name in before} == before
    assert semsearch.build([archive], built.parent / "other", dry_run=True).added == 3
    assert not (built.parent / "other").exists()


def test_a_wrong_path_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match="nowhere"):
        semsearch.build([tmp_path / "nowhere"], tmp_path / "index")
    assert not (tmp_path / "index").exists()


def test_bad_files_are_named_and_the_rest_goes_on(archive: Path, tmp_path: Path) -> None:
    (archive / "empty.txt").write_bytes(b"")
    (archive / "binary.txt").write_bytes(bytes(range(256)) * 40)
    (archive / "ko/cp949.txt").write_bytes(ARTICLES["ko/normalization.txt"].encode("cp949"))
    (archive / "dangling.txt").symlink_to(tmp_path / "nothing")
    report = semsearch.build([archive], tmp_path / "index")
    assert report.added >= 4
    reasons = {Path(skipped.name).name: skipped.kind for skipped in report.skipped}
    assert reasons["empty.txt"] == "empty"
    assert reasons["binary.txt"] == "binary"
    assert "dangling.txt" in reasons
    assert not semsearch.verify(tmp_path / "index").problems
    with semsearch.open(tmp_path / "index") as index:
        assert {p.encoding for p in index if p.source.endswith("cp949.txt")} == {"cp949"}


def test_a_refused_file_is_tried_again_with_a_declared_encoding(tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_bytes("가나 뷁".encode("cp949"))  # too short to be sure of
    folder = tmp_path / "index"
    first = semsearch.build([path], folder)
    assert [skipped.kind for skipped in first.skipped] == ["encoding"]
    second = semsearch.build([path], folder, options=ReadOptions(encoding="cp949"))
    assert second.passages == 1
    assert semsearch.build([path], folder).unchanged == 1  # and without saying it again, it stays


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_cannot_be_read_today_keeps_what_was_read_before(archive: Path, built: Path) -> None:
    path = archive / "ja/quake.txt"
    path.write_text("date 2021-03-11 changed\n\n内容が変わりました。読めないはずです。\n", encoding="utf-8")
    path.chmod(0)
    report = semsearch.build([archive], built)
    assert [skipped.kind for skipped in report.skipped] == ["unreadable"]
    assert len(sources_of(built)) == 3


def test_standard_input_is_an_article_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = "date 2024-05-05 어린이날\n\n공원에는 아침부터 아이들과 부모들이 모여 연을 날렸다.\n".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    semsearch.build(["-"], tmp_path / "index")
    with semsearch.open(tmp_path / "index") as index:
        hit = index.query("children in the park")[0]
    assert (hit.passage.source, hit.passage.title) == ("-", "어린이날")
    assert semsearch.verify(tmp_path / "index").unchecked == ("-",)


class Broken(BundledModel):
    """A model that goes wrong on one passage."""

    def embed_with_tokens(
        self, texts: Sequence[str], contexts: Sequence[str] | None = None
    ) -> tuple[Vectors, list[bytes]]:
        vectors, tokens = super().embed_with_tokens(texts, contexts)
        for row, text in enumerate(texts):
            if "kiln" in text:
                vectors[row] = np.nan
        return vectors, tokens


def test_a_vector_that_is_none_stops_the_build_and_names_the_passage(archive: Path, built: Path) -> None:
    write(archive, {"en/more.txt": "date 2020-01-01 More\n\nAnother paragraph about a kiln in the far valley.\n"})
    with pytest.raises(EmbeddingFailed, match=r"more\.txt:3"):
        semsearch.build([archive], built, Broken())
    with semsearch.open(built) as index:
        assert index.info()["generation"] == 1
        assert index.query("kiln")


def test_a_second_build_refuses_and_names_the_holder(archive: Path, built: Path) -> None:
    with Writer.open(built), pytest.raises(IndexBusy, match=str(os.getpid())):
        semsearch.build([archive], built)
    assert semsearch.build([archive], built).unchanged == 3


def _build_slowly(archive: Path, folder: Path) -> None:
    class Slow(BundledModel):
        def embed_with_tokens(
            self, texts: Sequence[str], contexts: Sequence[str] | None = None
        ) -> tuple[Vectors, list[bytes]]:
            time.sleep(0.02)
            return super().embed_with_tokens(texts, contexts)

    semsearch.settings.BATCH = semsearch.settings.Setting("batch", 20, "")  # type: ignore[misc]
    semsearch.build([archive], folder, Slow())


def test_killed_at_any_moment_it_is_the_old_index_and_the_next_build_finishes(tmp_path: Path) -> None:
    """kill -9 at moments spread over a build that replaces every article."""
    fork = multiprocessing.get_context("fork")
    archive, folder = tmp_path / "archive", tmp_path / "index"
    kept = 0
    for attempt in range(12):
        old, new = f"version {2 * attempt}", f"version {2 * attempt + 1}"
        write(
            archive,
            {f"{n}.txt": f"date 2024-01-01 {old}\n\nStory {n} of {old} tells of a harbour.\n" for n in range(120)},
        )
        semsearch.build([archive], folder)
        write(
            archive,
            {f"{n}.txt": f"date 2024-01-01 {new}\n\nStory {n} of {new} tells of a harbour.\n" for n in range(120)},
        )
        child = fork.Process(target=_build_slowly, args=(archive, folder))
        child.start()
        time.sleep(0.02 + 0.05 * attempt)
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        with semsearch.open(folder) as index:
            titles = {passage.title for passage in index}
            assert len(titles) == 1, "a mix of two generations"
            assert titles <= {old, new}
            assert len(index.query("harbour", k=500, collapse=False)) == 120
        kept += titles == {old}
        report = semsearch.build([archive], folder)
        assert report.passages == 120
        assert report.embedded <= 120
        assert not semsearch.verify(folder).problems
    assert kept, "no kill came before the end of a build"


def test_what_a_killed_build_embedded_is_not_embedded_again(archive: Path, tmp_path: Path) -> None:
    class Interrupted(BundledModel):
        def embed_with_tokens(
            self, texts: Sequence[str], contexts: Sequence[str] | None = None
        ) -> tuple[Vectors, list[bytes]]:
            if any("seven" in text for text in texts):
                raise KeyboardInterrupt
            return super().embed_with_tokens(texts, contexts)

    articles = {f"{n:04}.txt": f"date 2024-01-01 t\n\nParagraph number {n} about the harbour.\n" for n in range(700)}
    write(archive, {**articles, "zzz.txt": "date 2024-01-01 t\n\nParagraph seven about the harbour.\n"})
    with pytest.raises(KeyboardInterrupt):
        semsearch.build([archive], tmp_path / "index", Interrupted())
    report = semsearch.build([archive], tmp_path / "index")
    assert report.passages == 707
    assert report.embedded <= 707 - settings.FIRST_BATCH.default  # the batches before were kept


def test_an_unfinished_build_hides_nothing(archive: Path, built: Path) -> None:
    """Not from iteration, nor from verify: what the next generation replaces is there until it is published."""
    with semsearch.open(built) as index:
        before = list(index)
    with Writer.open(built) as writer:
        while row := writer.database.next_file(0, writer.generation, staying=True):
            writer.database.retire_file(row.id, writer.next_generation)
        with semsearch.open(built) as index:
            assert list(index) == before
        assert semsearch.verify(built).passages == len(before)


@pytest.mark.parametrize("name", ["vectors-1.faiss", "traits-1.bin"])
def test_a_missing_or_changed_derived_file_is_made_again(archive: Path, built: Path, name: str) -> None:
    path = built / name
    good = path.read_bytes()
    path.write_bytes(good[:-3] + bytes([good[-3] ^ 1]) + good[-2:])
    semsearch.build([archive], built)
    assert path.read_bytes() == good
    path.unlink()
    semsearch.build([archive], built)
    assert path.read_bytes() == good


def _peak_memory(archive: Path, folder: Path) -> int:
    """Peak memory, in KiB, of a process that builds."""
    code = (
        "import sys, semsearch; semsearch.build([sys.argv[1]], sys.argv[2]); "
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    done = subprocess.run([sys.executable, "-c", code, archive, folder], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads peak memory from Linux's /proc")
def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    paragraphs = "\n\n".join(f"Paragraph {n} of many about a quiet harbour town in the north." for n in range(13))
    few = {f"{n}.txt": f"date 2024-01-01 Few {n}\n\n{paragraphs}\n" for n in range(1000)}
    many = {f"{n}.txt": f"date 2024-01-01 Many {n}\n\n{paragraphs}\n" for n in range(3800)}
    small = _peak_memory(write(tmp_path / "few", few), tmp_path / "i1")
    large = _peak_memory(write(tmp_path / "many", many), tmp_path / "i2")
    assert large < small + (18 << 10)  # in KiB; 36,000 more vectors would be 36 MiB more where they are held


def test_the_passages_of_a_long_text_are_read_in_time_in_proportion(tmp_path: Path) -> None:
    few, many = (_seconds_to_read(tmp_path / str(count), count) for count in (1_000, 8_000))
    assert many < 3 * 8 * few  # it was 64 times as long while each passage was cut out of the whole text


def _seconds_to_read(folder: Path, count: int) -> float:
    paragraphs = "\n\n".join(f"Paragraph {n} tells of a harbour town in the north." for n in range(count))
    semsearch.build([write(folder / "archive", {"a.txt": f"Long\n\n{paragraphs}\n"})], folder / "index")
    database = Database.open_to_read(folder / "index")
    took = []
    for _ in range(3):
        started = time.process_time()
        assert len(list(database.word_entries(1))) == len(list(database.passages_of(1, 1))) == count
        took.append(time.process_time() - started)
    database.close()
    return min(took)
