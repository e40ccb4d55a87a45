"""Asking: filters before the top k, wrong questions, new generations, many threads."""

from __future__ import annotations

import shutil
import threading
from datetime import date
from pathlib import Path

import pytest

import semsearch
from semsearch.errors import FormatMismatch, IndexDamaged, IndexNotFound, UsageError
from semsearch.sqlite import FORMAT, connect
from tests.conftest import write


def test_a_question_finds_its_paragraph_in_the_other_languages(seeds_index: Path) -> None:
    with semsearch.open(seeds_index) as index:
        for question in ("Korea Japan normalization 1965 treaty", "한일 국교 정상화", "日韓国交正常化"):
            hits = index.query(question, k=10)
            assert any("normalization" in hit.passage.source for hit in hits[:3])
            assert [hit.rank for hit in hits] == list(range(1, 11))
            assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_offsets_lead_to_the_text(built: Path) -> None:
    with semsearch.open(built) as index:
        for passage in index:
            raw = Path(passage.source).read_bytes()
            assert raw[passage.place.byte_start : passage.place.byte_end].decode(passage.encoding) == passage.text
            assert raw.decode()[passage.start : passage.end] == passage.text


@pytest.mark.parametrize("lang", ["ko", "en", "ja"])
def test_a_language_filter_comes_before_the_top_k(seeds_index: Path, lang: str) -> None:
    with semsearch.open(seeds_index) as index:
        wide = [hit for hit in index.query("semiconductor exports", k=1000) if hit.passage.lang == lang][:5]
        narrow = index.query("semiconductor exports", k=5, lang=lang)
        assert [hit.passage.id for hit in narrow] == [hit.passage.id for hit in wide]
        assert len(narrow) == 5


def test_dates_and_sources_filter(seeds_index: Path) -> None:
    with semsearch.open(seeds_index) as index:
        hits = index.query("Olympics", k=50, since="2021-01-01", until=date(2021, 12, 31))
        assert hits
        assert all(hit.passage.date and hit.passage.date.year == 2021 for hit in hits)
        hits = index.query("Olympics", k=50, source="*/ja/*", lang=["ja", "ko"])
        assert hits
        assert {hit.passage.lang for hit in hits} == {"ja"}
        assert {p.source for p in (h.passage for h in index.query("Olympics", source="seeds/ko"))}
        assert index.query("Olympics", source="nowhere/*") == []


def test_info_while_a_build_makes_and_clears_folders(built: Path) -> None:
    def makes_and_clears() -> None:
        while not stop.is_set():
            shutil.rmtree(write(built / "words-2.tmp", {"ko/postings": "x" * 1000}))

    stop, builder = threading.Event(), threading.Thread(target=makes_and_clears)
    with semsearch.open(built) as index:
        alone = index.info()["bytes"]
        assert alone == sum(path.stat().st_size for path in built.rglob("*") if path.is_file())
        builder.start()
        try:
            assert {index.info()["bytes"] for _ in range(1000)} <= {alone, alone + 1000}
        finally:
            stop.set()
            builder.join()


def test_min_score_cuts_the_list(seeds_index: Path) -> None:
    with semsearch.open(seeds_index) as index:
        scores = [hit.score for hit in index.query("World Cup", k=20)]
        assert len(index.query("World Cup", k=20, min_score=scores[4])) == 5


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("  \n", {}, "blank"),
        ("x" * 2001, {}, "2000"),
        ("kiln", {"k": 0}, "k is 0"),
        ("kiln", {"lang": "fr"}, "fr"),
        ("kiln", {"since": "June"}, "June"),
        ("kiln", {"since": "2024-01-02", "until": "2024-01-01"}, "no day"),
    ],
)
def test_a_question_that_means_nothing_is_refused(
    built: Path, text: str, options: dict[str, object], says: str
) -> None:
    with semsearch.open(built) as index, pytest.raises(UsageError, match=says):
        index.query(text, **options)  # type: ignore[arg-type]


def test_explain_marks_words_of_the_other_language(seeds_index: Path) -> None:
    with semsearch.open(seeds_index) as index:
        hit = index.query("earthquake and tsunami", k=1, lang="ja", explain=True)[0]
    assert hit.highlights
    words = [hit.passage.text[mark.start : mark.end] for mark in hit.highlights]
    assert any("震" in word or "津波" in word for word in words)
    assert sum(mark.weight for mark in hit.highlights) <= 1.5


def test_a_new_build_is_picked_up_by_an_open_index(archive: Path, built: Path) -> None:
    with semsearch.open(built) as index:
        assert len(index.query("harbour", k=100)) == 6
        write(archive, {"en/harbour.txt": "date 2024-01-01 Harbour\n\nShips returned to the old harbour in spring.\n"})
        semsearch.build([archive], built)
        hits = index.query("ships in the harbour", k=100)
        assert len(hits) == 7
        assert hits[0].passage.title == "Harbour"


def test_questions_during_builds_see_one_generation_each(tmp_path: Path) -> None:
    archive, folder = tmp_path / "archive", tmp_path / "index"

    def version(number: int) -> dict[str, str]:
        return {f"{n}.txt": f"date 2024-01-01 v{number}\n\nStory {n} of v{number}: a harbour.\n" for n in range(30)}

    write(archive, version(0))
    semsearch.build([archive], folder)
    done, wrong = threading.Event(), []

    def ask(index: semsearch.Index) -> None:
        while not done.is_set():
            try:
                hits = index.query("harbour", k=30, collapse=False)
                if len({hit.passage.title for hit in hits}) != 1 or len(hits) != 30:
                    wrong.append([hit.passage.title for hit in hits])
            except Exception as error:
                wrong.append(error)

    with semsearch.open(folder) as one, semsearch.open(folder) as two:
        threads = [threading.Thread(target=ask, args=(index,)) for index in (one, one, two, two)]
        for thread in threads:
            thread.start()
        for number in range(1, 9):
            write(archive, version(number))
            semsearch.build([archive], folder)
        done.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_what_is_read_together_is_of_one_generation(archive: Path, built: Path) -> None:
    with semsearch.open(built) as index:
        passage = index.query("tsunami", lang="ja", k=1)[0].passage
        with index.held() as generation:
            before = index.neighbours(passage.id)
            (archive / "ja/quake.txt").unlink()
            assert semsearch.build([archive], built).generation == generation + 1
            assert index.neighbours(passage.id) == before
            assert index.article(passage.article)
        assert index.passage(passage.id) is None
        with index.held() as newer:
            assert newer == generation + 1


def test_a_change_of_model_is_picked_up_too(archive: Path, built: Path, tiny_transformer: Path) -> None:
    with semsearch.open(built) as index:
        assert len(index.query("harbour")) == 6
        semsearch.build([archive], built, str(tiny_transformer))
        assert len(index.query("harbour")) == 6
        assert index.embedder.dimension == 32


def test_no_index_an_unfinished_one_and_a_damaged_one_are_told_apart(built: Path, tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound, match="semsearch build"):
        semsearch.open(tmp_path / "nothing")
    (tmp_path / "garbage").mkdir()
    (tmp_path / "garbage" / "semsearch.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(IndexDamaged, match=r"semsearch\.db"):
        semsearch.open(tmp_path / "garbage")
    (built / "vectors-1.faiss").unlink()
    with semsearch.open(built) as index, pytest.raises(IndexDamaged, match="missing"):
        index.query("kiln")


def test_another_format_is_refused_with_both_numbers(built: Path) -> None:
    db = connect(str(built / "semsearch.db"))
    db.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    db.close()
    with pytest.raises(FormatMismatch, match=rf"99.*{FORMAT}.*update"):
        semsearch.open(built)


def test_passages_are_found_by_id_with_their_neighbours(seeds_index: Path) -> None:
    with semsearch.open(seeds_index) as index:
        hit = index.query("Hayabusa2 capsule", k=1)[0]
        assert index.passage(hit.passage.id) == hit.passage
        around = index.neighbours(hit.passage.id, 2)
        assert hit.passage in around
        assert [p.start for p in around] == sorted(p.start for p in around)
        assert len({p.source for p in around}) == 1
        assert index.passage("0" * 16) is None
        assert index.neighbours("0" * 16) == []


def test_a_read_only_index_answers(built: Path) -> None:
    for path in built.iterdir():
        path.chmod(0o444)
    built.chmod(0o555)
    try:
        with semsearch.open(built) as index:
            assert index.query("kiln")
    finally:
        built.chmod(0o755)
