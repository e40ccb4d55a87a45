"""Evaluation sentences, and near copies of them, stay out of the training pairs."""

from __future__ import annotations

import os
import random
import re
import sys
import unicodedata
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts" / "train"))

from corpus import DATA, Pair, read_pairs, read_stories
from overlap import (
    JACCARD,
    SEEDS,
    OverlapFilter,
    evaluation_sentences,
    filter_for,
    fold,
    grams,
    seed_sentences,
    sentences_of,
)

ENGLISH = "The prime minister apologised for the delay in publishing the report."
KOREAN = "그는 어제 친구와 함께 영화를 보러 시내에 갔다."
JAPANESE = "彼女は毎朝六時に起きて公園を散歩しています。"


@pytest.fixture(scope="module")
def overlap() -> OverlapFilter:
    return OverlapFilter([ENGLISH, KOREAN, JAPANESE, "안녕!", "Hurry up!"])


@pytest.mark.parametrize("text", [ENGLISH, KOREAN, JAPANESE, "안녕", "hurry up..."])
def test_equal_sentences_are_found(overlap: OverlapFilter, text: str) -> None:
    assert overlap.overlaps(text)
    assert overlap.overlaps(text.upper())
    assert overlap.overlaps(unicodedata.normalize("NFD", text))
    assert overlap.overlaps(f"  “{text}”  ")


@pytest.mark.parametrize(
    "text",
    [
        "The prime minister apologized for the delay in publishing the report",
        "The prime minister apologised for delay in publishing the report today.",
        "그는 어제 친구와 함께 영화를 보러 시내로 갔다",
        "彼女は毎朝六時に起きて、公園を散歩している。",
        "Asked again on Monday, aides said: the prime minister apologised for the delay in publishing the report.",
    ],
)
def test_near_copies_and_longer_texts_are_found(overlap: OverlapFilter, text: str) -> None:
    assert overlap.overlaps(text)


@pytest.mark.parametrize(
    "text",
    [
        "The prime minister published the annual budget.",
        "그는 내일 가족과 함께 산에 갈 것이다.",
        "彼は夜遅くまで会社で働いていた。",
        "안녕하세요 여러분",
        "Hurry up, the train is about to leave",
        "2024",
    ],
)
def test_other_sentences_are_kept(overlap: OverlapFilter, text: str) -> None:
    assert not overlap.overlaps(text)


def test_either_side_of_a_pair_counts(overlap: OverlapFilter) -> None:
    assert overlap.pair_overlaps(Pair("x", "docs", "en", "Something else entirely.", "ko", KOREAN))
    assert overlap.pair_overlaps(Pair("x", "docs", "en", ENGLISH, "ko", "전혀 다른 문장입니다."))
    assert not overlap.pair_overlaps(Pair("x", "docs", "en", "Something else entirely.", "ko", "전혀 다른 문장"))


def test_everyday_sets_are_judged_more_strictly(overlap: OverlapFilter) -> None:
    near = "그녀는 어제 친구와 함께 영화를 보러 극장에 갔다."
    assert overlap.pair_overlaps(Pair("manythings-tatoeba", "everyday", "en", "She went out.", "ko", near))
    assert not overlap.pair_overlaps(Pair("react-docs-ht", "docs", "en", "She went out.", "ko", near))


def test_the_projects_own_training_data_and_the_sample_archive_share_no_text() -> None:
    """Any sentence of one against any sentence of the other; the same by brute force for a sample."""
    texts = sorted(
        {text for pair in read_stories(DATA) for side in (pair.left, pair.right) for text in sentences_of(side)}
    )
    seeds = [fold(text) for text in seed_sentences(SEEDS)]
    overlap = OverlapFilter(seed_sentences(SEEDS))
    assert len(texts) > 10_000
    assert len(seeds) > 2_000
    assert [text for text in texts if overlap.overlaps(text)] == []
    rng = random.Random(2)
    _assert_dissimilar([fold(text) for text in rng.sample(texts, 300)], rng.sample(seeds, 1000))


def test_a_story_that_quotes_the_sample_archive_would_be_found() -> None:
    overlap = OverlapFilter(seed_sentences(SEEDS))
    for text in random.Random(3).sample([t for t in seed_sentences(SEEDS) if len(fold(t)) > 30], 50):
        assert overlap.overlaps(f"According to the ministry, {text}")


def test_every_story_is_told_and_asked_in_three_languages() -> None:
    pairs = list(read_stories(DATA))
    assert {pair.group for pair in pairs} == {"asked", "headlines", "stories", "news"}
    assert all(pair.left and pair.right for pair in pairs)
    for lang, letters in (("ko", "[가-힣]"), ("ja", "[぀-ヿ一-鿿]"), ("en", "[A-Za-z]")):
        told = {p.right for p in pairs if p.right_lang == lang and p.group == "asked"}
        assert len(told) > 1_000
        assert all(re.search(letters, text) for text in told)


def _corpora() -> Path:
    directory = os.environ.get("SEMSEARCH_CORPORA")
    if not directory or not (Path(directory) / "dev").is_dir():
        pytest.skip("SEMSEARCH_CORPORA names no directory with dev/ and train/ in it")
    return Path(directory)


def test_training_pairs_hold_no_evaluation_sentence() -> None:
    """Every training pair that passes the filter is checked again, by other means.

    Equality is checked for all pairs; similarity by brute force for a sample of both sides.
    """
    corpora = _corpora()
    overlap = filter_for(corpora)
    rng = random.Random(0)
    evaluation = [fold(text) for text in evaluation_sentences(corpora / "dev")]
    exact = {text for text in evaluation if len(text) > 1 and not text.isdigit()}
    sample: list[str] = []
    for pair in read_pairs(corpora):
        sides = fold(pair.left), fold(pair.right)
        everyday = pair.group == "everyday"
        if exact.isdisjoint(sides) and not (rng.random() < (0.02 if everyday else 0.0002)):
            continue
        kept = not overlap.pair_overlaps(pair)
        assert exact.isdisjoint(sides) or not kept, f"{pair.source}: {pair.left} | {pair.right}"
        if kept:
            sample.extend(sides)
    assert len(sample) > 100
    _assert_dissimilar(sample, rng.sample(sorted(exact), 2000) + sorted(exact)[:1000])


def _assert_dissimilar(training: list[str], evaluation: list[str]) -> None:
    dev = [grams(text) for text in evaluation if len(text) > 8]
    for text in random.Random(1).sample(training, min(400, len(training))):
        own = grams(text)
        for other in dev:
            shared = len(own & other)
            assert shared < JACCARD * (len(own) + len(other) - shared), text
