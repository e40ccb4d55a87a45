"""What passages are ranked by: read back as it was written, for any passages, and never from a damaged file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import semsearch
from semsearch.errors import IndexDamaged
from semsearch.records import Trait
from semsearch.traits import Traits, Writer

TRAITS = st.builds(Trait, st.sampled_from(["ko", "en", "ja", "und", "é"]), st.none() | st.dates(), st.binary())


def written(path: Path, batches: list[list[Trait]]) -> Traits:
    with Writer(path) as writer:
        for batch in batches:
            writer.add(batch)
        sha256 = writer.finish()
    return Traits.open(path, sha256)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(TRAITS, max_size=5), max_size=4), st.randoms(use_true_random=False))
def test_what_was_written_is_read(tmp_path: Path, batches: list[list[Trait]], chance: object) -> None:
    every = [trait for batch in batches for trait in batch]
    traits = written(tmp_path / "traits.bin", batches)
    assert len(traits) == len(every)
    order = list(range(len(every)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    rows = np.array(order + order[:2], np.int64)
    expected = [every[row] for row in rows.tolist()]
    assert traits.langs(rows) == [trait.lang for trait in expected]
    assert traits.tokens(rows) == [trait.tokens for trait in expected]
    days = [date.fromordinal(day) if day else None for day in traits.days(rows).tolist()]
    assert days == [trait.date for trait in expected]


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "traits.bin"
    with Writer(path) as writer:
        writer.add([Trait("ko", date(2025, 6, 22), b"12345678")])
        sha256 = writer.finish()
    whole = path.read_bytes()
    for content in (whole[:-1], whole.replace(b"1234", b"1235"), b""):
        path.write_bytes(content)
        with pytest.raises(IndexDamaged, match="has changed"):
            Traits.open(path, sha256)
    path.unlink()
    with pytest.raises(IndexDamaged, match="is missing"):
        Traits.open(path, sha256)


def test_the_file_of_an_index_says_what_its_passages_do(built: Path) -> None:
    with semsearch.open(built) as index, index._reader.view() as view:
        rows = view.vectors.rows(view.vectors.ids)
        passages = view.database.passages(view.vectors.ids.tolist(), view.generation).values()
        assert view.traits.langs(rows) == [passage.lang for passage in passages]
        days = [passage.date.toordinal() if passage.date else 0 for passage in passages]
        assert view.traits.days(rows).tolist() == days
        _, own = index.embedder.embed_with_tokens([passage.text for passage in passages])  # type: ignore[attr-defined]
        for found, text in zip(view.traits.tokens(rows), own, strict=True):  # with those of the headline
            assert set(np.frombuffer(found, np.uint32)) >= set(np.frombuffer(text, np.uint32))


def test_a_passage_without_a_vector_is_no_wrong_answer(built: Path) -> None:
    with semsearch.open(built) as index, index._reader.view() as view:
        for ids in ([0], [int(view.vectors.ids[-1]) + 1], [int(view.vectors.ids[0]), 10**6]):
            with pytest.raises(IndexDamaged, match="no vector"):
                view.vectors.rows(np.array(ids, np.int64))
