"""The offset promise, through reader, chunker and places: every passage is found again in text, bytes and lines."""

from __future__ import annotations

import codecs
import io
import unicodedata
from dataclasses import replace
from functools import cache
from itertools import pairwise, product

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from semsearch.chunking import ParagraphChunker
from semsearch.offsets import places
from semsearch.readers import reader_for
from semsearch.records import Article, Place, ReadOptions, Span

NFC, NFD = (unicodedata.normalize(form, "한국과 일본은 국교를 정상화했다.") for form in ("NFC", "NFD"))
FRAGMENTS = (
    NFC, NFD, "서울", "가\u11a8", "뷁", "ㅋㅋ", "ﾡﾾ", "똠방각하", "大韓民國", "國交", "髙﨑", "𠮷", "葛\U000e0100",
    "東京で", "ガギグ", "ﾊﾝｶｸ", "ﾊﾟﾝ", "は\u3099", "ば", "「はい。」と述べた。", "だ。", "～", "−", "￠", "①", "㈱",
    "The U.S. said so.", "e\u0301", "é", "naïve", "1,000.5", "x" * 40, "\u0600", "\u0e01\u0e33", "\u200d", "\ufeff",
    "😀", "👩\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈", "🇰🇷🇯🇵", "❤\ufe0f", "👍🏽",
    "#", "# 제목", "```", "date 2020-01-02 표제", ".", "?", "!", ",", "\"", "”라고",
)  # fmt: skip
SPACES = ("", "", " ", " ", "  ", "\t", "\u3000", "\xa0", "\u2028", "\u0301", " \u0301", "\x85", "\u2029")
BREAKS = ("\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\r\r", "\n \r\n", "\n\u3000\n\n", "\r\n\u0301", "\r\n \u0301")
ENCODINGS = {
    "utf-8": ("utf-8", b""),
    "utf-8 with BOM": ("utf-8", codecs.BOM_UTF8),
    "utf-16-le": ("utf-16-le", codecs.BOM_UTF16_LE),
    "utf-16-be": ("utf-16-be", codecs.BOM_UTF16_BE),
    "utf-16-le without BOM": ("utf-16-le", b""),
    "utf-16-be without BOM": ("utf-16-be", b""),
    "cp949": ("cp949", b""),
    "cp932": ("cp932", b""),
    "euc-jp": ("euc-jp", b""),
}
TOKEN = regex.compile(r"[A-Za-z]{1,4}|\d|\S")

PIECE = st.one_of(st.sampled_from(FRAGMENTS), st.sampled_from(FRAGMENTS), st.sampled_from(SPACES))
PIECES = st.lists(st.one_of(PIECE, PIECE, PIECE, st.sampled_from(BREAKS)), min_size=1, max_size=30)
BUDGETS = st.sampled_from([1, 3, 10, 40, 400])
NAMES = st.sampled_from(["a.txt", "a.md"])


def count_tokens(text: str) -> int:
    return len(TOKEN.findall(text))


@cache
def alphabet(encoding: str) -> frozenset[str]:
    """The characters of the fragments that an encoding has."""

    def has(character: str) -> bool:
        return character.encode(encoding, "ignore").decode(encoding) == character

    return frozenset(filter(has, {c for piece in (*FRAGMENTS, *SPACES, *BREAKS) for c in piece}))


def written(pieces: list[str], encoding: str) -> str:
    """A text that is not blank: what an encoding has of `pieces`, behind no byte order mark, and an ideograph."""
    return "".join(c for piece in pieces for c in piece if c in alphabet(encoding)).lstrip("\ufeff") + "文"


@cache
def twins(encoding: str) -> tuple[bytes, ...]:
    """Codes of a character that has another, usual code."""
    pairs = [bytes(pair) for pair in product(range(0x80, 0x100), range(0x40, 0x100))]
    codes = [*pairs, *(b"\x8f" + pair for pair in pairs)]
    return tuple(code for code in codes if decoded(code, encoding).encode(encoding) not in (b"", code))


def decoded(code: bytes, encoding: str) -> str:
    try:
        return code.decode(encoding)
    except UnicodeDecodeError:
        return ""


def read(raw: bytes, name: str = "a.txt", encoding: str | None = None) -> Article:
    """The one article of a file."""
    (article,) = reader_for(name)(io.BytesIO(raw), ReadOptions(encoding=encoding))
    assert isinstance(article, Article)
    return article


def line_of_each(text: str) -> list[int]:
    """The line that each code point stands in, as Python's universal newlines number them."""
    lines = io.StringIO(text, newline="").readlines()
    return [number for number, line in enumerate(lines, 1) for _ in line]


def prove(article: Article, raw: bytes, spans: list[Span]) -> list[Place]:
    """Check all that is promised of the places of `spans`, by other means than those that made them."""
    found, lines = places(article, spans), line_of_each(article.text)
    assert [(place.start, place.end) for place in found] == [(span.start, span.end) for span in spans]
    units = article.text.encode("utf-16-le")
    for place in found:
        text = article.text[place.start : place.end]
        assert raw[place.byte_start : place.byte_end].decode(article.encoding) == text
        assert units[place.start_utf16 * 2 : place.end_utf16 * 2].decode("utf-16-le") == text
        assert (place.line_start, place.line_end) == (lines[place.start], lines[place.end - 1])
    for before, after in pairwise(found):
        assert before.byte_end <= after.byte_start
        assert before.end_utf16 <= after.start_utf16
        assert before.line_end <= after.line_start
    return found


def prove_passages(raw: bytes, name: str, encoding: str | None, budget: int) -> Article:
    """Read a file, cut it, and check each of its passages. Its bytes before the first passage say so too."""
    article = read(raw, name, encoding)
    spans = list(ParagraphChunker(budget, count_tokens)(article))
    assert spans
    first = prove(article, raw, spans)[0]
    head = raw[article.byte_origin : first.byte_start].decode(article.encoding)
    assert head == article.text[: spans[0].start]
    borders = {0, *(cluster.end() for cluster in regex.finditer(r"\X", article.text))}
    assert {cut for span in spans for cut in (span.start, span.end)} <= borders
    return article


@pytest.mark.parametrize("label", ENCODINGS)
@given(PIECES, BUDGETS, NAMES)
@settings(max_examples=300)
def test_every_passage_is_found_again_in_text_bytes_utf16_and_lines(
    label: str, pieces: list[str], budget: int, name: str
) -> None:
    encoding, mark = ENCODINGS[label]
    text = written(pieces, encoding)
    raw = mark + text.encode(encoding)
    article = prove_passages(raw, name, None if mark else encoding, budget)
    assert (article.text, article.encoding, article.byte_origin, article.raw) == (text, encoding, len(mark), None)


@pytest.mark.parametrize("encoding", ["cp932", "euc-jp", "johab"])
@given(st.data(), PIECES, BUDGETS)
@settings(max_examples=120)
def test_characters_with_two_codes_keep_their_places(
    encoding: str, data: st.DataObject, pieces: list[str], budget: int
) -> None:
    plain = [written([piece], encoding).encode(encoding) for piece in pieces]
    rare = data.draw(st.lists(st.sampled_from(twins(encoding)), min_size=1, max_size=5))
    raw = b"".join(data.draw(st.permutations([*plain, *rare])))
    article = prove_passages(raw, "a.txt", encoding, budget)
    assert article.raw == raw
    assert article.text.encode(encoding) != raw


def test_codes_that_encoding_again_would_change_are_known() -> None:
    known = {"cp949": 0, "cp932": 398, "euc-jp": 1, "johab": 17}
    assert {encoding: len(twins(encoding)) for encoding in known} == known


@pytest.mark.parametrize("label", ["cp949", "cp932", "euc-jp", "utf-8 with BOM", "utf-16-be"])
@given(PIECES, BUDGETS)
@settings(max_examples=40)
def test_walking_the_bytes_gives_what_encoding_again_gives(label: str, pieces: list[str], budget: int) -> None:
    encoding, mark = ENCODINGS[label]
    raw = mark + written(pieces, encoding).encode(encoding)
    article = read(raw, encoding=encoding)
    spans = ParagraphChunker(budget, count_tokens)(article)
    assert places(replace(article, raw=raw), spans) == places(article, spans)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), st.sampled_from(BREAKS), st.text("a다 \n"))
@settings(max_examples=60)
def test_text_of_any_characters_keeps_its_places(mark: str, text: str, gap: str, tail: str) -> None:
    raw = f"{mark}가{text}{gap}{tail}".encode()
    prove_passages(raw, "a.txt", None, 5)


@given(st.lists(st.sampled_from([*"a한😀\n\r", "\r\n", "\u2028", "\u0301"]), min_size=5), st.sets(st.integers(0, 30)))
@settings(max_examples=200)
def test_spans_of_any_chunker_keep_their_places_line_ends_and_all(pieces: list[str], cuts: set[int]) -> None:
    text = "".join(pieces)
    spans = [Span(start, end) for start, end in pairwise(sorted(cuts)) if end <= len(text)]
    prove(Article(text), text.encode(), spans)


def test_between_cr_and_lf_the_line_has_not_ended() -> None:
    found = places(Article("a\r\nb"), [Span(0, 2), Span(2, 3), Span(3, 4)])
    assert [(place.line_start, place.line_end) for place in found] == [(1, 1), (1, 1), (2, 2)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "cp949"])
def test_places_are_the_ones_counted_by_hand(encoding: str) -> None:
    text = "첫 줄\r\n\r\n둘째 문단은\r이어진다.\n\nlast"
    article = read(text.encode(encoding), encoding=encoding)
    first, second = places(article, [Span(7, 19), Span(21, 25)])
    width = {"utf-8": (3, 1), "utf-16-le": (2, 2), "cp949": (2, 1)}[encoding]
    assert first.byte_start == 2 * width[0] + 5 * width[1]
    assert (first.line_start, first.line_end, second.line_start, second.line_end) == (3, 4, 6, 6)
    assert (first.start_utf16, second.end_utf16) == (7, 25)
    assert second.byte_end == len(text.encode(encoding))


def test_utf16_offsets_count_an_emoji_twice_and_bytes_four_times() -> None:
    article = Article("😀한\n\nb😀", byte_origin=3)
    first, second = places(article, [Span(0, 2), Span(4, 6)])
    assert (first.start_utf16, first.end_utf16, second.start_utf16, second.end_utf16) == (0, 3, 5, 8)
    assert (first.byte_start, first.byte_end, second.byte_start, second.byte_end) == (3, 10, 12, 17)


def test_no_spans_have_no_places() -> None:
    assert places(Article("text"), []) == []
    assert places(Article("text", encoding="cp932", raw=b"text"), []) == []


def test_a_line_separator_ends_no_line() -> None:
    (place,) = places(Article("a\u2028b\x0bc\x85d\n\ne"), [Span(9, 10)])
    assert place.line_start == 3
