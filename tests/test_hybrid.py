"""Asking with words and meaning: modes, fairness, copies, age, explanations, and a real cross-encoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.embedders.bundled import BundledModel
from semsearch.errors import ModelUnavailable, UsageError
from semsearch.explaining import contributions
from tests.conftest import SEEDS, write

WIRE = (
    "The cabinet approved a decree on Tuesday that grants chip makers a tax credit of 25 percent for equipment bought "
    "before the end of next year, and the finance minister said that it would take effect on the first of July."
)
ARCHIVE = {
    "wire1.txt": f"date 2025-06-20 Chip makers get a tax credit\n\n{WIRE}\n",
    "wire2.txt": f"date 2025-06-21 Cabinet passes chip decree\n\nSEOUL, June 20 (Wire) -- {WIRE}\n",
    "wire3.txt": f"date 2025-06-22 In brief\n\n{WIRE[: WIRE.index(', and the')]}.\n",
    "old.txt": "date 2001-02-03 Tax credit for chips\n\nChip makers asked the cabinet for a tax credit on equipment.\n",
    "ko.txt": (
        "date 2025-06-20 반도체 업체에 세액공제\n\n내각은 화요일 반도체 업체가 내년 말까지 사들이는 설비에 "
        "25%의 세액공제를 해 주는 시행령을 승인했고, 재무장관은 7월 1일부터 시행된다고 말했다.\n"
    ),
    "ja.txt": "date 2025-06-20 港の祭り\n\n港町では三年ぶりに祭りが開かれ、夜には花火が海を照らした。\n",
}
QUESTION = "tax credit for chip equipment"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index over ARCHIVE."""
    root = tmp_path_factory.mktemp("hybrid")
    semsearch.build([write(root / "archive", ARCHIVE)], root / "index")
    return root / "index"


@pytest.fixture
def index(folder: Path) -> Iterator[semsearch.Index]:
    """The same, open."""
    with semsearch.open(folder) as opened:
        yield opened


def names(hits: list[semsearch.Hit]) -> list[str]:
    return [Path(hit.passage.source).name for hit in hits]


def test_copies_of_a_wire_story_are_one_hit(index: semsearch.Index) -> None:
    hits = index.query(QUESTION)
    (wire,) = [hit for hit in hits if "wire" in hit.passage.source]
    assert {Path(copy.source).name for copy in wire.also_in} | {Path(wire.passage.source).name} == {
        *("wire1.txt", "wire2.txt", "wire3.txt")
    }
    assert "old.txt" in names(hits), "another report of the matter is no copy"
    assert sum("wire" in name for name in names(index.query(QUESTION, collapse=False))) == 3


def test_many_copies_leave_room_for_the_others(tmp_path: Path) -> None:
    wire = "The harbour authority said on Monday that the northern quay of the old harbour would close for repairs"
    files = {f"wire{n}.txt": f"date 2025-06-16 Quay closes\n\n{wire}, desk number {n} reports.\n" for n in range(80)}
    files |= {f"own{n}.txt": f"date 2025-06-16 Letter {n}\n\n{text}\n" for n, text in enumerate(LETTERS)}
    semsearch.build([write(tmp_path / "archive", files)], tmp_path / "index")
    with semsearch.open(tmp_path / "index") as index:
        hits = index.query("northern quay of the old harbour closes for repairs", k=5)
        every = index.query("northern quay of the old harbour closes for repairs", k=5, collapse=False)
    assert all("wire" in name for name in names(every))
    assert names(hits)[0].startswith("wire") and sorted(names(hits)[1:]) == [f"own{n}.txt" for n in range(4)]
    assert len(hits[0].also_in) == 79


LETTERS = (
    "Anglers complain that nobody told them where to sit while the quay is mended.",
    "A reader remembers the harbour fair of her childhood and the brass band.",
    "Bakers near the port expect fewer customers in spring.",
    "The chess club moves its summer tournament to the town hall.",
)


def test_the_same_story_in_another_language_is_told(index: semsearch.Index) -> None:
    hit = next(hit for hit in index.query(QUESTION, collapse=False) if hit.passage.source.endswith("wire1.txt"))
    assert [Path(other.source).name for other in hit.same_story] == ["ko.txt"]


@pytest.mark.parametrize("mode", ["hybrid", "dense", "words"])
def test_every_mode_finds_it_in_both_languages(index: semsearch.Index, mode: str) -> None:
    found = names(index.query("반도체 설비 세액공제", mode=mode, k=3))
    assert "ko.txt" in found and any("wire" in name for name in found), found


def test_scores_are_made_of_what_they_say(index: semsearch.Index) -> None:
    for hit in index.query(QUESTION, balance="off"):
        parts = dict(hit.scores)
        assert hit.score == pytest.approx((parts["dense"] + 1.5 * parts["tokens"] + parts["words"]) / 3.5, abs=1e-5)
        assert parts["fused"] == pytest.approx(hit.score)
        assert 0 <= parts["words"] <= 1 and 0 <= parts["tokens"] <= 1.000001
    assert set(dict(index.query(QUESTION, mode="dense")[0].scores)) == {"dense", "fused"}


def test_an_answer_stands_out_from_what_is_unrelated(index: semsearch.Index) -> None:
    scores = {Path(hit.passage.source).name: hit.score for hit in index.query(QUESTION)}
    assert scores["ko.txt"] > 4 > 2 > scores["ja.txt"]
    assert "ja.txt" not in names(index.query(QUESTION, min_score=4))


def test_ranks_fuse_too(index: semsearch.Index) -> None:
    hits = index.query(QUESTION, fusion="rrf")
    assert any("wire" in name for name in names(hits)[:2])
    assert all(0 < hit.score <= 1 for hit in hits if dict(hit.scores)["dense"] > 0)


def test_with_a_quota_the_languages_take_turns(index: semsearch.Index) -> None:
    langs = [hit.passage.lang for hit in index.query(QUESTION, balance="quota", k=3)]
    assert sorted(langs) == ["en", "ja", "ko"]


def test_no_language_wins_by_being_asked_in(seeds_index: Path) -> None:
    """Of the first ten hits, over the questions of the seeds, each language has its share, whatever it is asked in."""
    rows = [line.split("\t") for line in (SEEDS / "questions.tsv").read_text(encoding="utf-8").splitlines()]
    with semsearch.open(seeds_index) as index:
        for asked in ("ko", "en", "ja"):
            counts: Counter[str] = Counter()
            for row in [row for row in rows if row[1] == asked]:
                counts.update(hit.passage.lang for hit in index.query(row[2].strip()))
            shares = {lang: count / counts.total() for lang, count in counts.items()}
            assert min(shares.values()) > 0.2 and max(shares.values()) < 0.5, (asked, shares)


def test_age_counts_only_if_wanted(index: semsearch.Index) -> None:
    old = "chip makers asked the cabinet"
    assert names(index.query(old))[0] == "old.txt"
    assert names(index.query(old, half_life=30))[0] != "old.txt"
    with pytest.raises(UsageError, match="half_life"):
        index.query(old, half_life=0)


def test_explanations_name_the_words_and_their_forms(index: semsearch.Index) -> None:
    hit = next(hit for hit in index.query("내각이 승인한 공제", explain=True) if "wire" in hit.passage.source)
    assert ("내각", "cabinet", "lexicon") in [(m.word, m.form, m.origin) for m in hit.matched]
    marked = {hit.passage.text[mark.start : mark.end]: mark.word for mark in hit.highlights}
    assert marked["cabinet"].startswith("내각") and "approved" in marked
    assert [mark.start for mark in hit.highlights] == sorted(mark.start for mark in hit.highlights)


def test_contributions_add_up_to_the_cosine() -> None:
    model = BundledModel()
    for query, text in (("반도체 세액공제", WIRE), ("東京オリンピック", "도쿄 올림픽이 열렸다."), ("a", "b c")):
        asked, found, shares = contributions(model, query, text)
        assert shares.shape == (len(asked), len(found))
        cosine = float(model.embed_queries([query])[0] @ model.embed_passages([text])[0])
        spaces = [i for i, (_, _, token) in enumerate(model.tokens(text)) if not text.strip(".,")]
        assert not spaces
        assert float(shares.sum()) == pytest.approx(cosine, abs=0.12), "punctuation, which is no word, makes the rest"


@pytest.mark.parametrize(
    ("wrong", "name"), [({"mode": "magic"}, "mode"), ({"balance": "fair"}, "balance"), ({"fusion": "sum"}, "fusion")]
)
def test_what_is_not_known_is_refused(index: semsearch.Index, wrong: dict[str, str], name: str) -> None:
    with pytest.raises(UsageError, match=name):
        index.query("chip", **wrong)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory, tiny_transformer: Path) -> Path:
    """A real, tiny CrossEncoder with random weights."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("cross")
    tokenizer = AutoTokenizer.from_pretrained(tiny_transformer)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=128, num_labels=1,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    assert CrossEncoder(str(folder)).predict([("a", "b")]).shape == (1,)
    return folder


def test_a_cross_encoder_has_the_last_word(index: semsearch.Index, cross_encoder: Path) -> None:
    from sentence_transformers import CrossEncoder

    hits = index.query(QUESTION, rerank=str(cross_encoder))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    own = CrossEncoder(str(cross_encoder)).predict([(QUESTION, hit.passage.text) for hit in hits])
    np.testing.assert_allclose([hit.score for hit in hits], own, atol=1e-4)
    assert sorted(names(hits)) == sorted(names(index.query(QUESTION)))


def test_a_reranker_of_your_own(index: semsearch.Index) -> None:
    hits = index.query(QUESTION, rerank=lambda _, texts: np.array([-len(text) for text in texts], np.float32))
    lengths = [len(hit.passage.text) for hit in hits]
    assert lengths == sorted(lengths)


def test_a_reranker_that_is_not_there(index: semsearch.Index, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="no model folder"):
        index.query(QUESTION, rerank=str(tmp_path / "none"))


def test_a_transformer_searches_with_words_too(tiny_transformer: Path, tmp_path: Path) -> None:
    semsearch.build([write(tmp_path / "archive", ARCHIVE)], tmp_path / "index", str(tiny_transformer))
    with semsearch.open(tmp_path / "index") as index:
        hit = index.query("세액공제", lang="ko", explain=True)[0]
        assert set(dict(hit.scores)) == {"dense", "words", "fused"}
        assert Path(hit.passage.source).name == "ko.txt"
        assert "unrelated" not in index.info()
