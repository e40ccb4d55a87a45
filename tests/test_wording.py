"""What is looked for: a question's words, in the passage's language, with shared weights."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import semsearch
from semsearch.bilingual import Lexicon
from semsearch.errors import UsageError
from semsearch.languages import asked_in
from semsearch.wording import Wording, ceiling, matching_forms, telling_most
from semsearch.words import most
from tests.conftest import write

LEXICON = Lexicon()


def idf(_: str) -> float:
    return 2.0


def weights(query: str, lang: str) -> dict[str, float]:
    return Wording(query, asked_in(query), LEXICON).weights(lang, idf)


def test_in_its_own_language_a_question_is_its_words() -> None:
    assert weights("When was the treaty signed?", "en") == {"treati": 1.0, "sign": 1.0}
    assert set(weights("서울은", "ko")) == {"서울", "울은", "서", "울", "은"}


def test_in_another_language_it_is_what_its_words_are_called() -> None:
    assert weights("Seoul", "ko").keys() >= {"서울"}
    assert weights("東京", "en")["tokyo"] > 0.5
    assert weights("국교 정상화", "ja").keys() >= {"国交", "正常"}
    assert "이재" in weights("Lee Jae-myung", "ko") and "재명" in weights("Lee Jae-myung", "ko")


def test_names_and_numbers_are_looked_for_as_they_are() -> None:
    assert weights("GSOMIA 2016년 종료", "en")["gsomia"] == weights("GSOMIA 2016년 종료", "en")["2016"] == 1.0
    assert "gsomia" in weights("GSOMIA 종료", "ja")
    assert "종료" not in weights("GSOMIA 종료", "en"), "Hangul is not looked for in English"


@pytest.mark.parametrize("query", ["정부 발표", "the government announced", "政府が発表した"])
@pytest.mark.parametrize("lang", ["ko", "en", "ja"])
def test_alternatives_share_the_weight_of_one_word(query: str, lang: str) -> None:
    """A word's forms have a weight of 1 in all; a form of n index words counts as the square root of n."""
    asked = Wording(query, asked_in(query), LEXICON)
    if lang != asked.lang:
        assert sum(asked.weights(lang, idf).values()) <= sum(math.sqrt(12) for _ in asked.known) + 1e-6
    assert all(0 < weight <= 1 for weight in asked.weights(lang, idf).values())


def test_forms_that_no_passage_has_leave_their_weight_to_the_others() -> None:
    asked = Wording("정부", "ko", LEXICON)
    alone = asked.weights("en", lambda word: 2.0 if word == "govern" else None)
    assert alone == {"govern": 1.0}
    assert asked.weights("en", lambda _: None) == {}


def test_the_ceiling_is_what_a_passage_full_of_all_words_would_score() -> None:
    assert ceiling({"a": 1.0, "b": 0.5}, {"a": 2.0, "b": 4.0}.get) == pytest.approx(most(2.0) + 0.5 * most(4.0))
    assert ceiling({"a": 1.0, "b": 1.0}, {"a": 2.0}.get) == pytest.approx(2 * most(2.0)), "an unseen word is a rare one"


@given(st.dictionaries(st.text("abc", min_size=1), st.tuples(st.floats(0.01, 1), st.none() | st.integers(1, 1000))))
def test_what_is_looked_for_is_in_no_more_passages_than_there_are(words: dict[str, tuple[float, int | None]]) -> None:
    weights = {word: weight for word, (weight, _) in words.items()}
    holding = {word: count for word, (_, count) in words.items()}

    def rarity(word: str) -> float | None:
        count = holding[word]
        return math.log(1 + (1000 - count + 0.5) / (count + 0.5)) if count else None

    assert telling_most(weights, rarity, None) == weights
    kept = telling_most(weights, rarity, 8)
    assert kept.items() <= weights.items() and len(kept) <= 8
    assert sum(holding[word] or 0 for word in kept) <= 1000 + len(kept)
    worth = sorted((weights[word] * (rarity(word) or 0) for word in weights), reverse=True)
    if worth and worth[0]:
        assert max(weights[word] * (rarity(word) or 0) for word in kept) == worth[0], "the most telling word is kept"


def test_a_passage_says_which_form_it_has() -> None:
    word = next(word for word in Wording("한국 정부", "ko", LEXICON).known if word.text == "정부")
    assert [form.text for form in matching_forms(word, "en", ["the", "govern", "said"])] == ["government"]
    assert matching_forms(word, "en", ["nothing"]) == []


def test_aliases_are_found_across_languages(tmp_path: Path) -> None:
    archive = write(
        tmp_path / "archive",
        {
            "a.txt": "date 2024-01-01 A\n\nZorblatt Holdings opened a factory near the river in autumn.\n",
            "b.txt": "date 2024-01-02 B\n\nA quiet autumn by the river brought many visitors to the town.\n",
        },
    )
    aliases = tmp_path / "aliases.txt"
    aliases.write_text("# our own\n조블랏홀딩스 | Zorblatt Holdings | ゾルブラット\n", encoding="utf-8")
    semsearch.build([archive], tmp_path / "index")
    with semsearch.open(tmp_path / "index", aliases=aliases) as index:
        hit = index.query("조블랏홀딩스", mode="words", explain=True)[0]
        assert hit.passage.title == "A"
        assert [(match.form, match.origin) for match in hit.matched] == [("Zorblatt Holdings", "alias")]
        assert index.query("ゾルブラット")[0].passage.title == "A"
    aliases.write_text("only one form\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"aliases\.txt.*1"):
        semsearch.open(tmp_path / "index", aliases=aliases)
