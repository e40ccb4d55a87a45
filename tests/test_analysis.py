"""Index words: what must be filed alike is, whatever the script, width, case and composition."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semsearch.analysis import index_words, script, telling

ALIKE = [
    ("서울", "서울은"), ("서울", "서울에서"), ("서울", unicodedata.normalize("NFD", "서울은")), ("GDP", "ＧＤＰ"),
    ("governments", "Government"), ("café", "CAFE"), ("カタカナ", "ｶﾀｶﾅ"), ("金", "\uf90a"), ("1,250", "1250"),
    ("Jaemyung", "Jae-myung"), ("U.S.", "US"), ("Japan", "Japan’s"), ("李在明", "昨日李在明大統領は"),
    ("2025-06-22", "2025-06-22"), ("2025", "2025-06-22"), ("10:30", "10:30"), ("３．５", "3.5%"), ("法", "新しい法が"),
    ("K팝", "K팝이"), ("naïve", "naive"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "written"), ALIKE)
def test_what_is_asked_is_found_as_it_is_written(asked: str, written: str) -> None:
    assert set(index_words(asked)) <= set(index_words(written)), (index_words(asked), index_words(written))


@pytest.mark.parametrize(("one", "other"), [("3.5", "35"), ("서울", "부산"), ("1250", "125"), ("東京", "京都")])
def test_what_differs_is_told_apart(one: str, other: str) -> None:
    assert not set(index_words(one)) <= set(index_words(other))


def test_the_words_of_a_sentence() -> None:
    assert sorted(index_words("BOK held rates at 2.50%")) == sorted(["bok", "held", "rate", "at", "2.50", "2", "50"])
    assert sorted(index_words("서울은 비")) == sorted(["서울", "울은", "서", "울", "은", "비"])
    assert sorted(index_words("東京の春")) == sorted(["東京", "京の", "の春", "東", "京", "春"])


@given(st.text(max_size=80))
def test_any_text_has_index_words_in_one_form(text: str) -> None:
    words = index_words(text)
    assert words == index_words(unicodedata.normalize("NFC", text)) or unicodedata.normalize("NFKC", text) != text
    for word in words:
        assert word
        assert not any(character.isspace() for character in word)
        assert len(word) <= 64
        assert script(word) in ("hangul", "han", "kana", "alphabet")


@given(st.text(alphabet="가나다라 東京の都アイ ab1.,", max_size=40), st.text(alphabet="가나다 東京 ab", max_size=10))
def test_words_of_a_part_between_spaces_are_words_of_the_whole(text: str, part: str) -> None:
    whole = index_words(f"{text} {part} {text}")
    for word in index_words(part):
        assert word in whole


def test_function_words_are_left_out_unless_there_is_nothing_else() -> None:
    assert telling(index_words("When was the treaty signed")) == ["treati", "sign"]
    assert telling(index_words("to be or not to be")) == ["to", "be", "or", "not", "to", "be"]
