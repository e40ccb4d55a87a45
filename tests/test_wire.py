"""JSON of passages, hits, answers and articles: what is written is read back as it was, and leads to the text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import semsearch
from semsearch.errors import UsageError
from semsearch.queries import Query
from semsearch.records import Highlight, Hit, Passage, Place
from semsearch.wire import answer_json, answer_of, article_json, article_of, hit_json, hit_of


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value, ensure_ascii=False))


def test_an_answer_comes_back_as_it_was(seeds_index: Path) -> None:
    asked = Query("한일 국교 정상화", k=5, explain=True, context=1)
    with semsearch.open(seeds_index) as index:
        answer = index.answers([asked])[0]
    back = answer_of(through_json(answer_json(answer, 1.0, explain=True)))
    assert [hit.passage for hit in back.hits] == [hit.passage for hit in answer.hits]
    assert [(h.highlights, h.matched, h.context) for h in back.hits] == [
        (h.highlights, h.matched, h.context) for h in answer.hits
    ]
    assert [(h.also_in, h.same_story) for h in back.hits] == [(h.also_in, h.same_story) for h in answer.hits]
    assert all(hit.passage in hit.context and hit.highlights for hit in back.hits)
    assert (back.generation, back.model) == (answer.generation, answer.model) == (1, "bundled")


def test_an_article_comes_back_with_its_passages_in_their_places(seeds_index: Path) -> None:
    with semsearch.open(seeds_index) as index:
        hit = index.query("日韓国交正常化", k=1)[0]
        article = index.article(hit.passage.article)
        assert index.article("0" * 16) is None
    assert article and hit.passage in article.passages
    assert all(article.text[p.start : p.end] == p.text and p.article == article.id for p in article.passages)
    assert article_of(through_json(article_json(article))) == article


@given(st.text(min_size=1), st.lists(st.integers(0, 40), max_size=6, unique=True))
def test_utf16_highlights_lead_javascript_to_the_same_text(text: str, edges: list[int]) -> None:
    edges = sorted(edge for edge in edges if edge <= len(text))
    marks = tuple(Highlight(a, b, 0.5, "w") for a, b in zip(edges[::2], edges[1::2], strict=False))
    passage = Passage("0", text, "a.txt", "", None, "en", Place(0, len(text), 0, 0, 0, 0, 1, 1))
    hit = Hit(1, 1.0, passage, highlights=marks)
    units = text.encode("utf-16-le")
    for mark, shown in zip(marks, hit_json(hit, explain=True)["highlights"], strict=True):
        part = units[2 * shown["start_utf16"] : 2 * shown["end_utf16"]].decode("utf-16-le")
        assert part == text[mark.start : mark.end]
    assert hit_of(through_json(hit_json(hit, explain=True))) == hit


def test_several_questions_get_what_each_gets_alone(seeds_index: Path) -> None:
    asked = [Query("rice prices", k=3), Query("쌀값", k=4, mode="dense"), Query("米の価格", mode="words", lang="ko")]
    with semsearch.open(seeds_index) as index:
        together = index.answers(asked)
        alone = [index.answers([query])[0] for query in asked]
        assert index.answers([]) == []
    for one, other in zip(together, alone, strict=True):
        assert [hit.passage for hit in one.hits] == [hit.passage for hit in other.hits]
        assert [hit.score for hit in one.hits] == pytest.approx([hit.score for hit in other.hits], abs=1e-5)


def test_words_alone_need_no_model(seeds_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr("semsearch.search.load_recorded", refuse)
    with semsearch.open(seeds_index) as index:
        assert index.query("쌀값 급등", mode="words", explain=True)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"text": " "}, {"text": "x" * 2001}, {"k": 0}, {"k": 1001}, {"mode": "best"}, {"balance": "fair"}),
        *({"fusion": "sum"}, {"half_life": 0.0}, {"lang": "ko,fr"}, {"since": "June"}, {"context": -1}),
        {"since": "2025-02-01", "until": "2025-01-01"},
    ],
)
def test_what_cannot_mean_anything_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Query(**{"text": "rice", **wrong})
