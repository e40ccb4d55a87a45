"""Where sentences end: examples in three languages, and what holds for every text."""

from __future__ import annotations

import time
import unicodedata
from itertools import pairwise

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from semsearch.sentences import sentence_ends

KOREAN = [
    "정부는 협정에 서명했다.| 협상은 14년이 걸렸다.",
    "회담이 끝났어요.| 다음은 언제일까요?| 아무도 모른다!| 그래도 간다.",
    "정말 그럴까?| 그는 고개를 저었다.",
    "끝났다.|그는 떠났다.",
    "그는 “협상은 끝났다.”라고 말했다.| 회의장은 조용했다.",
    "그는 “협상은 끝났다.” 라고 말했다.| 회의장은 조용했다.",
    '그는 "끝났다."고 밝혔다.| 박 장관은 "아니다."며 반박했다.',
    "‘왜 나인가?’라는 물음이 남았다.| 답은 없었다.",
    "“협상은 끝났다.”| 그는 문을 닫았다.",
    "그는 “끝났다.”는 말만 남겼다.| 밤이 왔다.",
    "성장률은 3.5%로 0.2%포인트 올랐다.| 물가는 2.1% 올랐다.",
    "1965. 6. 22. 도쿄에서 서명했다.| 발효는 12월 18일이다.",
    "2025. 6. 16. 서울.| 비가 왔다.",
    "3.1운동과 6.25 전쟁, 4·19 혁명을 다뤘다.| 책은 두꺼웠다.",
    "사업자는 (주)한국.com에서 신청한다.| 기한은 없다.",
    "모두 떠났다…| 밤이 왔다…그리고 비가 왔다.",
    "미국(U.S.)의 입장은 다르다.| 한국은 기다렸다.",
    "회담이 끝났다.|(서울=연합뉴스)",
    "1. 첫째 조건은 사과다.| 둘째는 배상이다.",
    "조건은 셋이다.|\n1. 사과한다.|\n2. 배상한다.|\n  3. 기록한다.",
]
JAPANESE = [
    "津波が町を襲った。|防潮堤はほぼ完成した。",
    "本当だろうか？|彼は首を振った！|誰も答えなかった。",
    "彼は「交渉は終わった。」と述べた。|会場は静まり返った。",
    "「本当か？」と聞かれ、「はい！」と答えた。|それで終わりだ。",
    "「もう終わりだ。」|記者はそう書いた。",
    "「はい。」\u3000|翌朝、彼は去った。",
    "｢終ﾜﾘﾀﾞ｡｣ﾄ述ﾍﾞﾀ｡|翌朝ﾊ雨ﾀﾞｯﾀ｡",
    "成長率は3.5％、物価は３．５％だった。|失業率は2.1％。",
    "１．はじめに述べる。|次に進む。",
    "条件は二つ。|\n１．謝罪する。|\n２．記録する。",
    "「なぜ？」|「知らない。」と二人は言った。|雨だった。",
]
ENGLISH = [
    "The treaty was signed. |It took fourteen years.",
    "Is it over? |Yes! |Nobody knows.",
    "The U.S. government agreed. |Japan did not.",
    "He moved to the U.S. |He never returned.",
    "The talks between the U.S. and Korea failed. |Nobody was surprised.",
    "Mr. Kim met Mrs. Sato and Dr. Lee. |They spoke for hours.",
    "J. R. R. Tolkien wrote it. |George W. Bush read it.",
    "Many grains, e.g. Rice and wheat, are stored, i.e. Kept dry. |Prices rose.",
    "Apple Inc. |The company was founded in 1976.",
    "Apple Inc. Chairman Cook spoke. |Samsung Co. Ltd. Shares fell.",
    "He said (in the U.S. Senate) nothing. |Others spoke.",
    "The strait (U.S.) Navy ships patrol is narrow. |It is deep.",
    "Growth was 3.5 percent, up 0.2. |Prices rose $1,000.50 a ton.",
    "It began on Jan. 5 and ended on Sept. 11, 1951. |Peace followed.",
    "At 9 a.m. Tokyo time the market opened. |It closed at 3 p.m. |The yen rose.",
    "“It is over.” |The room fell silent.",
    "“Is it over?” he asked. |Nobody answered.",
    "Wait... what? |Nothing. |So it was…",
    "She holds a Ph.D. in history. |Sato, Ph.D. Director of the lab, has none.",
    "The study by Park et al. (2019) was wrong. |It was withdrawn.",
    "1. First point. |It is short.",
    "Two points. |\n1. Sign here. |\n  2. Leave now.",
    "See No. 5 in vol. 2. |Read Vol. One first.",
    "Visit www.example.com or v2.0/?q=a today. |It is free.",
    "It was 1965. |The treaty was signed.",
]
MIXED = [
    "He said 안녕하세요. |그는 웃었다. |彼も笑った。|The end.",
    "한국은행은 GDP가 1.3% 늘었다고 밝혔다.| The market rose.| 日経平均も上がった。|終わり。",
]
TEXTS = [*KOREAN, *JAPANESE, *ENGLISH, *MIXED]
PLAIN = [text.replace("|", "") for text in TEXTS]
PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            ["다.", "요?", "”라고", "」と", "。", "！？", "｡", "．", "1", "U.S.", "Mr.", "A", "b", "漢", "か"]
        ),
        st.sampled_from(
            [*' \n\u3000.?!…"”’)」｣', "\r\n", "\u0301", "\u3099", "\u200d", "\ufe0f", "😀", "라고", "\u0600"]
        ),
    ),
    max_size=20,
).map("".join)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in pairwise([0, *sentence_ends(text)])]


def expected(marked: str) -> list[str]:
    """The sentences between bars, white space left aside."""
    return [part.strip() for part in marked.split("|")]


@pytest.mark.parametrize("marked", TEXTS)
def test_sentences_end_at_the_bars(marked: str) -> None:
    assert [sentence.strip() for sentence in sentences(marked.replace("|", ""))] == expected(marked)


@pytest.mark.parametrize("marked", TEXTS)
@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_other_line_ends_make_no_difference(marked: str, line_end: str) -> None:
    found = sentences(marked.replace("|", "").replace("\n", line_end))
    assert [sentence.strip() for sentence in found] == expected(marked)


@pytest.mark.parametrize("marked", TEXTS)
def test_decomposed_letters_make_no_difference(marked: str) -> None:
    found = sentences(unicodedata.normalize("NFD", marked.replace("|", "")))
    assert [unicodedata.normalize("NFC", sentence.strip()) for sentence in found] == [
        unicodedata.normalize("NFC", sentence) for sentence in expected(marked)
    ]


@given(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=6), st.sampled_from(["\n", "\r\n", "\u3000\n"]))
@settings(max_examples=200)
def test_a_line_of_its_own_keeps_its_sentences(texts: list[str], gap: str) -> None:
    closed = [text for text in texts if regex.search(r"[^\d][.。]\Z", text)]
    together = [sentence.strip() for sentence in sentences(gap.join(closed))]
    assert together == [sentence.strip() for text in closed for sentence in sentences(text)]


@given(st.one_of(PIECES, st.text()))
@settings(max_examples=400)
def test_ends_ascend_to_the_end_of_the_text_and_tear_no_character(text: str) -> None:
    ends = sentence_ends(text)
    assert ends == sorted({*ends})
    assert ends[-1:] == ([len(text)] if text else [])
    assert set(ends) <= {cluster.end() for cluster in regex.finditer(r"\X", text)}
    assert "".join(sentences(text)) == text


@given(PIECES)
@settings(max_examples=300)
def test_an_end_stands_behind_a_mark_and_its_white_space(text: str) -> None:
    for before, after in pairwise(sentences(text)):
        assert regex.search(r"""[.!?。！？｡．…]["'”)’」｣]*\s*\Z""", before)
        assert not after[0].isspace() or regex.match(r"\s[\u0301\u3099\u200d\ufe0f]", after)


@pytest.mark.parametrize("text", ["가" * 1000, "a" * 1000, "漢字、" * 300, "가나다 " * 300, ",;:" * 300])
def test_a_text_without_marks_is_one_sentence(text: str) -> None:
    assert sentence_ends(text) == [len(text)]


def test_no_text_has_no_ends() -> None:
    assert sentence_ends("") == []


@pytest.mark.parametrize("piece", [".", "다. ", "。」", ". \u0301", "1.", "A. ", "”.”", ".\n", "\u0301", "고. "])
def test_a_long_text_takes_time_in_proportion(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    started = time.process_time()
    sentence_ends(text)
    assert time.process_time() - started < 4
