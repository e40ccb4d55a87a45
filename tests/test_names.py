"""Korean names in four ways to write them, and other words that no lexicon has."""

from __future__ import annotations

from itertools import permutations

import pytest

from semsearch.bilingual import Lexicon
from semsearch.bilingual.names import latin_forms, read_hanja, read_kana, read_latin, split_hangul
from semsearch.bilingual.romanise import hepburn, kana_of, mccune, revised_word

LEXICON = Lexicon()
LANG = {"이재명": "ko", "Lee Jae-myung": "en", "Yi Jae-myeong": "en", "李在明": "ja", "イ・ジェミョン": "ja"}


def plain(text: str) -> str:
    """A name without case, spaces, hyphens and middle dots."""
    return "".join(char for char in text.casefold() if char not in " -・")


@pytest.mark.parametrize(("one", "other"), list(permutations(LANG, 2)))
def test_every_spelling_reaches_every_other(one: str, other: str) -> None:
    (word,) = LEXICON.words(one, LANG[one])
    assert word.text == one
    assert plain(other) in {plain(form.text) for form in word.forms}


@pytest.mark.parametrize(
    ("query", "lang", "text", "expected"),
    [
        ("이재명 대통령은", "ko", "이재명", "Lee Jae-myung"),
        ("이재명은", "ko", "이재명", "李在明"),
        ("Jae-myung Lee", "en", "Jae-myung Lee", "이재명"),
        ("Lee Jaemyung said", "en", "Lee Jaemyung", "이재명"),
        ("Lee Jae Myung", "en", "Lee Jae Myung", "이재명"),
        ("lee jae-myung", "en", "lee jae-myung", "이재명"),
        ("李在明氏は", "ja", "李在明", "이재명"),
        ("李在明", "ko", "李在明", "이재명"),
        ("朴槿恵前大統領", "ja", "朴槿恵", "박근혜"),
        ("パク・クネ", "ja", "パク・クネ", "Park Geun-hye"),
        ("김하준 의원이", "ko", "김하준", "Kim Ha-jun"),
        ("최민서 씨", "ko", "최민서", "チェ・ミンソ"),
        ("Chung Min-woo", "en", "Chung Min-woo", "정민우"),
        ("Yi Sŏng-u", "en", "Yi Sŏng-u", "이성우"),
        ("崔民秀氏", "ja", "崔民秀", "최민수"),
        ("チェ・ミンス", "ja", "チェ・ミンス", "최민수"),
    ],
)
def test_a_name_is_found_in_a_sentence(query: str, lang: str, text: str, expected: str) -> None:
    words = {word.text: {plain(form.text) for form in word.forms} for word in LEXICON.words(query, lang)}
    assert plain(expected) in words[text]


@pytest.mark.parametrize(
    ("query", "lang"),
    [
        ("한국은 정부가 이유로", "ko"), ("No man is an island", "en"), ("Young Man Sun", "en"),
        ("金属製品の高校生", "ja"),
        ("서울 시민들의 조사", "ko"), ("コンピューターとインターネット", "ja"), ("Korea Japan relations", "en"),
    ],
)  # fmt: skip
def test_ordinary_words_are_no_names(query: str, lang: str) -> None:
    assert all(form.origin == "lexicon" for word in LEXICON.words(query, lang) for form in word.forms)


@pytest.mark.parametrize(
    ("query", "lang", "text", "expected"),
    [("꼬막섬에서", "ko", "꼬막섬", "Kkomakseom"), ("ナマケロン島", "ja", "ナマケロン", "Namakeron")],
)
def test_an_unknown_word_is_spelled_out(query: str, lang: str, text: str, expected: str) -> None:
    words = {word.text: word for word in LEXICON.words(query, lang)}
    (form,) = words[text].forms
    assert (form.text, form.lang, form.origin) == (expected, "en", "name")


def test_parts_of_a_name() -> None:
    assert split_hangul("이재명") == ("이", "재명")
    assert split_hangul("남궁민수") == ("남궁", "민수")
    assert split_hangul("한국인들") is None
    assert [name for name, _ in latin_forms("이", "재명")][:2] == ["Lee Jae-myung", "Lee Jae-myeong"]


@pytest.mark.parametrize(
    ("name", "kana"),
    [
        ("재명", "ジェミョン"),
        ("재인", "ジェイン"),
        ("정은", "ジョンウン"),
        ("준호", "ジュノ"),
        ("연아", "ヨナ"),
        ("대중", "デジュン"),
    ],
)
def test_katakana_of_a_given_name(name: str, kana: str) -> None:
    assert kana_of(name, " ") == kana


@pytest.mark.parametrize(
    ("family", "given", "name"),
    [
        ("イ", "ジェミョン", "이재명"),
        ("パク", "クネ", "박근혜"),
        ("ムン", "ジェイン", "문재인"),
        ("ハン", "ドンフン", "한동훈"),
    ],
)
def test_hangul_of_a_katakana_name(family: str, given: str, name: str) -> None:
    assert name in read_kana(family, given)


@pytest.mark.parametrize("words", [["Moon", "Jae-in"], ["Jae-in", "Moon"], ["Moon", "Jaein"], ["Mun", "Chae-in"]])
def test_hangul_of_a_latin_name(words: list[str]) -> None:
    assert "문재인" in [name for name, _ in read_latin(words)]


def test_hangul_of_a_name_in_chinese_characters() -> None:
    readings = {"在": "재", "明": "명", "林": "림", "宰": "재"}
    assert read_hanja("李在明", readings.get) == "이재명"
    assert read_hanja("林宰明", readings.get) == "임재명"
    assert read_hanja("村上春樹", readings.get) is None
    assert read_hanja("李昌明", readings.get) is None


def test_romanisations() -> None:
    assert revised_word("부산역") == "busanyeok"
    assert revised_word("한옥") == "hanok"
    assert mccune("재명") == "chae-myŏng"
    assert mccune("태준") == "t'ae-jun"
    assert hepburn("シャトル") == "shatoru"
    assert hepburn("トウキョウ") == "tokyo"
    assert hepburn("ちょっと") == "chotto"
    assert hepburn("東京") is None
