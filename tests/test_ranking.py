"""Ranking: pure functions on arrays, and what they promise whatever the arrays hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from semsearch import ranking

UNIT = st.floats(0, 1, width=32)


def scores_of(rows: list[list[float]]) -> dict[str, np.ndarray]:
    return {name: np.array(row, np.float32) for name, row in zip(("dense", "tokens", "words"), rows, strict=False)}


@given(st.integers(1, 3).flatmap(lambda parts: st.lists(st.tuples(*[UNIT] * parts), min_size=1, max_size=20)))
def test_the_mean_lies_between_its_parts_and_grows_with_each(rows: list[tuple[float, ...]]) -> None:
    scores = scores_of([list(column) for column in zip(*rows, strict=True)])
    mean = ranking.convex(scores)
    stacked = np.stack(list(scores.values()))
    assert (mean >= stacked.min(axis=0) - 1e-6).all()
    assert (mean <= stacked.max(axis=0) + 1e-6).all()
    better = ranking.convex({**scores, "dense": scores["dense"] + 0.1})
    assert (better > mean).all()


def test_the_mean_by_hand() -> None:
    mean = ranking.convex(scores_of([[0.5, 0.2], [0.9, 0.4], [0.0, 1.0]]))
    np.testing.assert_allclose(mean, [(0.5 + 1.5 * 0.9) / 3.5, (0.2 + 1.5 * 0.4 + 1.0) / 3.5], rtol=1e-6)


def test_reciprocal_ranks_by_hand() -> None:
    fused = ranking.reciprocal_rank(scores_of([[0.9, 0.8, 0.1], [0.1, 0.7, 0.0]]))
    np.testing.assert_allclose(fused, [(1 + 61 / 62) / 2, (61 / 62 + 1) / 2, 61 / 63 / 2], rtol=1e-6)


@given(st.lists(UNIT, min_size=1, max_size=30))
def test_ranks_do_not_care_how_far_scores_are_apart(row: list[float]) -> None:
    scores = np.array(row, np.float32)
    squeezed = np.unique(scores, return_inverse=True)[1].astype(np.float32) + (scores.min() > 0)
    assert ranking.best(ranking.reciprocal_rank({"dense": scores})) == ranking.best(
        ranking.reciprocal_rank({"dense": squeezed})
    )


def test_calibrated_scores_are_standard_deviations_above_the_usual() -> None:
    scores = np.array([0.5, 0.5, 0.1], np.float32)
    above = ranking.calibrated(scores, ["ko", "en", "en"], {"ko": (0.3, 0.1), "en": (0.1, 0.2)})
    np.testing.assert_allclose(above, [2.0, 2.0, 0.0], atol=1e-6)


@given(st.lists(st.sampled_from(["ko", "en", "ja"]), max_size=30))
def test_with_a_quota_languages_take_turns(langs: list[str]) -> None:
    order = list(range(len(langs)))
    dealt = ranking.by_quota(order, langs)
    assert sorted(dealt) == order
    for lang in set(langs):
        mine = [place for place in dealt if langs[place] == lang]
        assert mine == sorted(mine), "within a language the order stays"
    counts: dict[str, int] = dict.fromkeys(langs, 0)
    for place in dealt:
        waiting = [lang for lang in counts if counts[lang] < langs.count(lang)]
        assert counts[langs[place]] == min(counts[lang] for lang in waiting)
        counts[langs[place]] += 1


def test_age_takes_a_quarter_at_the_half_life_and_never_more_than_half() -> None:
    today = date(2025, 6, 22)
    dated = [today, today - timedelta(30), today - timedelta(60), None, today + timedelta(9)]
    days = np.array([day.toordinal() if day else 0 for day in dated], np.int32)
    faded = ranking.faded(np.full(5, 8.0, np.float32), days, today, 30)
    np.testing.assert_allclose(faded, [8.0, 6.0, 5.0, 4.0, 8.0])
    assert ranking.faded(np.array([-1.0], np.float32), np.zeros(1, np.int32), today, 30) == [-1.0]


WIRE = (
    "정부는 22일 국무회의를 열고 반도체 산업 지원을 위한 특별법 시행령을 의결했다. 시행령은 다음 달 1일부터 시행되며, "
    "국가전략기술로 지정된 설비에 투자하는 기업은 최대 25%의 세액공제를 받는다."
)


def test_copies_of_a_wire_story_are_found_and_other_reports_are_not() -> None:
    cut = WIRE[: WIRE.index("시행령은")]
    edited = WIRE.replace("정부는 22일", "(서울=연합뉴스) 정부가 이날").replace("의결했다", "의결했다고 밝혔다")
    other = (
        "정부는 22일 국무회의를 열고 조선업 인력난을 덜기 위한 외국인 고용 확대 방안을 논의했다. "
        "노동계는 임금 인상이 먼저라며 반발했고, 업계는 환영했다."
    )
    texts = [WIRE, other, cut, edited, WIRE]

    def texts_at(places: Sequence[int]) -> list[str]:
        return [texts[place] for place in places]

    near = np.full((5, 5), 0.9, np.float32)
    assert ranking.copies([0, 1, 2, 3, 4], near, ["ko"] * 5, texts_at) == {2: 0, 3: 0, 4: 0}
    assert ranking.copies([4, 3, 2, 1, 0], near, ["ko"] * 5, texts_at) == {3: 4, 2: 4, 0: 4}, "the best one stays"
    far = np.eye(5, dtype=np.float32)
    assert ranking.copies([0, 1, 2, 3, 4], far, ["ko"] * 5, texts_at) == {}
    assert 1 not in ranking.copies([0, 1], near[:2, :2], ["ko", "ja"], lambda places: [WIRE for _ in places])


def test_the_same_story_is_another_language() -> None:
    near = np.array([[1, 0.9, 0.8, 0.95], [0.9, 1, 0.3, 0.3], [0.8, 0.3, 1, 0.1], [0.95, 0.3, 0.1, 1]], np.float32)
    told = ranking.same_story([0, 1], [0, 1, 2, 3], near, ["ko", "en", "ja", "ko"])
    assert told == {0: [1, 2], 1: [0]}


@given(st.lists(st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4), max_size=8))
def test_nearness_is_one_for_itself_and_nothing_for_the_usual(rows: list[list[float]]) -> None:
    vectors = np.array(rows, np.float32).reshape(-1, 4) + np.float32(1e-3)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    langs = [("ko", "en")[place % 2] for place in range(len(vectors))]
    near = ranking.nearness(vectors, langs, {"ko>ko": [0.2, 0.1], "ko>en": [0.1, 0.1], "en>ko": [0.1, 0.1]})
    assert near.shape == (len(vectors), len(vectors))
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(np.diag(near)[lengths > 0.99], 1.0, atol=1e-3)


@given(st.lists(st.integers(0, 50), max_size=20), st.lists(st.integers(0, 50), max_size=20))
def test_candidates_are_placed_where_their_ids_are(one: list[int], other: list[int]) -> None:
    first = np.array(sorted(set(one)), np.int64)
    second = np.array(sorted(set(other)), np.int64)
    ids = ranking.union(first, second)
    assert ids.tolist() == sorted({*one, *other})
    placed = ranking.placed(ids, first, first.astype(np.float32) + 1)
    assert [float(value) for value in placed] == [float(i + 1) if i in set(one) else 0.0 for i in ids.tolist()]
