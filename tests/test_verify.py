"""Verifying: a good index proves itself; everything that is not as the index says is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import semsearch
from semsearch.checksums import of_shown
from semsearch.files import digest
from semsearch.sqlite import connect
from tests.conftest import write


def kinds(folder: Path) -> dict[str, str]:
    return {
        Path(problem.name.split(",")[0].split(":")[0]).name: problem.kind
        for problem in semsearch.verify(folder).problems
    }


def test_a_good_index_has_no_problems(built: Path) -> None:
    result = semsearch.verify(built)
    assert (result.files, result.passages, result.problems) == (3, 6, ())


def test_every_kind_of_source_is_proven(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    records = [
        {"text": f"기사 {n}의 첫 문단이다. 항구 이야기다.\n\n둘째 문단도 항구 이야기다.", "title": str(n)}
        for n in range(5)
    ]
    write(
        archive,
        {
            "a.jsonl": "\n".join(json.dumps(record, ensure_ascii=False) for record in records),
            "b.md": "---\ntitle: Harbour\ndate: 2024-01-02\n---\n\n# Ships\n\nShips came back to the old harbour.\n",
            "c.html": "<html><title>港</title><body><article><p>港に船が戻ってきたと漁師たちは喜んだ。</p>"
            "</article></body></html>",
        },
    )
    (archive / "d.txt").write_bytes("﻿date 2024-01-01 표제\r\n\r\n첫 문단은 항구 이야기다. 😀\r\n".encode("utf-16"))
    report = semsearch.build([archive], tmp_path / "index")
    assert not report.skipped
    result = semsearch.verify(tmp_path / "index")
    assert (result.files, result.problems) == (4, ())
    assert result.passages == report.passages


def test_changed_and_missing_sources_are_named(archive: Path, built: Path) -> None:
    (archive / "en/pottery.txt").write_text("date 2019-03-02 Other\n\nOther words altogether.\n", encoding="utf-8")
    (archive / "ja/quake.txt").unlink()
    assert kinds(built) == {"pottery.txt": "changed", "quake.txt": "missing"}


def test_a_changed_bit_in_the_database_is_found(built: Path) -> None:
    db = connect(str(built / "semsearch.db"))
    db.execute("UPDATE passages SET byte_start = byte_start + 3 WHERE id = 1")
    db.close()
    assert [problem.kind for problem in semsearch.verify(built).problems] == ["database"]


def test_a_shifted_offset_is_found(built: Path) -> None:
    with semsearch.open(built) as index:
        passage = next(iter(index))
    shifted = replace(passage, place=passage.place._replace(byte_start=passage.place.byte_start + 3))
    db = connect(str(built / "semsearch.db"))
    db.execute("UPDATE passages SET byte_start = byte_start + 3, crc = ? WHERE id = 1", (of_shown(shifted),))
    db.close()
    assert [problem.kind for problem in semsearch.verify(built).problems] == ["offsets"]


def test_derived_files_that_are_whole_and_not_of_the_database_are_found(built: Path) -> None:
    path = built / "traits-1.bin"
    path.write_bytes(path.read_bytes().replace(b'"en"', b'"fr"'))
    db = connect(str(built / "semsearch.db"))
    files = json.loads(db.execute("SELECT value FROM meta WHERE key = 'vectors'").fetchone()[0])
    files["traits"]["sha256"] = digest(path)
    said = json.dumps(files)
    db.execute("UPDATE meta SET value = ?, crc = ? WHERE key = 'vectors'", (said, crc32(f"vectors={said}".encode())))
    db.execute(
        "UPDATE vectors SET vector = ?1, vector_crc = ?2 WHERE rowid = 1", (vector := bytes(2048), crc32(vector))
    )
    db.close()
    found = {problem.kind: problem.detail for problem in semsearch.verify(built).problems}
    assert found.keys() == {"vectors", "traits"}
    assert found["vectors"].startswith("1 passages") and found["traits"].startswith("2 passages")


def test_damaged_vectors_are_found(built: Path) -> None:
    path = built / "vectors-1.faiss"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    assert [problem.kind for problem in semsearch.verify(built).problems] == ["vectors"]
