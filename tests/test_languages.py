"""Telling Korean, Japanese and English apart by their scripts, composed or decomposed, wide or narrow."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semsearch.languages import SAMPLE, asked_in, detect

WORDS = {
    "ko": ("한국과", "일본은", "국교를", "서울", "뷁", "ㅋㅋ", "정상화했다"),
    "ja": ("日本の", "カタカナ", "ひらがな", "東京で", "ﾊﾝｶｸ", "だった"),
    "en": ("The", "treaty", "was", "signed", "café", "naïve", "Ｗｉｄｅ"),
}
NOTHING = st.text(st.sampled_from("0123456789 .,!?()「」。、…·—\n\u3000\u2028😀①％ー・＿\u200d\ufeff"))
LANG_WORDS = st.sampled_from([word for words in WORDS.values() for word in words])


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("한일 국교 정상화 60년", "ko"),
        ("日韓国交正常化から60年を迎えた。", "ja"),
        ("Sixty years of normal relations", "en"),
        ("大韓民國은 民主共和國이다.", "ko"),
        ("東京都知事選挙の結果", "ja"),
        ("東京", "ja"),
        ("ｱｲｳｴｵ", "ja"),
        ("ﾡﾢﾣ", "ko"),
        ("ＡＢＣ", "en"),
        ("삼성전자 Galaxy S24 Ultra 출시", "ko"),
        ("iPhone 15を発売した", "ja"),
        ("The Korean word 정 has no equivalent in English at all", "en"),
        ("The novelist 村上春樹 spoke at the university in New York last night", "en"),
        ("Москва приняла решение", "und"),
        ("Москва и Пекин обсудили iPhone", "und"),
        ("Президент России прибыл в 서울", "und"),
        ("Η Αθήνα σήμερα", "und"),
        ("กรุงเทพมหานคร", "und"),
        ("1965. 6. 22.", "und"),
        ("① ② ③ ④ Yes", "en"),
        ("Ⅷ", "und"),
        ("😀 — …", "und"),
        ("ー・", "und"),
        ("", "und"),
    ],
)
def test_the_prevailing_script_names_the_language(text: str, lang: str) -> None:
    assert detect(text) == lang


@pytest.mark.parametrize("lang", WORDS)
@given(st.data(), NOTHING)
@settings(max_examples=100)
def test_words_of_one_language_are_in_it_whatever_stands_between_them(
    lang: str, data: st.DataObject, nothing: str
) -> None:
    words = data.draw(st.lists(st.sampled_from(WORDS[lang]), min_size=1, max_size=8))
    assert detect(nothing + f" {nothing}".join(words) + nothing) == lang


@given(st.lists(LANG_WORDS, max_size=12), NOTHING)
@settings(max_examples=300)
def test_digits_marks_and_spaces_change_nothing(words: list[str], nothing: str) -> None:
    text = " ".join(words)
    assert detect(text) == detect(text + " 1" * len(text)) == detect(f"{nothing}{text}{nothing}")


@given(st.lists(LANG_WORDS, max_size=12))
@settings(max_examples=300)
def test_decomposed_text_is_in_the_language_of_the_composed(words: list[str]) -> None:
    text = " ".join(words)
    assert detect(unicodedata.normalize("NFD", text)) == detect(text)


@given(NOTHING)
@settings(max_examples=100)
def test_text_without_letters_is_in_no_language(nothing: str) -> None:
    assert detect(nothing) == "und"


@given(st.text())
@settings(max_examples=200)
def test_every_text_has_an_answer(text: str) -> None:
    assert detect(text) in ("ko", "ja", "en", "und")


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    assert detect("한" * SAMPLE + "a" * SAMPLE * 10) == "ko"
    assert detect(" " * SAMPLE + "한") == "und"
    assert detect(" " * (SAMPLE - 1) + "한") == "ko"


@pytest.mark.parametrize(("letter", "lang"), [("가", "ko"), ("あ", "ja"), ("漢", "ja")])
def test_a_syllable_weighs_as_much_as_three_latin_letters(letter: str, lang: str) -> None:
    assert detect(letter * 4 + "a" * 11) == lang
    assert detect(letter * 4 + "a" * 12) == "en"


def test_chinese_characters_count_for_the_side_that_prevails() -> None:
    assert detect("大韓民國憲法은") == "ko"
    assert detect("日本国憲法は") == "ja"
    assert detect("가나 かな") == "ja"
    assert detect("가나다 かな") == "ko"


@pytest.mark.parametrize(
    ("question", "lang"),
    [("GSOMIA 종료", "ko"), ("Samsung Electronics 実績", "ja"), ("TWICE", "en"), ("2025", "und"), ("Привет", "und")],
)
def test_names_in_latin_letters_do_not_make_a_question_english(question: str, lang: str) -> None:
    assert asked_in(question) == lang
