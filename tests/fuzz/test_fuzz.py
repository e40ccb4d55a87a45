"""The short forms of what `./scripts/fuzz` tries at length."""

from __future__ import annotations

import pytest

from tests.fuzz import encodings, offsets, readers
from tests.fuzz.hostile import ordinary


def test_every_place_of_many_texts_is_right() -> None:
    figures = offsets.run(1_300)
    assert not figures.failures
    assert figures.tried >= 1_000


def test_texts_in_seven_encodings_are_read_right_and_never_wrong() -> None:
    figures = encodings.run(150)
    assert not figures.failures
    assert figures.tried == 7 * 150
    assert figures.told["declared right"] == "100.00%"


def test_no_mutated_file_crashes_a_reader() -> None:
    figures = readers.run(20_000)
    assert not figures.failures, figures.failures[:3]


def test_the_corpus_itself_is_read() -> None:
    for data in readers.corpus():
        readers.check(data)


def test_a_reader_that_crashes_would_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semsearch.languages.detect", lambda _: 1 / 0)
    assert readers.run(200).failures


def test_a_place_that_is_wrong_would_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests import test_offsets

    right = test_offsets.places
    monkeypatch.setattr(test_offsets, "places", lambda article, spans: right(article, spans)[::-1])
    assert offsets.run(260).failures


def test_a_text_that_is_read_wrong_would_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "_read", lambda raw, _: raw.decode("latin-1"))
    assert encodings.run(5).failures


def test_ordinary_text_is_of_the_size_that_was_asked_for() -> None:
    assert abs(len(ordinary(10_000)) - 10_000) < 400
