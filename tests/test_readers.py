"""Readers: what becomes title, date, language and text, for each format; bad records reported, the rest kept."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semsearch.errors import Refused
from semsearch.readers import reader_for
from semsearch.readers.dates import date_of, parse_date
from semsearch.readers.langs import declared_language
from semsearch.readers.markdown import front_matter
from semsearch.readers.outline import outline
from semsearch.readers.text import head_of
from semsearch.records import Article, ReadOptions, Skipped

PARAGRAPH = "한국과 일본은 1965년 6월 22일 도쿄에서 기본조약과 네 개의 협정에 서명하고 국교를 정상화했다."
SECOND = "The youngest apprentice is nineteen and came from the city to learn how to glaze tea bowls by hand."


def read_all(folder: Path, name: str, content: str | bytes, **options: str) -> list[Article | Skipped]:
    """What the reader for `name` makes of a real file."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with path.open("rb") as stream:
        return list(reader_for(name)(stream, ReadOptions(**options)))


def read_one(folder: Path, name: str, content: str | bytes, **options: str) -> Article:
    (article,) = read_all(folder, name, content, **options)
    assert isinstance(article, Article)
    return article


def body(article: Article) -> str:
    return article.text[article.body_start :].strip()


# ---- which reader


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("a.txt", "text"),
        ("a.MD", "markdown"),
        ("a.markdown", "markdown"),
        ("a.htm", "html"),
        ("a.XHTML", "html"),
        ("a.ndjson", "json_records"),
        ("a.json", "json_records"),
        ("no suffix", "text"),
        ("-", "text"),
        ("folder.md/readme", "text"),
        ("a.log", "text"),
    ],
)
def test_the_suffix_chooses_the_reader_and_every_other_name_is_text(name: str, module: str) -> None:
    assert getattr(reader_for(name), "__module__", "") == f"semsearch.readers.{module}"


# ---- plain text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("first", "title"),
    [
        ("date 2025-06-16 한일 국교정상화 60년", "한일 국교정상화 60년"),
        ("Date: 2025. 6. 16. Sixty years on", "Sixty years on"),
        ("date 2025년 6월 16일 예순 해", "예순 해"),
        ("date 2025年6月16日 国交正常化", "国交正常化"),
        ("DATE 2025/06/16T09:00:00+09:00 With a time", "With a time"),
        ("\ufeffdate 2025-06-16 With a mark", "With a mark"),
    ],
)
def test_the_date_line_gives_date_and_headline_and_is_no_paragraph(
    tmp_path: Path, first: str, title: str, end: str
) -> None:
    article = read_one(tmp_path, "a.txt", f"{first}{end}{end}{PARAGRAPH}{end}{end}{SECOND}{end}")
    assert (article.title, article.date) == (title, date(2025, 6, 16))
    assert body(article) == f"{PARAGRAPH}{end}{end}{SECOND}"
    assert article.text == f"{first}{end}{end}{PARAGRAPH}{end}{end}{SECOND}{end}".removeprefix("\ufeff")
    assert (article.locator, article.lang) == (None, None)


def test_the_headline_may_stand_under_the_date(tmp_path: Path) -> None:
    article = read_one(tmp_path, "a.txt", f"date 2025-06-16\n한일 국교정상화 60년\n\n{PARAGRAPH}\n")
    assert (article.title, article.date, body(article)) == ("한일 국교정상화 60년", date(2025, 6, 16), PARAGRAPH)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_without_a_date_line_a_short_first_paragraph_is_the_headline(tmp_path: Path, end: str) -> None:
    article = read_one(tmp_path, "a.txt", f"{end}Village keeps a kiln alive{end}{end}{SECOND}{end}")
    assert (article.title, article.date, body(article)) == ("Village keeps a kiln alive", None, SECOND)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "text",
    [
        "A first line of a paragraph that goes on{end}in the second line{end}",
        "A first sentence that ends.{end}{end}Another one.{end}",
        "첫 문단은 문장으로 끝난다.{end}{end}둘째 문단이다.{end}",
        "One line and nothing behind it{end}{end}",
        "a" * 121 + "{end}{end}Another paragraph.{end}",
        "가" * 61 + "{end}{end}Another paragraph.{end}",
        "date 2025-13-40 no such day{end}{end}Another paragraph.{end}",
        "date palms grow here{end}{end}Another paragraph.{end}",
        "date 2025-06-16Unseparated{end}{end}Another paragraph.{end}",
    ],
)
def test_what_is_no_headline_stays_in_the_body(tmp_path: Path, text: str, end: str) -> None:
    text = text.format(end=end)
    article = read_one(tmp_path, "a.txt", text)
    assert (article.title, article.date, article.body_start, article.text) == ("", None, 0, text)


def test_a_headline_with_nothing_behind_it_is_the_body_too(tmp_path: Path) -> None:
    article = read_one(tmp_path, "a.txt", "date 2025-06-16 속보: 합의 도달\n")
    assert (article.title, article.date, body(article)) == ("속보: 합의 도달", date(2025, 6, 16), "속보: 합의 도달")


@pytest.mark.parametrize(
    "text",
    ["\r\n" * 50_000 + "x", "date" + " " * 50_000 + "x", "\n" * 50_000 + "a\nb", (" \r\n" * 20_000) + "a\r\nb"],
)
def test_blank_lines_and_spaces_take_no_time(text: str) -> None:
    started = time.process_time()
    assert head_of(text).date is None
    assert time.process_time() - started < 1


@given(st.text(alphabet="date 2025-06.1\r\n\t：가。\u3000") | st.text())
def test_the_head_of_any_text_is_found_within_it(text: str) -> None:
    head = head_of(text)
    assert 0 <= head.body_start <= len(text)
    assert head.title in text[: len(text)]
    assert head.title == head.title.strip()
    if text.strip():
        assert text[head.body_start :].strip()
    else:
        assert head.title == ""


# ---- dates and languages


@pytest.mark.parametrize(
    "text",
    [
        "2025-06-16",
        " 2025.06.16 ",
        "2025. 6. 16.",
        "2025/6/16 14:00",
        "2025-06-16T23:59:59-11:00",
        "2025년 6월 16일 (월)",
        "2025年6月16日",
        "２０２５年６月１６日",
        "20250616",
        "20250616T0900",
        "Mon, 16 Jun 2025 09:00:00 GMT",
    ],
)
def test_dates_are_read_as_newspapers_write_them(text: str) -> None:
    assert parse_date(text) == date(2025, 6, 16)


@pytest.mark.parametrize("text", ["", "yesterday", "2025", "2025-02-30", "06/16/2025", "202506161", "0000-01-01"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize("value", [20250616, 1750032000, 1750032000.5, 1750032000000, "2025-06-16"])
def test_numbers_are_dates_or_seconds_or_milliseconds(value: object) -> None:
    assert date_of(value) == date(2025, 6, 16)


@pytest.mark.parametrize(
    "value", [None, True, 2025, 10**400, -(10**400), 1e300, float("nan"), float("inf"), [], {"year": 2025}]
)
def test_other_values_are_no_dates_and_no_errors(value: object) -> None:
    assert date_of(value) is None


@given(st.text() | st.integers() | st.floats())
def test_no_value_makes_a_date_fail(value: object) -> None:
    assert isinstance(date_of(value), date | None)


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from(["%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%Y%m%d"]))
def test_every_day_written_is_read_back(day: date, form: str) -> None:
    assert parse_date(day.strftime(form)) == day


def test_language_tags_of_the_three_languages_are_known_and_no_others() -> None:
    tags = ["ko", "ko-KR", "KO_kr", "kor", "ja-JP", "jpn", "en-GB", " en ", "de", "", "korean", None, 3]
    assert [declared_language(tag) for tag in tags] == ["ko"] * 4 + ["ja"] * 2 + ["en"] * 2 + [None] * 5


# ---- markdown


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_front_matter_gives_title_date_and_language(tmp_path: Path, end: str) -> None:
    lines = [
        "---",
        'title: "가마를 지키는 마을: 두 번째 이야기"  # a comment',
        "date: 2025-06-16 09:00",
        "lang: ko-KR",
        "reading time: 5",
        "tags:",
        "- pottery",
        "  - kiln",
        "---",
        "",
        "# 다른 제목",
        "",
        PARAGRAPH,
        "",
    ]
    article = read_one(tmp_path, "a.md", end.join(lines))
    assert (article.title, article.date, article.lang) == (
        "가마를 지키는 마을: 두 번째 이야기",
        date(2025, 6, 16),
        "ko",
    )
    assert body(article) == f"# 다른 제목{end}{end}{PARAGRAPH}"
    assert article.text == end.join(lines)
    assert article.locator is None


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Plain words # comment", "Plain words"),
        ("C# and a#b #not this", "C# and a#b"),
        ("Time: 12:30", "Time: 12:30"),
        ("'It''s quoted'", "It's quoted"),
        (r'"A \"quoted\" \u00e9\x21 \\ word"', 'A "quoted" é! \\ word'),
        (r'"two\nlines \ud800 \UFFFFFFFF"', "two lines  "),
    ],
)
def test_a_title_is_read_as_yaml_means_it(written: str, title: str) -> None:
    assert front_matter(f"---\ntitle: {written}\n---\ntext") == ({"title": title}, len(f"---\ntitle: {written}\n---\n"))


@pytest.mark.parametrize("written", [">\n  Folded", "|\n  Kept", "[a, b]", "{a: b}", "*alias", '"unclosed', ""])
def test_a_title_that_is_no_plain_value_leaves_it_to_the_heading(tmp_path: Path, written: str) -> None:
    article = read_one(tmp_path, "a.md", f"---\ntitle: {written}\ndate: 2025-06-16\n---\n# Heading\n\n{SECOND}\n")
    assert (article.title, article.date) == ("Heading", date(2025, 6, 16))


@pytest.mark.parametrize(
    "text",
    [
        f"---\ntitle: never closed\n\n{SECOND}\n",
        f"---\njust a sentence\n---\n\n{SECOND}\n",
        f"---\n---\n\n{SECOND}\n",
        f"text first\n---\ntitle: too late\n---\n{SECOND}\n",
    ],
)
def test_malformed_front_matter_is_text_and_nothing_is_lost(tmp_path: Path, text: str) -> None:
    article = read_one(tmp_path, "a.md", text)
    assert (article.body_start, article.text, article.date) == (0, text, None)


def test_a_file_of_front_matter_alone_is_its_own_text(tmp_path: Path) -> None:
    assert read_one(tmp_path, "a.md", "---\ntitle: Alone\n---\n\n").body_start == 0


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# 도자기 마을\n\ntext", "도자기 마을"),
        ("intro\n\n# Closed heading ##\n", "Closed heading"),
        ("# Learn C#\n", "Learn C#"),
        ("#\n# \n# ##\n# Third\n", "Third"),
        ("Underlined\n==========\n\ntext", "Underlined"),
        ("```\n# a comment\n```\n\n# Real\n", "Real"),
        ("## Only a section\n\n#hashtag\n", ""),
    ],
)
def test_without_front_matter_the_first_heading_is_the_title(tmp_path: Path, text: str, title: str, end: str) -> None:
    assert read_one(tmp_path, "a.md", text.replace("\n", end)).title == title


@pytest.mark.parametrize(
    "text", ["# a" + " " * 50_000 + "x", "# " + "# " * 50_000 + "x", "```\n# c\n" * 20_001, "---\n" + "a b " * 16_000]
)
def test_no_markdown_takes_long(tmp_path: Path, text: str) -> None:
    started = time.process_time()
    read_one(tmp_path, "a.md", text)
    assert time.process_time() - started < 1


# ---- html

PAGE = f"""<!DOCTYPE html><html lang="ko-KR"><head><meta charset="utf-8"><title>A title | The Daily</title>
<meta property="og:title" content=""><meta property="og:title" content="가마를 지키는
마을"><meta property="article:published_time" content="2025-06-16T09:00:00+09:00">
<meta property="og:url" content="https://news.example/1"><script>var x = "<p>no</p>";</script></head>
<body><header><h1>The Daily</h1></header><nav><ul><li><a href="/">Home page of the paper</a></ul></nav>
<div id="wrap"><article id="a1"><h1>가마를 지키는<br>마을</h1><p>{PARAGRAPH}</p><!-- <p>comment</p> -->
<p>{SECOND} &amp; more&nbsp;words</p><p style="display: none">hidden words</p></article>
<div class="related"><p>Read this other story about something else that happened.</p></div></div>
<footer><p>Copyright</p></footer></body></html>"""


def test_a_page_gives_its_main_text_title_date_language_and_place(tmp_path: Path) -> None:
    article = read_one(tmp_path, "a.html", PAGE)
    assert article.text == f"{PARAGRAPH}\n\n{SECOND} & more\xa0words"
    assert (article.title, article.date, article.lang) == ("가마를 지키는 마을", date(2025, 6, 16), "ko")
    assert article.url == "https://news.example/1"
    assert article.locator == "main text in page > html > body > div#wrap > article#a1"
    assert (article.encoding, article.body_start) == ("utf-8", 0)


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title> From &lt;title&gt; </title>", "From <title>"),
        ("<title>The Daily</title><meta name='twitter:title' content='From a card'>", "From a card"),
        ("<title>The Daily</title><meta property=og:title content=''>", "The Daily"),
    ],
)
def test_the_best_title_there_is_is_taken(tmp_path: Path, head: str, title: str) -> None:
    page = f"<head>{head}</head><body><p>{PARAGRAPH}</p></body>"
    article = read_one(tmp_path, "a.html", page)
    assert (article.title, article.text) == (title, PARAGRAPH)


@pytest.mark.parametrize(
    "markup",
    [
        '<meta name="date" content="2025-06-16">',
        '<meta itemprop="datePublished" content="2025. 6. 16.">',
        '<script type="application/ld+json">{"@type":"NewsArticle","datePublished": "2025-06-16T01:00Z"}</script>',
        '<body><time>just now</time><time datetime="2025-06-16">16 June</time>',
    ],
)
def test_the_date_of_a_page_is_found_wherever_it_is_told(tmp_path: Path, markup: str) -> None:
    assert read_one(tmp_path, "a.html", f"{markup}<p>{PARAGRAPH}</p>").date == date(2025, 6, 16)


def test_lists_of_links_are_left_out_and_links_in_sentences_are_kept(tmp_path: Path) -> None:
    menu = "".join(f'<li><a href="/{n}">Story number {n} of today</a></li>' for n in range(20))
    sentence = SECOND.replace("youngest apprentice", '<a href="/x">youngest apprentice</a>')
    article = read_one(tmp_path, "a.html", f"<body><ul>{menu}</ul><div><p>{PARAGRAPH}<p>{sentence}</div>")
    assert article.text == f"{PARAGRAPH}\n\n{SECOND}"


@pytest.mark.parametrize("between", ["<br><br>", "<br>\n<br/>", "<br>&nbsp;<br>", "<br><!-- x --> <BR>"])
def test_double_breaks_part_paragraphs_and_a_link_in_one_costs_no_other(tmp_path: Path, between: str) -> None:
    link = '<a href="/long">' + "a long linked list of sources and names " * 9 + "</a>"
    page = f"<body><div>{PARAGRAPH}{between}{SECOND}{between}{link}</div>"
    assert read_one(tmp_path, "a.html", page).text == f"{PARAGRAPH}\n\n{SECOND}"


def test_a_single_break_is_a_line_in_its_paragraph(tmp_path: Path) -> None:
    assert read_one(tmp_path, "a.html", f"<p>{PARAGRAPH}<br>\n {SECOND}</p>").text == f"{PARAGRAPH}\n{SECOND}"


@pytest.mark.parametrize(
    "page",
    [
        f"<body><form id=aspnetForm><div><p>{PARAGRAPH}</p></div></form></body>",
        f'<body style="visibility:hidden"><p>{PARAGRAPH}</p></body>',
        f"<html><head><title>t</title><p>{PARAGRAPH}",
        f"<p>{PARAGRAPH}",
        f"<div><p>{PARAGRAPH}</div></div></article></p>",
        f'<body><div class="comments"><p>{PARAGRAPH}</p></div></body>',
        f"<textarea>draft</textarea><p title='a > b'>{PARAGRAPH}</p>",
    ],
)
def test_odd_pages_keep_their_text(tmp_path: Path, page: str) -> None:
    assert read_one(tmp_path, "a.html", page).text == PARAGRAPH


def test_a_form_beside_the_article_is_left_out(tmp_path: Path) -> None:
    page = f"<body><div><p>{PARAGRAPH}</p><p>{SECOND}</p></div><form><p>Your e-mail address</p></form></body>"
    assert read_one(tmp_path, "a.html", page).text == f"{PARAGRAPH}\n\n{SECOND}"


def test_lines_of_preformatted_text_stay_apart(tmp_path: Path) -> None:
    article = read_one(tmp_path, "a.html", f"<pre>first  line\r\n  second\n</pre><p>{PARAGRAPH}</p>")
    assert article.text == f"first  line\n  second\n\n{PARAGRAPH}"


@pytest.mark.parametrize("page", ["<script>var text;</script>", "<nav><p>menu</p></nav>", "<!-- a comment -->"])
def test_a_page_without_text_is_refused(tmp_path: Path, page: str) -> None:
    with pytest.raises(Refused, match="no text outside navigation") as caught:
        read_one(tmp_path, "a.html", page)
    assert caught.value.kind == "empty"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="euc-kr">', "cp949"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">', "cp932"),
        ('<?xml version="1.0" encoding="EUC-JP"?>', "euc-jp"),
    ],
)
def test_what_a_short_page_says_of_its_encoding_is_believed(tmp_path: Path, head: str, encoding: str) -> None:
    words = "뷁" if encoding == "cp949" else "薔薇"
    page = f"{head}<p>{words}</p>".encode(encoding)
    assert read_one(tmp_path, "a.html", page).text == words


@pytest.mark.parametrize("charset", ["utf-16le", "utf-32", "no-such", "\xe9\xe9"])
def test_a_page_that_says_what_cannot_be_is_refused(tmp_path: Path, charset: str) -> None:
    page = f'<meta charset="{charset}">'.encode("latin-1") + "<p>뷁.</p> ".encode("cp949")
    with pytest.raises(Refused, match="name its --encoding"):
        read_one(tmp_path, "a.html", page + b" " * (len(page) % 2))


def test_a_wrong_charset_does_not_outweigh_the_letters(tmp_path: Path) -> None:
    page = f'<meta charset="iso-8859-1"><p>{PARAGRAPH}</p>'.encode("cp949")
    assert read_one(tmp_path, "a.html", page).text == PARAGRAPH


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 100_000 + "text in the depth",
        "<p " + "a=1 " * 50_000 + ">text",
        "<p>text " + "<a" * 100_000,
        "<p>text " + "<!--" * 100_000,
        "<p>text" + "<br> " * 100_000,
        "text &#" + "9" * 50_000 + ";",
    ],
)
def test_no_page_takes_long(page: str) -> None:
    started = time.process_time()
    assert "text" in outline(page).blocks[0].text
    assert time.process_time() - started < 3


@given(st.lists(st.sampled_from([*"<>/!-='\"& ax\n", "<p>", "</p>", "<br>", "<title>", "<head>", "<pre>", "&amp;"])))
def test_any_markup_gives_blocks_inside_its_regions(pieces: list[str]) -> None:
    page = outline("".join(pieces))
    assert all(block.text.strip() == block.text != "" for block in page.blocks)
    assert all(block.region.number <= block.region.last < len(page.regions) for block in page.blocks)


# ---- JSON Lines and JSON


def line(**record: object) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


def test_a_record_gives_all_its_fields_and_its_place(tmp_path: Path) -> None:
    record = {"text": PARAGRAPH, "title": " 제목 ", "date": "2025-06-16", "id": 17, "lang": "kor", "url": "https://x/1"}
    first, second = read_all(tmp_path, "a.jsonl", line(**record) + "\n" + line(text=SECOND))
    assert first == Article(
        text=PARAGRAPH,
        title="제목",
        date=date(2025, 6, 16),
        lang="ko",
        locator="line 1, field text",
        external_id="17",
        url="https://x/1",
    )
    assert second == Article(text=SECOND, locator="line 3, field text")


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_field_names_can_be_set(tmp_path: Path, name: str) -> None:
    record = {
        "본문": PARAGRAPH,
        "headline": "h",
        "published": 1750032000,
        "no": "n",
        "언어": "ko",
        "link": "l",
        "text": 1,
    }
    names = {
        "text_field": "본문",
        "title_field": "headline",
        "date_field": "published",
        "id_field": "no",
        "lang_field": "언어",
        "url_field": "link",
    }
    article = read_one(tmp_path, name, line(**record), **names)
    assert (article.text, article.title, article.date) == (PARAGRAPH, "h", date(2025, 6, 16))
    assert (article.external_id, article.lang, article.url) == ("n", "ko", "l")


BAD_RECORDS = [
    ("{not json}", "malformed", "not JSON"),
    ('{"text": "cut o', "malformed", "not JSON"),
    ("[1, 2]", "malformed", "expected an object, found list"),
    ("null", "malformed", "found NoneType"),
    ('{"body": "x", "head": "y"}', "malformed", "no text in field 'text', found the fields body, head"),
    ("{}", "malformed", "found no field"),
    ('{"text": 3}', "malformed", "no text in field 'text'"),
    ('{"text": " \\u3000\\n"}', "empty", "field 'text' is blank"),
    ('{"text": "half \\ud83d"}', "malformed", "half a surrogate pair"),
    ('{"text": "x", "title": "half \\ud83d"}', "malformed", "half a surrogate pair"),
    ("[" * 100_000, "malformed", "nested too deeply"),
    ('{"text": ' + "9" * 5000 + "}", "malformed", "not JSON"),
]


@pytest.mark.parametrize(("bad", "kind", "reason"), BAD_RECORDS)
def test_a_bad_line_is_reported_and_the_others_are_kept(tmp_path: Path, bad: str, kind: str, reason: str) -> None:
    first, skipped, last = read_all(tmp_path, "a.jsonl", line(text="first") + bad + "\n" + line(text="last"))
    assert isinstance(first, Article)
    assert isinstance(last, Article)
    assert (first.text, last.text, last.locator) == ("first", "last", "line 3, field text")
    assert isinstance(skipped, Skipped)
    assert (skipped.name, skipped.kind) == ("line 2", kind)
    assert reason in skipped.reason
    assert len(skipped.reason.splitlines()) == 1


def test_a_bad_record_of_a_document_is_reported_and_the_others_are_kept(tmp_path: Path) -> None:
    records = [{"text": "first"}, {"body": "x"}, "a string", {"text": ""}, {"text": "last", "date": 10**400}]
    found = read_all(tmp_path, "a.json", json.dumps(records))
    assert [item.text if isinstance(item, Article) else (item.name, item.kind) for item in found] == [
        "first",
        ("record 2", "malformed"),
        ("record 3", "malformed"),
        ("record 4", "empty"),
        "last",
    ]


def test_a_line_in_another_encoding_is_skipped_by_name(tmp_path: Path) -> None:
    raw = line(text=PARAGRAPH).encode("cp949") + line(text=SECOND).encode()
    skipped, article = read_all(tmp_path, "a.jsonl", raw)
    assert isinstance(skipped, Skipped)
    assert (skipped.kind, skipped.reason) == ("encoding", "not utf-8; name the file's --encoding")
    assert isinstance(article, Article)
    declared = read_all(tmp_path, "a.jsonl", raw, encoding="euc_kr")
    assert [item.text for item in declared if isinstance(item, Article)] == [PARAGRAPH, SECOND]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_blank_lines_and_a_missing_last_line_end_do_no_harm(tmp_path: Path, end: str) -> None:
    raw = "\ufeff" + end + line(text="one").strip() + end + " " + end + line(text="two").strip()
    assert [item.locator for item in read_all(tmp_path, "a.jsonl", raw) if isinstance(item, Article)] == [
        "line 2, field text",
        "line 4, field text",
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_json_lines_in_utf_16_are_refused_by_name(tmp_path: Path, encoding: str) -> None:
    raw = line(text=PARAGRAPH).encode(encoding)
    declared = {} if encoding == "utf-16" else {"encoding": encoding}
    with pytest.raises(Refused, match=r"cannot be read in (?i:utf-16).*convert the file to UTF-8"):
        read_all(tmp_path, "a.jsonl", raw, **declared)


@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf", b"\n \n\r\n"])
def test_json_lines_without_a_record_are_refused_as_empty(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(Refused, match="no record") as caught:
        read_all(tmp_path, "a.jsonl", raw)
    assert caught.value.kind == "empty"


@pytest.mark.parametrize(
    "value",
    [
        [{"text": PARAGRAPH}, {"text": SECOND}],
        {"total": 2, "articles": [{"text": PARAGRAPH}, {"text": SECOND}], "tags": ["a"], "none": []},
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_a_document_is_an_array_or_an_object_with_one(tmp_path: Path, value: object, encoding: str) -> None:
    raw = json.dumps(value, ensure_ascii=False, indent=1).encode(encoding)
    found = read_all(tmp_path, "a.json", raw)
    assert found == [
        Article(text=PARAGRAPH, locator="record 1, field text"),
        Article(text=SECOND, locator="record 2, field text"),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ('[{"text": "x"}', "malformed", "not JSON: .*line 1"),
        ("[" * 100_000, "malformed", "nested too deeply"),
        ("3", "malformed", "a lone int"),
        ("[]", "empty", "no record"),
        ('{"a": [{}], "b": [{}]}', "malformed", "expected one list of records .* found the fields a, b"),
        ('{"a\\u001b[2J": 1}', "malformed", r"found the fields 'a\\x1b\[2J'"),
    ],
)
def test_a_document_without_records_is_refused_by_name(tmp_path: Path, text: str, kind: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as caught:
        read_all(tmp_path, "a.json", text)
    assert caught.value.kind == kind


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("text"), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(["text", "title", "date", "id", "lang", "url"], values)))
def test_any_record_is_an_article_or_skipped(
    tmp_path_factory: pytest.TempPathFactory, record: dict[str, object]
) -> None:
    (item,) = read_all(tmp_path_factory.getbasetemp(), "any.jsonl", json.dumps(record) + "\n")
    assert isinstance(item, Article) == (isinstance(record.get("text"), str) and bool(str(record["text"]).strip()))
    if isinstance(item, Article):
        assert item.text == record["text"]
        item.title.encode()
