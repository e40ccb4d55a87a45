"""Cutting articles: one paragraph one passage, short lines join, long paragraphs divide, nothing is lost or torn."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from typing import Literal

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from semsearch import load_embedder
from semsearch.chunking import ParagraphChunker, paragraphs
from semsearch.errors import UsageError
from semsearch.protocols import Chunker
from semsearch.records import Article
from semsearch.sentences import sentence_ends
from tests.conftest import SEEDS

KO = "한국과 일본은 1965년 6월 22일 도쿄에서 기본조약에 서명하고 국교를 정상화했다."
JA = "東日本大震災の津波で被災した沿岸の町では、防潮堤の建設がほぼ終わった。"
EN = "Potters in the mountain village fire their wood kiln twice a year, and the valley smells of smoke."
LONG = (KO, JA, EN)
TOKEN = regex.compile(r"[A-Za-z]{1,4}|\d|\S")

GAPS = st.sampled_from(["\n\n", "\r\n\r\n", "\r\r", "\n \t\n", "\n\u3000\n\n", "\r\n\u2028\r\n", "\u2029", "\n\n\n\n"])
PIECES = st.one_of(
    st.sampled_from(
        ["한국과", unicodedata.normalize("NFD", "일본은"), "국교를 맺었다.", "東京で。", "ﾊﾟﾝ", "U.S.", "wood", "1,000"]
    ),
    st.sampled_from(
        [*" \u3000.,?!」…#a\u2028\x85\u200b", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "```", "\n```\n", "# "]
    ),
    st.sampled_from(["\u0301", "\n\u0301", "\r\n\u0301", " \u0301", "\u0600", "\u0600\r\n", "\u200d", "\ufe0f", "ｶﾞ"]),
    st.sampled_from(["😀", "👩\u200d👩\u200d👧", "🇰🇷", "각" * 9, "x" * 40, "葛\U000e0100", "e\u0301\u0302"]),
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)
COUNTERS: dict[str, Callable[[str], int]] = {
    "words": lambda text: len(TOKEN.findall(text)),
    "characters": len,
    "bytes": lambda text: len(text.encode()),
    "jamo": lambda text: len(unicodedata.normalize("NFD", text)),
}


def count_tokens(text: str) -> int:
    return len(TOKEN.findall(text))


def cut(text: str, budget: int = 400, count: Callable[[str], int] = count_tokens, body_start: int = 0) -> list[str]:
    """The passages of a text."""
    chunker: Chunker = ParagraphChunker(budget, count)
    return [text[span.start : span.end] for span in chunker(Article(text, body_start=body_start))]


def borders(text: str) -> set[int]:
    return {0, *(cluster.end() for cluster in regex.finditer(r"\X", text))}


def without_space(text: str) -> str:
    return "".join(text.split())


# ---- one paragraph, one passage


@given(st.lists(st.sampled_from(LONG), min_size=1, max_size=8), st.data(), st.sampled_from(["", "\n", " \r\n\r\n"]))
@settings(max_examples=200)
def test_one_paragraph_is_one_passage(texts: list[str], data: st.DataObject, around: str) -> None:
    text = around + "".join(text + data.draw(GAPS) for text in texts) + around
    assert cut(text) == texts


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r", "\u2028", "\x0b", "\x85", " \n "])
def test_a_single_line_end_or_line_separator_separates_nothing(separator: str) -> None:
    text = f"{KO}{separator}{JA}\n\n{EN}"
    assert cut(text) == [f"{KO}{separator}{JA}", EN]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_body_of_lines_that_end_like_sentences_holds_one_paragraph_a_line(line_end: str) -> None:
    assert cut(line_end.join([KO, JA, EN])) == [KO, JA, EN]
    assert cut(line_end.join([KO, EN])) == [line_end.join([KO, EN])]


def test_half_width_quotations_end_like_sentences() -> None:
    line = "｢" + "ﾊﾝｶｸﾓｼﾞﾉﾌﾞﾝｼｮｳ" * 4 + "｡｣"
    assert cut("\n".join([line] * 3)) == [line] * 3


def test_wrapped_lines_are_one_paragraph() -> None:
    wrapped = "Potters in the mountain village fire\ntheir wood kiln twice a year, and\nthe valley smells\nof smoke."
    assert cut(wrapped) == [wrapped]


def test_nothing_before_the_body_is_in_a_passage() -> None:
    head = "date 2025-06-22 한일 국교정상화 60년\n\n"
    assert cut(f"{head}{KO}\n\n{EN}", body_start=len(head)) == [KO, EN]
    assert cut(f"가나다 {KO}", body_start=2) == [f"다 {KO}"]


@pytest.mark.parametrize("text", ["", " \r\n\u3000\n", "\u2029\u2028"])
def test_a_blank_text_has_no_passages(text: str) -> None:
    assert cut(text) == []


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_blank_lines_in_a_fenced_block_separate_nothing(line_end: str) -> None:
    line = "semsearch.open('index').query('국교 정상화')"
    block = f"```python{line_end}{line}{line_end}{line_end}{line}{line_end}```"
    assert cut(f"{line_end * 2}".join([KO, block, EN])) == [KO, block, EN]


def test_a_fence_that_is_never_closed_and_code_within_a_line_hold_nothing_together() -> None:
    assert cut(f"{KO}\n\n```\n{JA}\n\n{EN}") == [KO, f"```\n{JA}", EN]
    code = "```semsearch query``` asks, and a long line goes on to say so until it is long enough."
    block = "```\nimport semsearch, and more of it so that the line is long\n\nprint(1)\n```"
    assert cut("\n\n".join([code, KO, block])) == [code, KO, block]


# ---- short lines join


@pytest.mark.parametrize(
    "line", ["한일 국교 정상화 60년", "서울=홍길동 기자", "## Kilns", "津波から10年", "[사진] 도쿄 회담장"]
)
@pytest.mark.parametrize("gap", ["\n\n", "\r\n\r\n", "\n \n\n"])
def test_a_short_line_joins_the_paragraph_that_follows(line: str, gap: str) -> None:
    assert cut(f"{KO}{gap}{line}{gap}{EN}") == [KO, f"{line}{gap}{EN}"]


def test_several_short_lines_join_together_and_the_last_joins_the_one_before() -> None:
    assert cut(f"표제\n\n부제\n\n기자\n\n{KO}\n\n(끝)") == [f"표제\n\n부제\n\n기자\n\n{KO}\n\n(끝)"]
    assert cut("표제\n\n부제\n\n기자") == ["표제\n\n부제\n\n기자"]
    assert cut("표제") == ["표제"]


@pytest.mark.parametrize(("columns", "joins"), [(31, True), (32, False), (33, False)])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_short_is_told_by_columns_composed_or_decomposed(
    columns: int, joins: bool, form: Literal["NFC", "NFD"]
) -> None:
    line = unicodedata.normalize(form, "각" * (columns // 2) + "x" * (columns % 2))
    assert cut(f"{line}\n\n{EN}") == ([f"{line}\n\n{EN}"] if joins else [line, EN])


@pytest.mark.parametrize("words", [1, 3, 6, 12])
def test_a_markdown_heading_joins_however_long_it_is(words: int) -> None:
    heading = "# " + " ".join(["국교정상화"] * words)
    assert cut(f"{KO}\n\n{heading}\n\n{EN}") == [KO, f"{heading}\n\n{EN}"]


def test_a_hash_without_a_space_or_with_lines_below_is_no_heading() -> None:
    tag = "#" + "국교정상화" * 6
    assert cut(f"{tag}\n\n{EN}") == [tag, EN]
    assert cut(f"# {tag}\n{KO}\n\n{EN}") == [f"# {tag}\n{KO}", EN]


def test_a_short_line_stays_alone_where_joining_would_break_the_budget() -> None:
    budget = count_tokens(EN)
    assert cut(f"Kilns\n\n{EN}\n\nThe end", budget) == ["Kilns", EN, "The end"]
    assert cut(f"Kilns\n\n{EN}", budget + count_tokens("Kilns")) == [f"Kilns\n\n{EN}"]


def test_a_short_line_joins_a_part_of_a_paragraph_that_is_divided_anyway() -> None:
    budget = count_tokens(EN + KO) - 1
    assert cut(f"Kilns\n\n{EN} {KO}", budget) == [f"Kilns\n\n{EN}", KO]
    assert cut(f"{EN} {KO}\n\nThe end", budget) == [EN, f"{KO}\n\nThe end"]
    assert cut(f"{EN} {KO}\n\nThe end", budget + 1) == [f"{EN} {KO}", "The end"]


# ---- long paragraphs divide


def test_a_long_paragraph_is_divided_at_sentence_ends_as_many_sentences_as_fit() -> None:
    each = count_tokens(KO)
    text = " ".join([KO] * 7)
    assert cut(text, 3 * each) == [" ".join([KO] * 3), " ".join([KO] * 3), KO]
    assert cut(text, 3 * each - 1) == [" ".join([KO] * 2)] * 3 + [KO]
    assert cut(text, 7 * each) == [text]


def test_quotations_stay_with_their_verb_when_a_paragraph_is_divided() -> None:
    text = "그는 “협상은 끝났다.”라고 말했다. 彼は「終わった。」と述べた。 The U.S. Senate said so."
    assert cut(text, 22) == [
        "그는 “협상은 끝났다.”라고 말했다.",
        "彼は「終わった。」と述べた。",
        "The U.S. Senate said so.",
    ]


def test_real_articles_are_divided_at_sentence_ends_by_the_real_tokenizer() -> None:
    model = load_embedder("bundled")
    files = sorted(SEEDS.rglob("*.txt"))[::12]
    texts = [" ".join(path.read_text(encoding="utf-8-sig").split()) for path in files]
    assert len(texts) >= 5
    for text in texts:
        chunker = ParagraphChunker(120, model.count_tokens)
        spans = chunker(Article(text))
        passages = [text[span.start : span.end] for span in spans]
        assert max(map(model.count_tokens, passages)) <= 120
        assert {span.end for span in spans} <= {len(text[:end].rstrip()) for end in sentence_ends(text)}
        assert without_space("".join(passages)) == without_space(text)


def test_a_sentence_that_is_too_long_is_cut_at_clause_marks_else_at_spaces_else_between_characters() -> None:
    clauses = "one two three four, five six seven eight, nine ten and so on"
    assert cut(clauses, 8) == ["one two three four,", "five six seven eight,", "nine ten and so on"]
    assert cut("東京で会った、大阪で会った、京都で会った", 9) == ["東京で会った、", "大阪で会った、", "京都で会った"]
    assert cut("가나 다라 마바 사아", 5) == ["가나 다라", "마바 사아"]
    assert cut("가나다라마바사", 3) == ["가나다", "라마바", "사"]


def test_clause_marks_inside_numbers_and_words_are_no_place_to_cut() -> None:
    assert cut("가나다라 1,000", 7, len) == ["가나다라", "1,000"]
    assert cut("가나다 한·일", 6, len) == ["가나다", "한·일"]
    assert cut("가나다 나(羅)는", 7, len) == ["가나다", "나(羅)는"]


@pytest.mark.parametrize(
    "cluster", ["👩\u200d👩\u200d👧", "🇰🇷", "e\u0301\u0302", "각", "葛\U000e0100", "ﾊ\uff9f", "👍🏽"]
)
@pytest.mark.parametrize("budget", [1, 2, 3, 7])
def test_no_character_is_cut_apart_even_where_it_breaks_the_budget(cluster: str, budget: int) -> None:
    whole = unicodedata.normalize("NFD", cluster)
    each = max(1, budget // len(whole))
    passages = cut(whole * 12, budget, len)
    assert "".join(passages) == whole * 12
    assert {len(passage) for passage in passages} <= {len(whole) * n for n in range(1, each + 1)}


@pytest.mark.parametrize("counter", COUNTERS)
@pytest.mark.parametrize(
    "text", ["가" * 500, "漢" * 500, "x" * 500, "가나다 " * 200, "ab, cd " * 200, "e\u0301" * 300, "😀" * 90]
)
@pytest.mark.parametrize("budget", [20, 200, 400])
def test_a_text_without_sentence_ends_respects_the_budget(counter: str, text: str, budget: int) -> None:
    count = COUNTERS[counter]
    passages = cut(text, budget, count)
    assert max(map(count, passages)) <= budget
    assert without_space("".join(passages)) == without_space(text)
    assert min(map(count, passages[:-1]), default=budget) * 4 >= budget


@pytest.mark.parametrize("budget", [0, -1])
def test_a_budget_of_nothing_is_refused(budget: int) -> None:
    with pytest.raises(UsageError, match="budget"):
        ParagraphChunker(budget, len)


# ---- what holds for every text


@pytest.mark.parametrize("counter", COUNTERS)
@given(TEXTS, st.sampled_from([1, 2, 5, 12, 60, 400]), st.integers(0, 10))
@settings(max_examples=250)
def test_passages_ascend_and_hold_all_that_is_no_space_in_whole_characters_within_the_budget(
    counter: str, text: str, budget: int, start: int
) -> None:
    count = COUNTERS[counter]
    whole = borders(text)
    body_start = max(border for border in whole if border <= start)
    spans = ParagraphChunker(budget, count)(Article(text, body_start=body_start))
    cuts = [body_start, *(cut for span in spans for cut in (span.start, span.end)), len(text)]
    assert cuts == sorted(cuts)
    assert whole.issuperset(cuts)
    for span in spans:
        passage = text[span.start : span.end]
        assert passage.strip()
        assert count(passage) <= budget or regex.fullmatch(r"\s*\X\s*", passage)
    assert all(not text[start:end].strip() for start, end in zip(cuts[::2], cuts[1::2], strict=True))


@given(TEXTS)
@settings(max_examples=200)
def test_paragraphs_are_never_divided_nor_joined_within_the_budget_but_for_short_ones(text: str) -> None:
    found = ParagraphChunker(10_000, len, short_width=1)(Article(text))
    kept = [span for span in paragraphs(text) if not regex.match("#", text[span.start])]
    ends = {span.end for span in found}
    assert len(found) <= len(paragraphs(text))
    assert ends <= {span.end for span in paragraphs(text)}
    assert all(any(span.start <= one.start and one.end <= span.end for span in found) for one in kept)


@given(st.lists(st.sampled_from([*LONG, "표제", "# 제목", "「はい。」", "(끝)"]), max_size=8), GAPS)
@settings(max_examples=150)
def test_decomposed_text_is_cut_like_the_composed(texts: list[str], gap: str) -> None:
    text = gap.join(texts)
    for budget in (400, 60):
        decomposed = cut(unicodedata.normalize("NFD", text), budget, composed_tokens)
        assert [unicodedata.normalize("NFC", passage) for passage in decomposed] == cut(text, budget, composed_tokens)


def composed_tokens(text: str) -> int:
    return count_tokens(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    "piece", ["\n", " ", "\n \n", "a\n\n", "가. ", "가", "```\n\n", "# a\n\n", "\u0301", ",", "「", "\r\r\n"]
)
def test_a_long_text_takes_time_in_proportion(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    started = time.process_time()
    cut(text, 40)
    assert time.process_time() - started < 6
