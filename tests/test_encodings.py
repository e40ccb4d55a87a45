"""Encodings: found out or refused by name, never guessed wrong, never a replacement character."""

from __future__ import annotations

import codecs
import json
import os
import random
import subprocess
import tracemalloc
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from semsearch.errors import Refused, UsageError
from semsearch.readers import reader_for
from semsearch.readers.encodings import SUPPORTED, Decoded, canonical, decode, read_text
from semsearch.records import Article, ReadOptions, Skipped
from semsearch.settings import MAX_RECORD_BYTES, MAX_TEXT_BYTES

KOREAN = (
    "한국과 일본은 1965년 6월 22일 도쿄에서 기본조약과 네 개의 협정에 서명하고 국교를 정상화했다.",
    "서울 도심에서는 학생들이 굴욕 외교에 반대하며 거리로 나섰고 정부는 계엄령을 선포했다.",
    "공원에는 아침부터 아이들과 부모들이 모여 연을 날렸다.",
    "그는 “다시는 같은 일이 없어야 한다”고 말했다. 회의는 저녁 늦게 끝났다(종합).",
    "이번 조사에서 응답자의 절반은 물가가 가장 큰 걱정이라고 답했다.",
    "대통령은 8일 국회 연설에서 예산안을 설명하고 여야의 협조를 당부했다.",
)
JAPANESE = (
    "東日本大震災の津波で被災した沿岸の町では、防潮堤の建設と住宅の高台移転がほぼ終わった。",
    "語り部の女性は、修学旅行の生徒たちに、すぐに高い場所へ逃げるよう伝え続けている。",
    "政府は来年度の予算案を閣議決定し、社会保障費が過去最大になる見通しを示した。",
    "「もう一度、走ってみたい」と選手は話した。チームは2023年に再建された。",
    "サッカーのワールドカップで、日本は前半にゴールを決めて逃げ切った。",
    "雨のち晴れ。午後からは気温が上がり、所により雷を伴うでしょう。",
)
ENGLISH = "Potters in the mountain village fire their wood kiln twice a year."
CHINESE = (
    "根据国家统计局发布的数据，今年上半年国内生产总值同比增长百分之五点三，经济运行总体平稳，稳中有进。"
    "各地区各部门认真贯彻落实党中央决策部署，加大宏观政策实施力度。专家表示，下半年仍需扩大内需。"
)
CHINESE_IN_FULL_FORMS = (
    "根據國家統計局發布的數據，今年上半年國內生產總值同比增長百分之五點三，經濟運行總體平穩。"
    "專家表示，下半年仍需擴大內需，各地區各部門認真落實決策部署。"
)
RUSSIAN = "Вчера в Москве прошла встреча министров иностранных дел двух стран, где обсуждались вопросы безопасности."
FRENCH = "L'été dernier, les élèves étaient très contents d'être à la montagne où la forêt a été protégée."

MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
DETECTED = {
    "utf-8": (*KOREAN, *JAPANESE),
    "utf-16-le": (*KOREAN, *JAPANESE),
    "utf-16-be": (*KOREAN, *JAPANESE),
    "cp949": KOREAN,
    "cp932": JAPANESE,
    "euc-jp": JAPANESE,
}


def text_of(encoding: str) -> str:
    return "\n\n".join(DETECTED.get(encoding, KOREAN)) + "\n"


def refusal(raw: bytes, declared: str | None = None, hint: str | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        decode(raw, declared, hint)
    assert str(caught.value) == caught.value.reason
    assert len(caught.value.reason.splitlines()) == 1
    return caught.value


def read_file(path: Path, **options: str) -> list[Article | Skipped]:
    with path.open("rb") as stream:
        return list(reader_for(path.name)(stream, ReadOptions(**options)))


# ---- marks, declarations, strict UTF-8


@pytest.mark.parametrize("encoding", MARKS)
@pytest.mark.parametrize("declared", [None, "utf-8", "cp949"])
def test_a_byte_order_mark_decides_and_is_no_part_of_the_text(encoding: str, declared: str | None) -> None:
    mark, text = MARKS[encoding], text_of(encoding)
    assert decode(mark + text.encode(encoding), declared) == Decoded(text, encoding, len(mark))


def test_the_mark_of_a_file_reaches_its_article(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(codecs.BOM_UTF16_BE + text_of("utf-16-be").encode("utf-16-be"))
    (article,) = read_file(path)
    assert isinstance(article, Article)
    assert (article.encoding, article.byte_origin, article.text) == ("utf-16-be", 2, text_of("utf-16-be"))


@pytest.mark.parametrize("encoding", SUPPORTED)
def test_what_is_declared_is_read(encoding: str) -> None:
    text = {"cp932": text_of("cp932"), "euc-jp": text_of("euc-jp"), "cp1252": FRENCH}.get(encoding, text_of("cp949"))
    assert decode(text.encode(encoding), encoding) == Decoded(text, encoding)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("euc_kr", "cp949"),
        ("EUC-KR", "cp949"),
        ("ks_c_5601-1987", "cp949"),
        ("windows-949", "cp949"),
        ("uhc", "cp949"),
        ("shift_jis", "cp932"),
        ("sjis", "cp932"),
        ("x-sjis", "cp932"),
        ("Windows-31J", "cp932"),
        ("eucjp", "euc-jp"),
        ("x-euc-jp", "euc-jp"),
        (" UTF8 ", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("US-ASCII", "utf-8"),
        ("latin-1", "cp1252"),
    ],
)
def test_an_encoding_is_known_by_its_other_names(name: str, encoding: str) -> None:
    assert canonical(name) == encoding


def test_euc_kr_and_shift_jis_are_read_with_the_letters_that_windows_added() -> None:
    assert decode("똠방각하 뷁".encode("cp949"), "euc_kr").text == "똠방각하 뷁"  # not in KS X 1001
    assert decode("髙橋さん①".encode("cp932"), "shift_jis").text == "髙橋さん①"  # not in JIS X 0208


@pytest.mark.parametrize("name", ["utf-7", "base64", "big5", "iso2022_jp", "nonsense", "", "\0", "한글", "\udc80"])
def test_an_encoding_that_cannot_be_read_is_wrong_use_and_the_message_lists_those_that_can(name: str) -> None:
    with pytest.raises(UsageError, match=r"give one of utf-8, .*cp949, cp932, euc-jp"):
        decode(b"text", name)


@pytest.mark.parametrize(
    ("raw", "declared", "at"),
    [
        ("가나".encode() + b"\xff", "utf-8", 6),
        ("가나".encode()[:-1], "utf-8", 3),
        (b"\xc0\xaf", "utf-8", 0),
        ("가".encode("utf-16-le") + b"\x00\xd8", "utf-16-le", 2),
        (codecs.BOM_UTF8 + b"ab\xff", None, 5),
        (b"a\x81\x20", "cp949", 1),
    ],
)
def test_bytes_that_are_not_what_was_declared_are_refused_where_they_stand(
    raw: bytes, declared: str | None, at: int
) -> None:
    refused = refusal(raw, declared)
    assert refused.kind == "encoding"
    assert refused.reason.startswith(f"byte {at} is not ")
    assert "--encoding" in refused.reason


def test_a_single_wrong_byte_in_utf_8_is_refused_and_not_replaced() -> None:
    raw = text_of("utf-8").encode()
    refused = refusal(raw[:300] + b"\xff" + raw[300:])
    assert refused.kind == "encoding"
    assert "not UTF-8" in refused.reason


def test_a_replacement_character_that_the_author_wrote_stays() -> None:
    assert decode("the sign \ufffd means loss".encode()).text == "the sign \ufffd means loss"


# ---- detection


@pytest.mark.parametrize("encoding", DETECTED)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_article_without_a_mark_is_detected(encoding: str, end: str) -> None:
    text = text_of(encoding).replace("\n", end)
    assert decode(text.encode(encoding)) == Decoded(text, encoding)


@pytest.mark.parametrize("encoding", [encoding for encoding in DETECTED if not encoding.startswith("utf-")])
def test_one_sentence_in_a_page_of_english_is_enough(encoding: str) -> None:
    text = f"{ENGLISH} " * 20 + DETECTED[encoding][0]
    assert decode(text.encode(encoding)) == Decoded(text, encoding)


def test_korean_that_is_also_valid_japanese_is_read_as_korean() -> None:
    text = KOREAN[0]
    wrong = text.encode("cp949").decode("euc-jp")  # the trap: no error
    assert wrong != text
    assert decode(text.encode("cp949")) == Decoded(text, "cp949")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp932", "語り部の女性は、修学旅行の生徒たちに、すぐに高い場所へ逃げる"),
        ("euc-jp", "日本の学校では、生徒が自分たちの教室を掃除する。"),
    ],
)
def test_japanese_that_is_also_valid_korean_is_read_as_japanese(encoding: str, text: str) -> None:
    wrong = text.encode(encoding).decode("cp949")  # the trap: no error
    assert wrong != text
    assert decode(text.encode(encoding)) == Decoded(text, encoding)


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ("가나 뷁".encode("cp949"), ("cp949",)),
        ("한국".encode("cp949"), ("cp949", "euc-jp")),
        ("朝日".encode("euc-jp"), ("euc-jp", "cp949")),
        ("뷁쉙믛".encode("cp949") * 9, ("cp949",)),
    ],
)
def test_what_is_uncertain_is_refused_and_the_candidates_named(raw: bytes, names: tuple[str, ...]) -> None:
    refused = refusal(raw)
    assert refused.kind == "encoding"
    assert all(name in refused.reason for name in names)
    assert "could be" in refused.reason
    assert "--encoding" in refused.reason


def test_a_file_pasted_together_from_two_encodings_is_refused() -> None:
    korean, japanese = KOREAN[0].encode("cp949"), "日本の学校では、生徒が自分たちの教室を掃除する。".encode("euc-jp")
    assert "cp949" in refusal(korean + b"\n" + japanese).reason
    assert "euc-jp" in refusal(japanese * 2 + b"\n" + korean).reason


@pytest.mark.parametrize(
    ("text", "encoding"), [(CHINESE, "gbk"), (CHINESE, "gb18030"), (CHINESE_IN_FULL_FORMS, "big5")]
)
def test_chinese_is_refused(text: str, encoding: str) -> None:
    for length in (9, 12, 20, 40):
        for start in range(len(text) - length + 1):
            assert refusal(text[start : start + length].encode(encoding)).kind == "encoding"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (RUSSIAN, "iso8859-5"), (FRENCH, "cp1252"), (KOREAN[0], "johab")],
)
def test_encodings_that_are_not_detected_are_refused(text: str, encoding: str) -> None:
    assert refusal(text.encode(encoding)).kind == "encoding"


def test_iso_2022_is_refused_by_name() -> None:
    assert "ISO-2022" in refusal(JAPANESE[0].encode("iso2022_jp")).reason


def test_what_a_page_says_settles_only_what_detection_leaves_open() -> None:
    short, long = "뷁".encode("cp949"), text_of("cp949")
    assert decode(short, hint="cp949").text == "뷁"
    assert decode(long.encode("cp949"), hint="euc-jp") == Decoded(long, "cp949")
    assert decode(long.encode(), hint="euc-jp") == Decoded(long, "utf-8")
    assert refusal(b"\xff\xff\xff", hint="cp949").kind == "encoding"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_that_is_also_ascii_is_refused(encoding: str) -> None:
    raw = "として制した".encode(encoding)
    assert raw.isascii()
    assert "UTF-16" in refusal(raw).reason
    assert decode(raw, encoding).text == "として制した"


@pytest.mark.parametrize(
    "text", ["word", "0A0B", "9f86d081884c7d65", "c2VtYW50aWM=", "ひらがな", "가나다라마바사", "日本"]
)
def test_utf_8_without_white_space_is_still_utf_8(text: str) -> None:
    assert decode(text.encode()) == Decoded(text, "utf-8")


def test_bytes_are_kept_where_a_letter_has_two_codes() -> None:
    text = f"{JAPANESE[0]}≒"
    raw = JAPANESE[0].encode("cp932") + b"\x87\x90"
    assert raw != text.encode("cp932")
    assert decode(raw) == Decoded(text, "cp932", 0, raw)
    assert decode(text.encode("cp932")).raw is None


@st.composite
def natural(draw: st.DrawFn, encoding: str) -> str:
    """A stretch of running text, whole or torn, with ASCII around it, of at least eight letters beyond ASCII."""
    sentences = DETECTED.get(encoding, KOREAN)
    text = draw(st.sampled_from([" ", "\n", ""])).join(draw(st.lists(st.sampled_from(sentences), min_size=1)))
    start = draw(st.integers(0, len(text) - 1))
    end = draw(st.integers(start + 1, len(text)) | st.just(len(text)))
    ascii_text = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
    text = draw(ascii_text) + text[start:end] + draw(ascii_text)
    missing = max(0, 8 - sum(not letter.isascii() for letter in text))
    return text + sentences[0].replace(" ", "")[: 2 * missing] + "\n"


@given(st.sampled_from([*DETECTED, "johab", "utf-8-sig", "utf-16", "utf-32"]), st.data())
def test_running_text_in_any_encoding_is_read_right_or_refused(encoding: str, data: st.DataObject) -> None:
    text = data.draw(natural(encoding))
    try:
        decoded = decode(text.encode(encoding))
    except Refused as refused:
        assert refused.kind in ("encoding", "binary")
        return
    assert decoded.text == text


@pytest.mark.parametrize("encoding", [encoding for encoding in DETECTED if encoding != "utf-8"])
def test_no_stretch_of_an_article_is_read_wrong_and_most_are_read(encoding: str) -> None:
    whole, read = "".join(DETECTED[encoding]), 0
    stretches = [
        whole[at : at + length] + "\n" for length in (8, 12, 20, 40) for at in range(0, len(whole) - length, 3)
    ]
    for stretch in stretches:
        try:
            assert decode(stretch.encode(encoding)).text == stretch
            read += 1
        except Refused:
            pass
    assert read > len(stretches) * 0.6


@given(
    st.binary(max_size=80)
    | st.text(max_size=40).map(lambda text: text.encode("utf-16-le", "ignore"))
    | st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=40).map(lambda t: t.encode("cp949"))
    | st.lists(st.integers(0xA1, 0xFE), max_size=80).map(bytes),
    st.none() | st.sampled_from(SUPPORTED),
)
@example(b"\x80\xa0\xfd\xfe\xff", "cp932")
def test_whatever_the_bytes_they_are_told_back_exactly_or_refused(raw: bytes, declared: str | None) -> None:
    try:
        decoded = decode(raw, declared)
    except Refused as refused:
        assert refused.reason
        return
    assert raw[decoded.origin :].decode(decoded.encoding, "strict") == decoded.text
    assert decoded.text.strip()
    if decoded.raw is None:
        assert decoded.text.encode(decoded.encoding) == raw[decoded.origin :]
    else:
        assert decoded.raw == raw


# ---- files that are no text, no file at all, or too much


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"PK\x03\x04\x14\x00", "ZIP"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x7fELF\x02\x01", "program"),
        (b"SQLite format 3\0", "SQLite"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old office"),
        (random.Random(7).randbytes(4096), "NUL"),
        (bytes(range(256)) * 4, "NUL"),
        (bytes(range(1, 32)) * 20, "control characters"),
        (b"\xb0\xa1\x01\x02" * 20, "control characters"),
    ],
)
def test_a_binary_file_is_refused_and_the_message_says_what_it_is(tmp_path: Path, raw: bytes, name: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(raw)
    with pytest.raises(Refused, match=name) as caught:
        read_file(path)
    assert caught.value.kind == "binary"


def test_declaring_an_encoding_makes_no_text_of_a_binary_file() -> None:
    assert refusal(b"text\0text", "utf-8").kind == "binary"
    assert refusal(bytes(range(1, 32)) * 20, "cp949").kind == "binary"


def test_a_few_control_characters_in_a_long_text_are_no_binary() -> None:
    text = f"{ENGLISH}\f\x1b[1m\x08" + text_of("utf-8")
    assert decode(text.encode()).text == text


@pytest.mark.parametrize(
    "text", ["", " ", "\n\r\n\t", "\u3000\u00a0\u2028", "\u200b\u200d", "\u3000\u200b\u3000 \ufeff\n"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_empty_and_blank_files_are_refused_as_empty(tmp_path: Path, text: str, encoding: str) -> None:
    for suffix in ("txt", "md", "html"):
        path = tmp_path / f"a.{suffix}"
        path.write_bytes(text.encode(encoding))
        with pytest.raises(Refused, match="no text") as caught:
            read_file(path)
        assert caught.value.kind == "empty"


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.json"])
def test_a_file_that_is_too_large_is_refused_with_its_size(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    os.truncate(path, 3 << 30)  # sparse: takes no room
    with pytest.raises(
        Refused, match=r"the file has 3,221,225,472 bytes; at most 33,554,432 are read: split"
    ) as caught:
        read_file(path)
    assert caught.value.kind == "too-large"


def test_a_stream_that_is_too_large_is_refused_though_its_size_is_unknown() -> None:
    with subprocess.Popen(["head", "-c", "40000000", "/dev/zero"], stdout=subprocess.PIPE) as source:
        assert source.stdout
        with pytest.raises(Refused, match=r"more than 33,554,432 bytes"):
            read_text(cast(BinaryIO, source.stdout))


def test_the_largest_file_that_is_read_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"word " * (MAX_TEXT_BYTES.default // 5) + b"\n" * (MAX_TEXT_BYTES.default % 5))
    (article,) = read_file(path)
    assert isinstance(article, Article)
    assert len(article.text) == MAX_TEXT_BYTES.default


def test_a_line_of_50_megabytes_is_skipped_in_bounded_memory_and_its_neighbours_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    record = json.dumps({"text": ENGLISH}).encode()
    with path.open("wb") as out:
        out.write(record + b'\n{"text": "')
        for _ in range(50):
            out.write(b"x" * 1_000_000)
        out.write(b'"}\n' + record)
    tracemalloc.start()
    try:
        found = read_file(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [item.locator for item in found if isinstance(item, Article)] == ["line 1, field text", "line 3, field text"]
    assert [item for item in found if isinstance(item, Skipped)] == [
        Skipped("line 2", "too-large", "longer than 8,388,608 bytes")
    ]
    assert peak < 24 << 20


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_file_of_one_endless_line_is_one_skipped_record(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(b'{"text": "' + b"x" * (9 << 20) + b'"}' + end)
    (skipped,) = read_file(path)
    assert isinstance(skipped, Skipped)
    assert (skipped.name, skipped.kind) == ("line 1", "too-large")


@pytest.mark.parametrize("over", [0, 1])
def test_a_line_of_exactly_the_limit_is_read(tmp_path: Path, over: int) -> None:
    path = tmp_path / "a.jsonl"
    frame = len(b'{"text": ""}')
    path.write_bytes(b'{"text": "' + b"x" * (MAX_RECORD_BYTES.default - frame + over) + b'"}')
    (item,) = read_file(path)
    assert isinstance(item, Skipped) == bool(over)
