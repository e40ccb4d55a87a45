"""The FAISS file: byte for byte what FAISS would write, exact answers, damage refused."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import semsearch
from semsearch.errors import IndexDamaged
from semsearch.protocols import Ids, Vectors
from semsearch.vectors import FlatVectors, write_codes
from tests.conftest import write


def unit_rows(count: int, dimension: int, seed: int) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def stored(path: Path, ids: Ids, rows: Vectors, batch: int = 7) -> FlatVectors:
    parts = [(ids[i : i + batch], rows[i : i + batch]) for i in range(0, len(ids), batch)]
    return FlatVectors.open(path, FlatVectors.write(path, rows.shape[1], len(ids), parts))


@pytest.mark.parametrize("count", [0, 1, 50])
def test_the_file_is_what_faiss_itself_writes(tmp_path: Path, count: int) -> None:
    rows, ids = unit_rows(count, 16, 1), np.arange(count, dtype=np.int64) * 3
    stored(tmp_path / "ours", ids, rows)
    theirs = faiss.IndexIDMap2(faiss.IndexFlatIP(16))
    if count:
        theirs.add_with_ids(rows, ids)
    faiss.write_index(theirs, str(tmp_path / "theirs"))
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 1000), st.data())
def test_answers_equal_brute_force(
    tmp_path_factory: pytest.TempPathFactory, n: int, k: int, seed: int, data: st.DataObject
) -> None:
    rows = unit_rows(n, 8, seed)
    ids = np.cumsum(np.random.default_rng(seed).integers(1, 5, n)).astype(np.int64)
    chosen = data.draw(st.sets(st.integers(0, n - 1)))
    allowed = data.draw(st.sampled_from([None, ids[sorted(chosen)]]))
    store = stored(tmp_path_factory.mktemp("v") / "v.faiss", ids, rows)
    query = unit_rows(1, 8, seed + 1)[0]
    scores, found = store.search(query, k, allowed)
    admitted = np.ones(n, bool) if allowed is None else np.isin(ids, allowed)
    expected = np.sort((rows @ query)[admitted])[::-1][:k]
    assert np.allclose(scores, expected, atol=1e-5)
    assert set(found) <= set(ids[admitted])
    assert -1 not in found


def test_a_flipped_bit_anywhere_or_a_short_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.faiss"
    rows, ids = unit_rows(20, 8, 3), np.arange(20, dtype=np.int64)
    sha256 = FlatVectors.write(path, 8, 20, [(ids, rows)])
    good = path.read_bytes()
    for at in range(0, len(good), 13):
        path.write_bytes(good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :])
        with pytest.raises(IndexDamaged, match=r"v\.faiss"):
            FlatVectors.open(path, sha256)
    path.write_bytes(good[:100])
    with pytest.raises(IndexDamaged):
        FlatVectors.open(path, sha256)
    path.unlink()
    with pytest.raises(IndexDamaged, match="missing"):
        FlatVectors.open(path, sha256)


def test_fewer_vectors_than_passages_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged):
        FlatVectors.write(tmp_path / "v", 8, 21, [(np.arange(20, dtype=np.int64), unit_rows(20, 8, 3))])


def clustered(count: int, dimension: int, seed: int) -> Vectors:
    """Unit rows around a few hundred centres, as texts are."""
    draw = np.random.default_rng(seed)
    centres = draw.standard_normal((200, dimension))
    rows = centres[draw.integers(0, 200, count)] + 0.8 * draw.standard_normal((count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_codes_find_the_candidates_and_scores_stay_exact(tmp_path: Path) -> None:
    count, dimension = 12_000, 64
    rows, ids = clustered(count, dimension, 1), np.arange(count, dtype=np.int64) * 3
    path, codes = tmp_path / "vectors.faiss", tmp_path / "codes.faiss"
    sha256 = FlatVectors.write(path, dimension, count, [(ids[:5000], rows[:5000]), (ids[5000:], rows[5000:])])
    exact, coded = FlatVectors.open(path, sha256), FlatVectors.open(path, sha256)
    digest = write_codes(codes, path, dimension, count)
    coded.use_codes(codes, digest)
    again = write_codes(tmp_path / "again", path, dimension, count)
    assert digest == again, "equal vectors, equal bytes"
    found = wanted = 0
    for query in clustered(40, dimension, 2):
        scores, best = exact.search(query, 20)
        near, got = coded.search(query, 20)
        assert (np.diff(near) <= 0).all()
        np.testing.assert_allclose(near, rows[got // 3] @ query, atol=1e-5)
        found += len(set(best.tolist()) & set(got.tolist()))
        wanted += len(best)
        allowed = ids[::7]
        np.testing.assert_array_equal(coded.search(query, 5, allowed)[1], exact.search(query, 5, allowed)[1])
        assert scores[0] >= near[0] - 1e-6
    assert found / wanted > 0.98
    assert len(coded.search(rows[0], 100_000)[1]) == count


def test_codes_are_of_the_first_half_where_that_says_most(tmp_path: Path) -> None:
    count, dimension = 12_000, 64
    rows, ids = clustered(count, dimension, 1), np.arange(count, dtype=np.int64)
    rows[:, dimension // 2 :] *= 0.3
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    path, codes, all_codes = tmp_path / "vectors.faiss", tmp_path / "codes.faiss", tmp_path / "all.faiss"
    sha256 = FlatVectors.write(path, dimension, count, [(ids, rows)])
    exact, coded = FlatVectors.open(path, sha256), FlatVectors.open(path, sha256)
    coded.use_codes(codes, write_codes(codes, path, dimension, count))
    found = [set(coded.search(row, 10)[1].tolist()) & set(exact.search(row, 10)[1].tolist()) for row in rows[:400:10]]
    assert sum(map(len, found)) >= 0.98 * 400
    whole = clustered(count, dimension, 1)
    FlatVectors.write(path, dimension, count, [(ids, whole)])
    write_codes(all_codes, path, dimension, count)
    assert codes.stat().st_size < 0.6 * all_codes.stat().st_size


def test_damaged_codes_are_refused(tmp_path: Path) -> None:
    rows, ids = clustered(3000, 16, 3), np.arange(3000, dtype=np.int64)
    path, codes = tmp_path / "vectors.faiss", tmp_path / "codes.faiss"
    vectors = FlatVectors.open(path, FlatVectors.write(path, 16, 3000, [(ids, rows)]))
    sha256 = write_codes(codes, path, 16, 3000)
    codes.write_bytes(codes.read_bytes()[:-1] + b"\x55")
    with pytest.raises(IndexDamaged, match="has changed"):
        vectors.use_codes(codes, sha256)
    codes.unlink()
    with pytest.raises(IndexDamaged, match="is missing"):
        vectors.use_codes(codes, sha256)


def test_a_large_index_is_searched_by_codes(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semsearch.index.ENOUGH_FOR_CODES", 6)
    paragraphs = "\n\n".join(f"Paragraph number {n} tells of harbour number {n * 7} and its ships." for n in range(400))
    write(archive, {"many.txt": f"date 2024-01-01 Many\n\n{paragraphs}\n"})
    folder = tmp_path / "index"
    semsearch.build([archive], folder)
    assert (folder / "codes-1.faiss").is_file()
    with semsearch.open(folder) as index:
        assert "kiln" in index.query("potters and their kiln", k=1)[0].passage.text
    (folder / "codes-1.faiss").unlink()
    with pytest.raises(IndexDamaged, match="codes-1"), semsearch.open(folder) as index:
        index.query("kiln")
    semsearch.build([archive], folder)
    (archive / "many.txt").unlink()
    monkeypatch.undo()
    semsearch.build([archive], folder)
    assert not list(folder.glob("codes-*"))
    assert semsearch.verify(folder).problems == ()
