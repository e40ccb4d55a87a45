"""Word search: real tantivy indexes, what they find, what they forget, and that damage is noticed."""

from __future__ import annotations

import os
import signal
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import semsearch
from semsearch.analysing import analysed
from semsearch.analysis import index_words
from semsearch.errors import IndexDamaged
from semsearch.records import Filters, WordEntry
from semsearch.words import WordIndex, digests, write
from tests.conftest import write as write_articles

KO = ["서울은 맑다", "부산에서 배가 떠났다", "서울에서 회담이 열렸다", "환율이 1,250원까지 올랐다"]
EN = ["The treaty was signed in Tokyo", "Governments argued about 1,250 islands", "Lee Jae-myung’s visit ended"]
JA = ["昨日李在明大統領は東京を訪れた", "新しい法が成立した", "円相場は1ドル150円台"]

NO_FILTERS = Filters()


def entries(first: int = 1) -> list[WordEntry]:
    texts = [("ko", text) for text in KO] + [("en", text) for text in EN] + [("ja", text) for text in JA]
    return [
        WordEntry(first + n, (first + n) // 2, lang, date(2024, 1, first + n), text)
        for n, (lang, text) in enumerate(texts)
    ]


@pytest.fixture
def words(tmp_path: Path) -> WordIndex:
    write(tmp_path / "words", entries())
    return WordIndex(tmp_path / "words")


def found(
    words: WordIndex, lang: str, query: str, filters: Filters = NO_FILTERS, files: list[int] | None = None
) -> list[int]:
    scores, ids = words.search(lang, dict.fromkeys(index_words(query), 1.0), 10, filters, files)
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)
    assert len(scores) == len(ids)
    return ids.tolist()


@pytest.mark.parametrize(
    ("lang", "query", "first"),
    [
        ("ko", "서울", 1), ("ko", "서울에서", 3), ("ko", unicodedata.normalize("NFD", "부산"), 2), ("ko", "1250", 4),
        ("en", "treaties", 5), ("en", "ＧＯＶＥＲＮＭＥＮＴ", 6), ("en", "Jaemyung", 7),
        ("ja", "李在明", 8), ("ja", "法", 9), ("ja", "円相場", 10),
    ],
)  # fmt: skip
def test_words_are_found_as_they_are_written(words: WordIndex, lang: str, query: str, first: int) -> None:
    assert found(words, lang, query)[0] == first


def test_a_particle_does_not_hide_a_word(words: WordIndex) -> None:
    for query in ("서울", "서울은", "서울에서", "서울의"):
        assert set(found(words, "ko", query)[:2]) == {1, 3}


def test_filters_come_before_the_best(words: WordIndex) -> None:
    assert found(words, "ko", "서울", Filters(since=date(2024, 1, 3))) == [3]
    assert found(words, "ko", "서울", Filters(until=date(2024, 1, 1))) == [1]
    assert found(words, "ko", "환율", files=[1]) == []
    assert found(words, "ko", "환율", files=[1, 2]) == [4]
    assert found(words, "ko", "서울", files=[]) == []


def test_nothing_is_found_by_nothing(words: WordIndex) -> None:
    assert found(words, "ko", "") == found(words, "fr", "Seoul") == found(words, "en", "zzzz") == []


def test_weights_decide(words: WordIndex) -> None:
    for heavy, first in (("부산", 2), ("환율", 4)):
        _, ids = words.search("ko", {"부산": 0.1, "환율": 0.1, heavy: 1.0}, 10, Filters())
        assert ids[0] == first


def test_rare_words_weigh_more_and_missing_ones_are_told(words: WordIndex) -> None:
    common, rare = words.idf("ko")("서울"), words.idf("ko")("부산")
    assert common is not None and rare is not None and 0 < common < rare
    assert words.idf("ko")("대전") is None


def test_the_next_generation_leaves_the_last_as_it_is(words: WordIndex, tmp_path: Path) -> None:
    before = digests(tmp_path / "words")
    fresh = [WordEntry(90, 45, "ko", None, "대전은 흐리다")]
    write(tmp_path / "next", fresh, tmp_path / "words", gone=[0, 1])
    after = WordIndex(tmp_path / "next")
    assert digests(tmp_path / "words") == before
    assert len(words) == 10 and len(after) == 8  # files 0 and 1 held passages 1 to 3
    assert found(after, "ko", "서울") == [] and found(after, "ko", "대전") == [90] and found(after, "ja", "法") == [9]
    write(tmp_path / "last", [], tmp_path / "next", gone=range(50))
    assert len(WordIndex(tmp_path / "last")) == 0


@settings(max_examples=15)
@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["항구", "축제", "港", "fog"])), max_size=5),
        max_size=4,
    )
)
def test_built_step_by_step_it_finds_what_it_finds_built_at_once(
    tmp_path_factory: pytest.TempPathFactory, steps
) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("steps")
    alive: dict[int, WordEntry] = {}
    before, number = None, 0
    for step, added in enumerate(steps):
        gone = [number for number in list(alive) if number % 2 == step % 2]
        for file_id in gone:
            del alive[file_id]
        fresh = []
        for name, word in added:
            number += 1
            alive[number] = WordEntry(number, number, {"a": "ko", "b": "ja"}[name], None, f"{word} {word}")
            fresh.append(alive[number])
        write(folder / str(step), fresh, before, gone)
        before = folder / str(step)
    write(folder / "once", alive.values())
    once, steadily = WordIndex(folder / "once"), WordIndex(before) if before else WordIndex(folder / "once")
    for lang in ("ko", "ja"):
        for word in ("항구", "축제", "港", "fog"):
            assert sorted(found(once, lang, word)) == sorted(found(steadily, lang, word))


def test_damage_is_refused_by_a_query_and_mended_by_a_build(archive: Path, built: Path) -> None:
    folder = built / "words-1"
    victim = max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    with pytest.raises(IndexDamaged, match=r"words-1.*semsearch build"), semsearch.open(built) as index:
        index.query("harbour")
    semsearch.build([archive], built)
    with semsearch.open(built) as index:
        assert index.query("국교", mode="words")[0].passage.lang == "ko"


def test_where_no_lock_file_can_be_made_words_are_found_all_the_same(archive: Path, built: Path) -> None:
    """As on a read-only disk; a folder in the place of tantivy's lock file stands for it."""
    for lang in (built / "words-1").iterdir():
        (lang / ".tantivy-meta.lock").unlink(missing_ok=True)
        (lang / ".tantivy-meta.lock").mkdir()
    with semsearch.open(built) as index:
        assert index.query("kiln", mode="words")[0].passage.title == "Village keeps a kiln alive"
    write_articles(
        archive, {"en/new.txt": "date 2024-01-01 New\n\nThe weavers of the valley dye their wool with indigo.\n"}
    )
    semsearch.build([archive], built)
    with semsearch.open(built) as index:
        assert index.query("indigo", mode="words")[0].passage.title == "New"


def test_a_missing_word_index_is_made_again(archive: Path, built: Path) -> None:
    for path in sorted((built / "words-1").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (built / "words-1").rmdir()
    with pytest.raises(IndexDamaged), semsearch.open(built) as index:
        index.query("kiln", mode="words")
    semsearch.build([archive], built)
    with semsearch.open(built) as index:
        assert index.query("kiln", mode="words")[0].passage.title == "Village keeps a kiln alive"


def test_an_edited_article_is_found_by_its_new_words_only(archive: Path, built: Path) -> None:
    write_articles(
        archive,
        {"en/pottery.txt": "date 2019-03-02 Village\n\nThe weavers of the valley dye their wool with indigo.\n"},
    )
    semsearch.build([archive], built)
    with semsearch.open(built) as index:
        assert index.query("indigo", mode="words", lang="en")
        assert not [hit for hit in index.query("kiln", mode="words", lang="en") if "kiln" in hit.passage.text]


def test_a_second_process_cuts_alike(tmp_path: Path) -> None:
    texts = [f"{KO[n % 4]} {EN[n % 3]} {JA[n % 3]} 「引用」 \n \t 😀 {n}" for n in range(5_000)]
    many = [WordEntry(n, n, "ko", None, text) for n, text in enumerate(texts)]
    found = list(analysed(iter(many)))
    assert [entry for entry, _ in found] == many
    assert [words.split(" ") for _, words in found] == [index_words(text) for text in texts]
    assert list(analysed([])) == []


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="with one core there is no second process")
def test_a_second_process_that_dies_loses_nothing() -> None:
    many = [WordEntry(n, n, "ko", None, f"{KO[n % 4]} {n}") for n in range(6_000)]
    found = []
    for entry, words in analysed(iter(many)):
        found.append((entry, words))
        if len(found) == 4_000:
            for child in cutting_children():
                os.kill(child, signal.SIGKILL)
    assert [entry for entry, _ in found] == many
    assert [words.split(" ") for _, words in found] == [index_words(entry.text) for entry in many]


def cutting_children() -> list[int]:
    """Processes started by this one that cut words."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rsplit(")", 1)[1].split()[1])
            command = (path.parent / "cmdline").read_text()
        except OSError:
            continue
        if parent == os.getpid() and "semsearch.analysing" in command:
            found.append(int(path.parent.name))
    return found
