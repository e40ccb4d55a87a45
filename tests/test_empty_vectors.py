"""Vectors that are none, texts that are blank, fewer passages than asked for: named errors, and never FAISS's -1."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import semsearch
from semsearch import settings
from semsearch.cli import main
from semsearch.errors import EmbeddingFailed, UsageError
from semsearch.protocols import Vectors
from semsearch.records import ModelFingerprint
from semsearch.vectors import FlatVectors, write_codes
from tests.conftest import ARTICLES, write

DIMENSION = 8
Spoil = Callable[[Vectors], object]


class Small:
    """An embedder of eight numbers a text; `spoil` changes the vectors of a batch that holds the word `kiln`."""

    def __init__(self, spoil: Spoil | None = None, spoil_queries: bool = False) -> None:
        self.spoil, self.spoil_queries = spoil, spoil_queries
        self.fingerprint = ModelFingerprint("small", "0" * 64, DIMENSION)
        self.dimension, self.max_tokens = DIMENSION, 256

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def embed_passages(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Vectors:
        vectors = self._unit(texts)
        for row, text in enumerate(texts):
            if "kiln" in text and self.spoil:
                spoilt = self.spoil(vectors[row : row + 1])
                if spoilt is not None:
                    return spoilt  # type: ignore[return-value]
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        vectors = self._unit(texts)
        if self.spoil_queries and self.spoil:
            spoilt = self.spoil(vectors)
            return vectors if spoilt is None else spoilt  # type: ignore[return-value]
        return vectors

    @staticmethod
    def _unit(texts: Sequence[str]) -> Vectors:
        rows = [np.random.default_rng(abs(hash(text)) % 1000).standard_normal(DIMENSION) for text in texts]
        vectors = np.array(rows, np.float32).reshape(len(texts), DIMENSION)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def fill(value: float) -> Spoil:
    return lambda rows: rows.fill(value)


def one(value: float) -> Spoil:
    return lambda rows: rows[0].__setitem__(3, value)


NO_VECTORS = {
    "NaN": fill(np.nan),
    "one NaN": one(np.nan),
    "infinite": fill(np.inf),
    "one infinite": one(-np.inf),
    "zero": fill(0.0),
    "nearly zero": fill(1e-30),
    "beyond what squares hold": fill(1e30),
    "twice as long": lambda rows: rows.put(range(rows.size), 2 * rows),
}
NO_SHAPES = {
    "too few": lambda rows: np.full((0, DIMENSION), 1.0, np.float32),
    "too many": lambda rows: np.eye(40, DIMENSION, dtype=np.float32),
    "too short": lambda rows: np.full((3, 1), 1.0, np.float32),
    "flat": lambda rows: np.full(DIMENSION, DIMENSION**-0.5, np.float32),
    "a list": lambda rows: [[1.0], [0.6, 0.8]],
    "words": lambda rows: np.full((3, DIMENSION), "x"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index over the archive made with the bundled model; not to be written to."""
    folder = tmp_path_factory.mktemp("whole")
    semsearch.build([write(folder / "archive", ARTICLES)], folder / "index")
    return folder / "index"


@pytest.fixture
def small(archive: Path, tmp_path: Path) -> Path:
    """An index over the archive made with the small model."""
    semsearch.build([archive], tmp_path / "small", Small())
    return tmp_path / "small"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", NO_VECTORS)
def test_a_vector_that_is_none_names_its_passage_and_publishes_nothing(kind: str, archive: Path, small: Path) -> None:
    write(archive, {"en/more.txt": "date 2020-01-01 More\n\nAnother paragraph about a kiln in the far valley.\n"})
    with pytest.raises(EmbeddingFailed, match=r"small returned .*more\.txt:3.*nothing was published"):
        semsearch.build([archive], small, Small(NO_VECTORS[kind]))
    with semsearch.open(small, Small()) as index:
        assert (index.info()["generation"], index.info()["passages"]) == (1, 6)
        assert len(index.query("kiln", mode="dense")) == 6


@pytest.mark.parametrize("kind", NO_SHAPES)
def test_what_is_not_one_vector_a_text_names_the_model_and_publishes_nothing(
    kind: str, archive: Path, small: Path, tmp_path: Path
) -> None:
    write(archive, {"en/more.txt": "date 2020-01-01 More\n\nAnother paragraph about a kiln in the far valley.\n"})
    for folder in (small, tmp_path / "new"):
        with pytest.raises(EmbeddingFailed, match=r"small returned .* numbers: nothing was kept"):
            semsearch.build([archive], folder, Small(NO_SHAPES[kind]))
    with semsearch.open(small, Small()) as index:
        assert index.info()["generation"] == 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", [*NO_VECTORS, *NO_SHAPES])
def test_a_query_without_a_usable_vector_is_a_named_error(kind: str, small: Path) -> None:
    spoil = {**NO_VECTORS, **NO_SHAPES}[kind]
    with semsearch.open(small, Small(spoil, spoil_queries=True)) as index:
        for mode in ("dense", "hybrid"):
            with pytest.raises(EmbeddingFailed, match="small"):
                index.query("a kiln", mode=mode)
        assert index.query("kiln", mode="words")


def test_a_vector_of_another_kind_of_number_is_taken(archive: Path, tmp_path: Path) -> None:
    class Double(Small):
        def embed_passages(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Vectors:
            return super().embed_passages(texts, contexts).astype(np.float64)  # type: ignore[return-value]

    assert semsearch.build([archive], tmp_path / "index", Double()).passages == 6
    assert not semsearch.verify(tmp_path / "index").problems


BLANK = {
    "empty.txt": "",
    "blank.txt": " \n\t\n\u3000",
    "unseen.txt": "\u200b\ufeff\u200d\n",
    "blank.md": "\n\n",
    "blank.html": "<html><body><p> &nbsp; </p></body></html>",
    "blank.json": '[{"text": " \\n\\u3000"}]',
    "blank.jsonl": '{"text": ""}\n{"text": "\\u2028\\t"}\n',
    "none.json": "[]",
    "none.jsonl": "\n \n",
}
"""Files without a letter."""


def test_blank_files_and_records_are_named_and_make_no_passage(archive: Path, tmp_path: Path) -> None:
    report = semsearch.build([write(archive, BLANK)], tmp_path / "index")
    assert report.passages == 6
    assert {Path(item.name.split(",")[0]).name for item in report.skipped} == set(BLANK)
    assert {item.kind for item in report.skipped} == {"empty"}


@pytest.mark.parametrize("gap", ["\n \n", "\n\u3000\n\t\n", "\n\n\u00a0\n\n", "\n\n\u2028\n\n", "\r\n\r\n\r\n"])
def test_blank_paragraphs_make_no_passage(gap: str, tmp_path: Path) -> None:
    sentence = "The potters of the valley fire their kiln twice a year, and everyone comes to see."
    write(tmp_path / "a", {"x.txt": f"date 2020-01-01 Title\n\n{sentence} One.{gap}{sentence} Two.{gap}"})
    semsearch.build([tmp_path / "a"], tmp_path / "index")
    with semsearch.open(tmp_path / "index") as index:
        texts = [passage.text for passage in index]
    assert texts == [f"{sentence} One.", f"{sentence} Two."]


@pytest.mark.parametrize(
    "text", ["\u200b\n\n", "\u200d\u2060", "...", "—", "!?", "\ufffd", "\u0301", "0", "🏳", "\u3164\u115f"]
)
def test_a_passage_without_letters_has_a_vector_or_is_named(text: str, tmp_path: Path) -> None:
    write(tmp_path / "a", {"x.txt": f"{text}\n", **{f"y{n}.txt": value for n, value in enumerate(ARTICLES.values())}})
    report = semsearch.build([tmp_path / "a"], tmp_path / "index")
    assert report.passages >= 6
    assert report.passages == 7 or [Path(item.name).name for item in report.skipped] == ["x.txt"]
    assert not semsearch.verify(tmp_path / "index").problems


@pytest.mark.parametrize(
    "text", ["", " ", "\t\n", "\u3000", "\u200b", "\u2028\u00a0", "\ufeff", "\x00", "\x1b", "\u202e"]
)
def test_a_blank_query_is_wrong_use(text: str, whole: Path) -> None:
    with semsearch.open(whole) as index, pytest.raises(UsageError, match="blank"):
        index.query(text)
    if "\0" not in text:
        done = CliRunner().invoke(main, ["query", "--index", str(whole), "--", text])
        assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize("text", ["\ud800", "kiln \udcff", "\udc80\udcfe"])
def test_a_query_of_bytes_that_are_no_text_is_wrong_use(text: str, whole: Path) -> None:
    with semsearch.open(whole) as index, pytest.raises(UsageError, match="no text"):
        index.query(text)


def test_a_query_of_signs_alone_is_answered_or_wrong_use(whole: Path) -> None:
    with semsearch.open(whole) as index:
        for text in ("?", "...", "🏳️‍🌈", "\u0301", "()", "\ufffd", "ㅋ", "-"):
            for mode in settings.MODE.choices:
                try:
                    hits = index.query(text, mode=mode)
                except UsageError:
                    continue
                assert all(np.isfinite(hit.score) for hit in hits)


@pytest.mark.parametrize("mode", settings.MODE.choices)
@pytest.mark.parametrize("balance", settings.BALANCE.choices)
def test_asked_for_more_than_there_is_each_passage_comes_once(mode: str, balance: str, whole: Path) -> None:
    with semsearch.open(whole) as index:
        there = {passage.id for passage in index}
        for filters in ({}, {"lang": "ko"}, {"lang": ["en", "ja"]}, {"since": "2021-01-01"}, {"source": "*quake*"}):
            hits = index.query("kiln 국교 津波 town", settings.MAX_K.default, mode=mode, balance=balance, **filters)
            ids = [hit.passage.id for hit in hits]
            assert len(ids) == len(set(ids))
            assert set(ids) <= there
            assert all(np.isfinite(hit.score) for hit in hits)
        for nothing in ({"since": "2100-01-01"}, {"source": "nowhere/*"}, {"lang": "ko", "source": "*quake*"}):
            assert index.query("kiln", settings.MAX_K.default, mode=mode, balance=balance, **nothing) == []


def test_faiss_nothing_never_leaves_the_vectors(tmp_path: Path) -> None:
    rows = np.eye(40, DIMENSION, dtype=np.float32) + 0.01
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    batches = [(np.arange(100, 140, dtype=np.int64), rows)]
    path, codes = tmp_path / "v.faiss", tmp_path / "c.faiss"
    opened = FlatVectors.open(path, FlatVectors.write(path, DIMENSION, 40, iter(batches)))
    sha256 = write_codes(codes, path, DIMENSION, 40)
    for coded in (False, True):
        if coded:
            opened.use_codes(codes, sha256)
        for k in (1, 39, 40, 41, 1_000):
            for allowed in (None, np.array([], np.int64), np.array([105], np.int64), np.arange(100, 140), np.arange(9)):
                scores, ids = opened.search(rows[0], k, allowed)
                assert len(scores) == len(ids) <= k
                assert set(ids.tolist()) <= set(range(100, 140))
                assert len(set(ids.tolist())) == len(ids)


def test_the_command_line_prints_no_minus_one(whole: Path) -> None:
    done = CliRunner().invoke(main, ["query", "kiln", "-k", "1000", "--json", "--index", str(whole)])
    hits = json.loads(done.stdout)["hits"]
    assert [hit["rank"] for hit in hits] == list(range(1, len(hits) + 1))
    assert all(len(hit["id"]) == 16 and hit["start"] >= 0 for hit in hits)
