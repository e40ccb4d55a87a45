"""What query words are called in the other languages: the lexicon, its matching rules, aliases, offsets."""

from __future__ import annotations

import subprocess
import sys
import time
import unicodedata
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semsearch.bilingual import Lexicon, QueryWord
from semsearch.bilingual.emit import emitted
from semsearch.bilingual.hangul import verb_keys
from semsearch.errors import UsageError
from tests.conftest import ROOT

LEXICON = Lexicon()
DATA = ROOT / "semsearch/bilingual/data"
PACKAGED = (DATA / "lexicon.bin").read_bytes()


def forms(query: str, lang: str, target: str) -> dict[str, set[str]]:
    """The forms in `target` of each word of a query."""
    found: dict[str, set[str]] = defaultdict(set)
    for word in LEXICON.words(query, lang):
        found[word.text] |= {form.text for form in word.forms if form.lang == target}
    return dict(found)


def best(query: str, lang: str, target: str) -> str:
    """The likeliest form in `target` of the first word."""
    word = LEXICON.words(query, lang)[0]
    return max((form for form in word.forms if form.lang == target), key=lambda form: form.weight).text


@pytest.mark.parametrize(
    ("query", "lang", "target", "expected"),
    [
        ("Seoul", "en", "ko", "서울"),
        ("Seoul", "en", "ja", "ソウル"),
        ("서울", "ko", "en", "Seoul"),
        ("서울", "ko", "ja", "ソウル"),
        ("ソウル", "ja", "en", "Seoul"),
        ("ソウル", "ja", "ko", "서울"),
        ("semiconductor", "en", "ko", "반도체"),
        ("earthquake", "en", "ja", "地震"),
        ("지진", "ko", "en", "earthquake"),
        ("지진", "ko", "ja", "地震"),
        ("地震", "ja", "en", "earthquake"),
        ("地震", "ja", "ko", "지진"),
        ("정부", "ko", "en", "government"),
        ("정부", "ko", "ja", "政府"),
        ("Japan", "en", "ja", "日本"),
    ],
)
def test_a_word_is_known_in_each_direction(query: str, lang: str, target: str, expected: str) -> None:
    assert expected in forms(query, lang, target)[query]


@pytest.mark.parametrize(
    "query", ["서울", "서울은", "서울에서", "서울에서는", "서울까지", "서울의", "서울이라고", "서울이다"]
)
def test_particles_do_not_matter(query: str) -> None:
    (word,) = LEXICON.words(query, "ko")
    assert word.text == "서울"
    assert best(query, "ko", "en") == "Seoul"
    assert best(query, "ko", "ja") == "ソウル"


@pytest.mark.parametrize("query", ["국교 정상화", "국교정상화", "국교 정상화를", "국교정상화가", "국교·정상화"])
def test_spaces_do_not_matter_in_korean(query: str) -> None:
    (word,) = LEXICON.words(query, "ko")
    assert "国交正常化" in {form.text for form in word.forms}


@pytest.mark.parametrize(
    ("query", "lang", "texts"),
    [
        ("청소노동자", "ko", ["청소", "노동자"]),
        ("한국대통령이", "ko", ["한국", "대통령"]),
        ("탈탄소채권", "ko", ["탈탄소", "채권"]),
        ("반도체산업의", "ko", ["반도체", "산업"]),
        ("韓国大統領", "ja", ["韓国", "大統領"]),
        ("飛行場近くの", "ja", ["飛行場", "近く"]),
        ("無人運転バス", "ja", ["無人", "運転", "バス"]),
        ("prime minister's speech", "en", ["prime minister", "speech"]),
        ("nuclear-weapons test", "en", ["nuclear-weapons", "test"]),
        ("日정부", "ko", ["日", "정부"]),
        ("4개국 정상회담", "ko", ["정상회담"]),
        ("GDP 성장률은", "ko", ["GDP", "성장률"]),
        ("삼성전자 earnings", "en", ["삼성전자", "earnings"]),
    ],
)
def test_a_query_is_cut_into_these_words(query: str, lang: str, texts: list[str]) -> None:
    assert [word.text for word in LEXICON.words(query, lang)] == texts


@pytest.mark.parametrize(
    ("query", "lang", "expected"),
    [
        ("끊겼었나", "ko", "切れ"), ("도와주었다", "ko", "助け"), ("흘러갔다", "ko", "流れ"),
        ("지으려던", "ko", "建て"),
        ("들었다", "ko", "聞く"), ("발표했다", "ko", "発表"), ("발표될", "ko", "発表"), ("늘어난", "ko", "増え"),
        ("숨겨", "ko", "隠し"), ("빨랐나", "ko", "速い"), ("止まっていた", "ja", "멈추"), ("続けている", "ja", "계속"),
        ("決まらない", "ja", "정해지"), ("増えた", "ja", "늘어나"), ("発表された", "ja", "발표"),
        ("高くなる", "ja", "높"),
        ("agreed", "en", "합의"), ("fell", "en", "떨어지"), ("women", "en", "여성"), ("labour", "en", "노동"),
    ],
)  # fmt: skip
def test_inflected_words_are_known(query: str, lang: str, expected: str) -> None:
    found = {form.text for word in LEXICON.words(query, lang) for form in word.forms}
    assert any(text.startswith(expected) for text in found), found


@pytest.mark.parametrize(
    ("query", "lang", "phrase", "expected"),
    [
        ("when did the summit meeting end", "en", "summit meeting", "首脳会談"),
        ("normalization of diplomatic relations", "en", "normalization of diplomatic relations", "国交正常化"),
        ("한일 정상회담에서", "ko", "한일 정상회담", "Korea-Japan summit"),
        ("日韓首脳会談の", "ja", "日韓首脳会談", "한일 정상회담"),
    ],
)
def test_a_phrase_goes_before_its_words(query: str, lang: str, phrase: str, expected: str) -> None:
    words = {word.text: {form.text for form in word.forms} for word in LEXICON.words(query, lang)}
    assert expected in words[phrase]


@pytest.mark.parametrize(
    ("query", "lang"),
    [
        ("what did they do with the", "en"), ("How many of the", "en"), ("무엇을 어떻게 언제 얼마나", "ko"),
        ("何がいつどのように", "ja"), ("それはどこからまで", "ja"), ("", "en"), ("2025 60", "ko"), ("!?…", "ja"),
    ],
)  # fmt: skip
def test_function_words_are_left_out(query: str, lang: str) -> None:
    assert LEXICON.words(query, lang) == []


def test_an_acronym_is_no_function_word() -> None:
    assert "미국" in forms("US troops", "en", "ko")["US"]
    assert "us" not in forms("help us", "en", "ko")


def test_a_stem_shared_by_strangers_is_told_apart() -> None:
    assert "大学" in forms("universities", "en", "ja")["universities"]
    assert "宇宙" not in forms("universities", "en", "ja")["universities"]


@pytest.mark.parametrize("query", ["바다", "海", "sea"])
def test_a_noun_in_da_is_no_verb(query: str) -> None:
    lang = {"바": "ko", "海": "ja"}.get(query[0], "en")
    assert {"ko": "바다", "ja": "海", "en": "sea"}.items() - {(lang, query)} <= {
        (form.lang, form.text) for word in LEXICON.words(query, lang) for form in word.forms
    }


def test_the_text_may_be_decomposed_or_wide() -> None:
    query = unicodedata.normalize("NFD", "어제 서울에서")
    (word,) = LEXICON.words(query, "ko")
    assert unicodedata.normalize("NFC", word.text) == "서울"
    assert query[word.start : word.end] == word.text
    (word,) = LEXICON.words("in Ｓｅｏｕｌ!", "en")
    assert (word.start, word.end, word.text) == (3, 8, "Ｓｅｏｕｌ")
    (word,) = LEXICON.words("ｿｳﾙで", "ja")
    assert "Seoul" in {form.text for form in word.forms}


@pytest.mark.parametrize(
    ("word", "forms_of_it"),
    [
        ("하다", {"하", "해", "했", "한", "할"}), ("가다", {"가", "갔", "간", "갈"}),
        ("오다", {"오", "와", "왔", "온"}),
        ("되다", {"되", "돼", "됐", "된"}), ("돕다", {"돕", "도와", "도왔", "도운"}), ("쓰다", {"써", "썼", "쓴"}),
        ("흐르다", {"흘러", "흘렀", "흐른"}), ("짓다", {"지어", "지었", "지은"}), ("듣다", {"들어", "들었", "들은"}),
        ("끊기다", {"끊겨", "끊겼", "끊긴"}), ("그렇다", {"그래", "그랬", "그런"}), ("만들다", {"만드", "만든"}),
        ("바쁘다", {"바빠", "바빴"}), ("가깝다", {"가까워", "가까운"}),
    ],
)  # fmt: skip
def test_korean_verbs_inflect(word: str, forms_of_it: set[str]) -> None:
    needy, alone = verb_keys(word)
    assert forms_of_it <= needy | alone


@pytest.mark.parametrize(
    ("word", "lang", "expected"),
    [
        ("발표하다", "ko", ("발표",)), ("멈추다", "ko", ("멈추", "멈췄")), ("서울", "ko", ("서울",)),
        ("주의", "ko", ("주의",)),
        ("끊다", "ko", ("끊었", "끊어", "끊는", "끊은")), ("続ける", "ja", ("続け",)), ("発表する", "ja", ("発表",)),
        ("韓国", "ja", ("韓国",)), ("agree", "en", ("agree",)), ("캐나다", "ko", ("캐나다",)),
    ],
)  # fmt: skip
def test_verbs_are_looked_for_by_what_stays(word: str, lang: str, expected: tuple[str, ...]) -> None:
    assert emitted(word, lang) == expected


def check(query: str, words: list[QueryWord]) -> None:
    """Everything that holds of any answer."""
    end = 0
    for word in words:
        assert end <= word.start < word.end <= len(query)
        assert query[word.start : word.end] == word.text
        assert word.forms
        sums: dict[str, float] = defaultdict(float)
        for form in word.forms:
            assert form.text.strip() == form.text != ""
            assert form.origin in {"lexicon", "name", "alias"}
            sums[form.lang] += form.weight
        assert all(abs(total - 1) < 1e-9 for total in sums.values())
        end = word.end


PIECES = st.sampled_from(
    [
        "서울은", "국교", "정상화", "한·일", "李在明", "大統領", "イ・ジェミョン", "ｿｳﾙ", "㍿", "Ｋ팝", "GDP",
        "Kim", "Jong",
        "Un's", "U.S.", "끊겼었나", "60년", "日정부", "続けている", "ﬁnance", "İstanbul", "ß", "각", "ᄀ", "ㄱ",
        "ー", "・", "々",
        "\u200d", "\u0301", "\0", "-", "'", "이재명", "대통령이", "Lee", "Jae-myung", "😀", "カタカナ", "4개국", "박",
        " ", "\n", "\u3000", ",",
    ]
)  # fmt: skip


@given(
    st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=8).map("".join)),
    st.sampled_from(["en", "ko", "ja", "und"]),
)
def test_any_text_has_an_answer_with_true_offsets(query: str, lang: str) -> None:
    check(query, LEXICON.words(query, lang))
    decomposed = unicodedata.normalize("NFD", query)
    check(decomposed, LEXICON.words(decomposed, lang))


def test_compiling_again_gives_the_packaged_bytes(tmp_path: Path) -> None:
    script = ROOT / "scripts/lexicon/compile.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, capture_output=True)
    assert (tmp_path / "lexicon.bin").read_bytes() == (DATA / "lexicon.bin").read_bytes()


def test_the_packaged_data_is_small_and_opens_at_once() -> None:
    assert sum(path.stat().st_size for path in DATA.iterdir()) <= 4_500_000
    best_time = min(_timed() for _ in range(5))
    assert best_time < 0.005


def _timed() -> float:
    start = time.perf_counter()
    Lexicon()
    return time.perf_counter() - start


def test_another_folder_may_hold_the_lexicon(tmp_path: Path) -> None:
    (tmp_path / "lexicon.bin").write_bytes((DATA / "lexicon.bin").read_bytes())
    assert Lexicon(tmp_path).words("Seoul", "en") == LEXICON.words("Seoul", "en")


@pytest.mark.parametrize("content", [None, b"", b"something else", PACKAGED[:100_000], PACKAGED[:40]])
def test_a_bad_lexicon_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "lexicon.bin"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"lexicon\.bin"):
        Lexicon(tmp_path)


def test_a_changed_bit_of_the_lexicon_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.bin"
    for place in range(0, len(PACKAGED), len(PACKAGED) // 50):
        path.write_bytes(PACKAGED[:place] + bytes([PACKAGED[place] ^ 4]) + PACKAGED[place + 1 :])
        with pytest.raises(UsageError, match=r"lexicon\.bin"):
            Lexicon(tmp_path)


@pytest.fixture
def aliased(tmp_path: Path) -> Lexicon:
    """A lexicon with an alias file that uses every way to write a group."""
    path = tmp_path / "aliases.txt"
    path.write_text(
        "# our own names\n\n"
        "지소미아 | GSOMIA | 軍事情報包括保護協定  # the pact\n"
        "우리말샘\tOpen Dictionary\tウリマルセム\n"
        "한빛원전 = Hanbit plant = ハンビッ原発 = 霊光原発\n"
        "서울 | The Capital\n",
        encoding="utf-8",
    )
    return Lexicon(aliases=path)


@pytest.mark.parametrize(
    ("query", "lang", "text", "expected"),
    [
        ("지소미아는 언제", "ko", "지소미아", {"GSOMIA", "軍事情報包括保護協定"}),
        ("GSOMIA 파기", "ko", "GSOMIA", {"지소미아", "軍事情報包括保護協定"}),
        ("the gsomia pact", "en", "gsomia", {"지소미아", "軍事情報包括保護協定"}),
        ("軍事情報包括保護協定の終了", "ja", "軍事情報包括保護協定", {"지소미아", "GSOMIA"}),
        ("open dictionaries", "en", "open dictionaries", {"우리말샘", "ウリマルセム"}),
        ("한빛 원전에서", "ko", "한빛 원전", {"Hanbit plant", "ハンビッ原発", "霊光原発"}),
        ("서울에서", "ko", "서울", {"The Capital"}),
    ],
)
def test_aliases_go_before_the_lexicon(aliased: Lexicon, query: str, lang: str, text: str, expected: set[str]) -> None:
    words = aliased.words(query, lang)
    check(query, words)
    (word,) = [word for word in words if word.text == text]
    assert {form.text for form in word.forms} >= expected
    assert {form.origin for form in word.forms} == {"alias"}


def test_forms_of_an_alias_weigh_alike(aliased: Lexicon) -> None:
    (word,) = aliased.words("한빛원전", "ko")
    assert [form.weight for form in word.forms if form.lang == "ja"] == [0.5, 0.5]


@pytest.mark.parametrize(
    "line", ["only one form", "a | ", "| b", "12 | 34", "Москва | Moscow", "one two three four five six seven | 서울"]
)
def test_a_bad_alias_names_its_file_and_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "aliases.txt"
    path.write_text(f"# fine\n서울 | Seoul\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"aliases\.txt:3: "):
        Lexicon(aliases=path)


def test_an_alias_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.txt"):
        Lexicon(aliases=tmp_path / "missing.txt")
    (tmp_path / "euckr.txt").write_bytes("서울 | Seoul".encode("euc-kr"))
    with pytest.raises(UsageError, match=r"euckr\.txt"):
        Lexicon(aliases=tmp_path / "euckr.txt")
