"""Measuring: files in, names to passages, measures by hand, intervals, and `semsearch eval`."""

from __future__ import annotations

import json
import math
import runpy
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

import semsearch
from semsearch import cli, evaluate
from semsearch.errors import UsageError
from semsearch.evaluate import ALL, DOCUMENT, OTHER, PASSAGE, SAME, Query, Search, Setup
from semsearch.records import Hit, Passage, Place
from tests.conftest import ROOT, SEEDS

QUESTIONS = (
    "# asked of the three articles of tests/conftest.py\n"
    "q1\tko\t한일 국교 정상화\n"
    "q2\ten\ttsunami survivors tell their story\n"
    "q3\tja\t窯で茶碗を焼く職人\n"
    "q4\tnobody judged this one\n"
)
QRELS = (
    "q1 0 ko/normalization.txt:3 2\nq1 0 ko/normalization.txt:5 1\n"
    "q2 0 ja/quake.txt:5 2\nq2 0 ja/quake.txt:3 1\nq2 0 en/pottery.txt:3 0\n"
    "q3 0 pottery.txt:3 2\nq3 0 pottery.txt:5 1\n"
)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Queries and judgements about `built`."""
    return text(tmp_path / "questions.tsv", QUESTIONS), text(tmp_path / "qrels.txt", QRELS)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli._COMMANDS, "eval", "evaluating")


def text(path: Path, content: str) -> Path:
    path.write_bytes(content.encode())
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.main, ["eval", *map(str, arguments)])


def asking(index: semsearch.Index) -> Search:
    return lambda words, k, mode, lang: index.query(words, k, mode=mode, lang=lang or ())


def passage(source: str, line: int = 1, lang: str = "en", end: int = 0, locator: str | None = None) -> Passage:
    place = Place(0, 1, 0, 1, 0, 1, line, end or line)
    return Passage(f"{source}@{line}@{locator}", "text", source, "", None, lang, place, locator=locator)


# files


def test_queries_of_every_form(tmp_path: Path) -> None:
    lines = [
        "\ufeff# a comment",
        "",
        "a\tja\tWorld Cup\r",
        "b\t한일 국교 정상화",
        'c\t\tthe "quoted" text # with a hash',
        '{"id": 7, "text": "東京の\\tオリンピック"}',
        '{"text": "Olympics", "lang": "ko", "id": "d", "more": [1]}',
    ]
    assert evaluate.load_queries(text(tmp_path / "q", "\n".join(lines))) == [
        Query("a", "ja", "World Cup"),
        Query("b", "ko", "한일 국교 정상화"),
        Query("c", "en", 'the "quoted" text # with a hash'),
        Query("7", "ja", "東京の オリンピック"),
        Query("d", "ko", "Olympics"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "only",
        "a\tko\t ",
        "a\tKorean\ttext",
        "a b\tko\ttext",
        "a\tko\ttext\tmore",
        '{"id": "a"}',
        '{"id": "a", ',
        "\tko\tx",
    ],
)
def test_a_malformed_query_is_named_by_file_and_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError, match=r"queries:2: expected id, language and text"):
        evaluate.load_queries(text(tmp_path / "queries", f"ok\tko\ttext\n{line}\n"))


def test_a_query_id_is_there_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="more than one query has the id a"):
        evaluate.load_queries(text(tmp_path / "queries", "a\tko\tx\na\tko\ty\n"))


def test_judgements_keep_the_highest_grade_and_blanks_in_paths(tmp_path: Path) -> None:
    path = text(tmp_path / "qrels", "q 0 my file.txt:3 1\nq\t0\tmy file.txt:3\t2\r\nq 0 x 0\n# no\nr Q0 y -1\n")
    assert evaluate.load_qrels(path) == {"q": {"my file.txt:3": 2, "x": 0}, "r": {"y": -1}}


@pytest.mark.parametrize("line", ["q 0 x", "q 0 x high", "q 0 x 1.5", "q 0 x 17", "q Q0 x 1 0.5 tag", "{", "q"])
def test_a_malformed_judgement_is_named_by_file_and_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError, match=r"qrels:3: expected `query 0 document grade`"):
        evaluate.load_qrels(text(tmp_path / "qrels", f"q 0 x 1\n\n{line}\n"))


@pytest.mark.parametrize("line", ["q Q0 x 1 nan t", "q Q0 x 1 high t", "q Q0 x first 1.0 t", "q 0 x 1"])
def test_a_malformed_run_is_named_by_file_and_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError, match=r"run:1: expected `query Q0 document rank score tag`"):
        evaluate.load_run(text(tmp_path / "run", line))


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"q 0 \xff 1\n")
    for name in ("nowhere", "binary", "."):
        with pytest.raises(UsageError, match=name):
            evaluate.load_qrels(tmp_path / name)


def test_a_run_is_ordered_by_score_and_where_equal_by_rank(tmp_path: Path) -> None:
    path = text(tmp_path / "run", "q Q0 c 3 1.0 t\nq Q0 a 9 2e0 t\nq Q0 b 2 1.0 t\nq Q0 a 1 .5 t\n")
    assert list(evaluate.load_run(path)["q"].items()) == [("a", 2.0), ("b", 1.0), ("c", 1.0)]


NAMES = st.text("abc가/:.# ", min_size=1, max_size=6).map(str.strip).filter(bool)
SCORES = st.floats(-1e6, 1e6)


@given(st.dictionaries(st.sampled_from(["q1", "q2"]), st.dictionaries(NAMES, SCORES, min_size=1, max_size=5)))
def test_a_run_file_round_trip(tmp_path_factory: pytest.TempPathFactory, given_run: evaluate.Run) -> None:
    best_first = {q: dict(sorted(row.items(), key=lambda item: -item[1])) for q, row in given_run.items()}
    path = tmp_path_factory.mktemp("run") / "run"
    evaluate.write_run(path, best_first, "tag")
    again = evaluate.load_run(path)
    assert {q: list(row.items()) for q, row in again.items()} == {q: list(row.items()) for q, row in best_first.items()}


def test_a_run_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        evaluate.write_run(tmp_path / "no" / "run", {}, "tag")


# names


def test_a_line_belongs_to_every_passage_that_has_it_and_ids_stand_for_themselves() -> None:
    a, b, c = (
        passage("seeds/ko/1.txt", 3, "ko"),
        passage("seeds/ko/1.txt", 3, "ko"),
        passage("seeds/ko/1.txt", 5, "ko", 7),
    )
    b = Passage("other", b.text, b.source, "", None, "ko", b.place)
    found = evaluate.resolve({"1.txt:3", "ko/1.txt:6", "seeds/ko/1.txt:4", "o/1.txt:3", "1.txt", c.id}, [a, b, c])
    assert found.found == {"1.txt:3": tuple(sorted((a.id, "other"))), "ko/1.txt:6": (c.id,), c.id: (c.id,)}
    assert found.langs == {a.id: "ko", "other": "ko", c.id: "ko"}
    assert not found.ambiguous


def test_a_path_that_fits_two_sources_is_ambiguous_unless_one_equals_it() -> None:
    passages = [passage("1.txt"), passage("ja/1.txt"), passage("ko/1.txt"), passage("x/ko/1.txt")]
    found = evaluate.resolve({"1.txt:1", "ko/1.txt:1", "x/ko/1.txt:1"}, passages[1:])
    assert found.ambiguous == {"1.txt:1"}
    assert found.found == {"ko/1.txt:1": (passages[2].id,), "x/ko/1.txt:1": (passages[3].id,)}
    assert evaluate.resolve({"1.txt:1"}, passages).found == {"1.txt:1": (passages[0].id,)}


def test_a_line_of_two_records_of_a_container_is_ambiguous() -> None:
    records = [passage("dump.jsonl", 1, locator=f"record {n}, field text") for n in (1, 2)]
    assert evaluate.resolve({"dump.jsonl:1"}, records).ambiguous == {"dump.jsonl:1"}


def test_documents_by_path_by_line_and_by_passage() -> None:
    passages = [passage("a/x.txt", 1, "ko"), passage("a/x.txt", 3, "en"), passage("a/x.txt", 5, "en"), passage("b.txt")]
    found = evaluate.resolve({"x.txt", "x.txt:3", "x.txt:4", passages[0].id, "b.txt"}, passages, DOCUMENT)
    assert found.found == {
        "x.txt": ("a/x.txt",),
        "x.txt:3": ("a/x.txt",),
        passages[0].id: ("a/x.txt",),
        "b.txt": ("b.txt",),
    }
    assert found.langs == {"a/x.txt": "en", "b.txt": "en"}
    graded = {"q": {"x.txt:3": 1, "x.txt:4": 3, passages[0].id: 2, "b.txt": 0}}
    assert evaluate.fold(graded, found) == {"q": {"a/x.txt": 2, "b.txt": 0}}


def test_decomposed_hangul_in_a_path_is_the_same_path() -> None:
    source = unicodedata.normalize("NFD", "기사/한국.txt")
    assert evaluate.resolve({"한국.txt:1"}, [passage(source)]).found


# measures


def test_measures_by_hand() -> None:
    qrels = {"q": {"a": 2, "b": 1, "c": 1, "bad": 0, "worse": -1}, "absent": {"a": 1}}
    ranking = ["x", "b", "bad", "a", *(f"y{n}" for n in range(50)), "c"]
    table = evaluate.measure({"q": dict.fromkeys(ranking, 1.0), "unasked": {"a": 1.0}}, qrels)
    ndcg = (1 / math.log2(3) + 3 / math.log2(5)) / (3 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4))
    assert table["q"] == pytest.approx((ndcg, 2 / 3, 1.0, 1 / 2))
    assert table["absent"] == (0, 0, 0, 0)
    assert list(table) == ["q", "absent"]


def by_hand(ranking: Sequence[str], grades: dict[str, int]) -> tuple[float, ...]:
    def gain(values: Sequence[int]) -> float:
        return sum((2.0 ** max(value, 0) - 1) / math.log2(place + 2) for place, value in enumerate(values[:10]))

    good = {name for name, grade in grades.items() if grade > 0}
    first = next((place for place, name in enumerate(ranking[:10], 1) if name in good), None)
    recalls = [len(good & set(ranking[:depth])) / len(good) for depth in (10, 100)]
    ideal = gain(sorted(grades.values(), reverse=True))
    return gain([grades.get(name, 0) for name in ranking]) / ideal, *recalls, 1 / first if first else 0.0


DOCUMENTS = [f"d{n}" for n in range(120)]
GRADES = st.dictionaries(st.sampled_from(DOCUMENTS[:30]), st.integers(-1, 5)).filter(
    lambda g: max(g.values(), default=0) > 0
)


@given(st.permutations(DOCUMENTS), st.integers(0, 120), GRADES, st.booleans())
def test_measures_are_what_they_are_called(order: list[str], depth: int, grades: dict[str, int], tied: bool) -> None:
    run = {"q": {name: 0.0 if tied else -float(rank) for rank, name in enumerate(order[:depth])}}
    assert evaluate.measure(run, {"q": grades})["q"] == pytest.approx(by_hand(order[:depth], grades))


def test_without_the_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    with pytest.raises(UsageError, match=r"install semsearch\[eval\]"):
        evaluate.measure({}, {})


def test_groups_within_and_across_languages() -> None:
    queries = [Query("k", "ko", "x"), Query("e", "en", "x"), Query("o", "fr", "x")]
    tables: dict[str, evaluate.Table] = {
        ALL: {"k": (0.5,), "e": (0.25,)},
        "ko": {"k": (1.0,)},
        "en": {"k": (0.5,), "e": (0.0,), "o": (0.75,)},
        "ja": {"k": (0.0,)},
    }
    assert evaluate.group(queries, tables) == {
        ("ko", "ko"): {"k": (1.0,)},
        ("ko", "en"): {"k": (0.5,)},
        ("ko", "ja"): {"k": (0.0,)},
        ("en", "en"): {"e": (0.0,)},
        ("fr", "en"): {"o": (0.75,)},
        (ALL, SAME): {"k": (1.0,), "e": (0.0,)},
        (ALL, OTHER): {"k": (0.25,), "o": (0.75,)},
        ("ko", ALL): {"k": (0.5,)},
        ("en", ALL): {"e": (0.25,)},
        (ALL, ALL): {"k": (0.5,), "e": (0.25,)},
    }


# intervals

GAPS = st.lists(st.floats(-1, 1), min_size=1, max_size=30)


@given(st.integers(1, 40))
def test_equal_systems_differ_by_nothing(size: int) -> None:
    assert evaluate.bootstrap([0.0] * size, 200) == evaluate.Difference(0.0, 0.0, 0.0, clear=False)


@given(GAPS)
def test_an_interval_holds_its_mean_and_turns_with_the_sign(gaps: list[float]) -> None:
    there, back = evaluate.bootstrap(gaps, 400), evaluate.bootstrap([-gap for gap in gaps], 400)
    assert min(gaps) - 1e-9 <= there.low <= there.high <= max(gaps) + 1e-9
    assert there.mean == pytest.approx(sum(gaps) / len(gaps), abs=1e-9)
    assert (back.mean, back.low, back.high) == pytest.approx((-there.mean, -there.high, -there.low), abs=1e-9)
    assert there == evaluate.bootstrap(gaps, 400)


def test_an_interval_is_that_of_the_normal_distribution_and_needs_ten_queries() -> None:
    gaps = [0.1 + 0.2 * math.sin(n) for n in range(400)]
    mean = sum(gaps) / 400
    error = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / 400) / 20
    found = evaluate.bootstrap(gaps)
    assert (found.low, found.high) == pytest.approx((mean - 1.96 * error, mean + 1.96 * error), abs=0.1 * error)
    assert found.clear
    assert not evaluate.bootstrap([0.5] * 9).clear
    assert evaluate.bootstrap([0.5] * 10).clear
    with pytest.raises(ValueError, match="no difference"):
        evaluate.bootstrap([])


# the whole


def fake(*hits: Hit) -> Search:
    return lambda words, k, mode, lang: [hit for hit in hits if lang in (None, hit.passage.lang)][:k]


def test_a_copy_under_a_hit_ranks_behind_it_and_documents_have_their_best_passage() -> None:
    first, copy, later = passage("a", 1, "ko"), passage("b", 1, "ko"), passage("a", 2, "ko")
    search = fake(Hit(1, 0.9, first, also_in=(copy,)), Hit(2, 0.5, later))
    query, relevant = [Query("q", "ko", "x")], {ALL: {}, "ko": {"q": {"b": 1}}, "en": {}}
    asked = evaluate.ask(query, search, "dense", relevant, {}, Setup())
    assert list(asked.runs[ALL]["q"].items()) == [(first.id, 0.9), (copy.id, 0.9), (later.id, 0.5)]
    assert asked.runs["en"] == {}
    by_document = evaluate.ask(query, search, "dense", relevant, {"a": "en"}, Setup(DOCUMENT))
    assert list(by_document.runs[ALL]["q"].items()) == [("a", 0.9), ("b", 0.9)]
    assert by_document.runs["ko"]["q"] == {"b": 0.9}  # most of "a" is English


def test_a_query_that_is_refused_is_named() -> None:
    def refuse(words: str, k: int, mode: str, lang: str | None) -> list[Hit]:
        raise UsageError("the query has 2,001 characters")

    with pytest.raises(UsageError, match="query q: the query has"):
        evaluate.ask([Query("q", "ko", "x")], refuse, "dense", {ALL: {}}, {}, Setup())


@pytest.mark.parametrize(
    ("setup", "says"),
    [
        ({"level": "page"}, "page"),
        ({"k": 9}, "k is 9"),
        ({"k": 1001}, "1000"),
        ({"langs": ("fr",)}, "fr"),
        ({"modes": ("x",)}, "x"),
    ],
)
def test_a_setup_that_means_nothing_is_refused(setup: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Setup(**setup)  # type: ignore[arg-type]


def test_an_evaluation_of_a_real_index(built: Path, files: tuple[Path, Path]) -> None:
    with semsearch.open(built) as index:
        result = evaluate.evaluate(*files, index, asking(index), Setup(modes=("dense", "words")))
        qrels = evaluate.load_qrels(files[1])
        ids = {place: index_id(index, place) for row in qrels.values() for place in row}
        expected = by_hand(
            [hit.passage.id for hit in index.query("tsunami survivors tell their story", 100, mode="dense")],
            {ids[place]: grade for place, grade in qrels["q2"].items()},
        )
    assert (result.queries, result.judged) == (4, 3)
    assert result.warnings == ("1 of 4 queries have no relevant document in the index and are not measured",)
    rows = {(row.system, row.asked, row.passages): row for row in result.rows}
    assert rows["dense", "en", ALL].figures == pytest.approx(expected)
    pairs = [("ko", "ko"), ("en", "ja"), ("ja", "en"), (ALL, SAME), (ALL, OTHER)]
    assert [key[1:] for key in rows if key[0] == "dense"] == [*pairs, *((x, ALL) for x in ("ko", "en", "ja", ALL))]
    assert rows["dense", ALL, ALL].top == pytest.approx({"ko": 1 / 3, "en": 1 / 3, "ja": 1 / 3})
    assert rows["dense", "en", ALL].relevant == {"ja": 1.0}
    assert rows["dense", "ko", "ko"].difference is None
    gap = rows["words", "ko", "ko"].difference
    assert gap
    assert not gap.clear  # of one query


def index_id(index: semsearch.Index, place: str) -> str:
    path, _, line = place.rpartition(":")
    return next(p.id for p in index if p.source.endswith(path) and p.place.line_start == int(line))


def test_languages_restrict_both_views(built: Path, files: tuple[Path, Path]) -> None:
    with semsearch.open(built) as index:
        result = evaluate.evaluate(*files, index, asking(index), Setup(langs=("ko", "ja"), modes=("dense",)))
    assert result.judged == 2
    assert {row.passages for row in result.rows} == {"ko", "ja", SAME, OTHER, ALL}
    assert {lang for row in result.rows for lang in row.top} == {"ko", "ja"}


def test_the_seeds_score_as_in_the_benchmark(seeds_index: Path, tmp_path: Path) -> None:
    bench = runpy.run_path(str(ROOT / "scripts/bench/quality.py"))
    lines = (SEEDS / "questions.tsv").read_text(encoding="utf-8").splitlines()[:12]
    queries = text(tmp_path / "q", "\n".join(lines))
    with semsearch.open(seeds_index) as index:
        result = evaluate.evaluate(queries, SEEDS / "qrels.txt", index, asking(index), Setup(k=10, modes=("dense",)))
        graded, langs = bench["judgements"](index), {p.id: p.lang for p in index}
        expected: dict[tuple[str, str], list[tuple[float, ...]]] = {}
        for query in evaluate.load_queries(queries):
            for lang in ("ko", "en", "ja"):
                if grades := {name: grade for name, grade in graded[query.id].items() if langs[name] == lang}:
                    ranked = [hit.passage.id for hit in index.query(query.text, 10, mode="dense", lang=lang)]
                    expected.setdefault((query.lang, lang), []).append(bench["measures"](ranked, grades))
    assert len(expected) == 9
    for row in result.rows:
        if rows := expected.get((row.asked, row.passages)):
            ndcg, recall, deep, mrr = row.figures
            assert (ndcg, recall, mrr) == pytest.approx([sum(column) / len(rows) for column in zip(*rows, strict=True)])
            assert deep is None  # ten were asked for
    assert result.warnings == ("queries in the judgements that are not among those asked: 240",)


# the command line


def test_tables_on_the_command_line(built: Path, files: tuple[Path, Path]) -> None:
    result = run(*files, "--index", built, "--compare", "dense, words", "--mode", "hybrid")
    assert result.exit_code == 0, result.output
    out = result.stdout
    assert out.startswith("3 of 4 queries have a relevant passage; 100 asked for; percent\n")
    for part in (
        "dense: passages of one language alone",
        "words: passages of all languages at once",
        "within a language",
    ):
        assert part in out
    assert "nDCG@10 of dense, of words, and the difference" in out
    assert "nDCG@10 of dense, of hybrid, and the difference" in out
    assert "\x1b" not in out
    assert result.stderr == "warning: 1 of 4 queries have no relevant document in the index and are not measured\n"


def test_json_on_the_command_line(built: Path, files: tuple[Path, Path]) -> None:
    answer = json.loads(run(*files, "--index", built, "--mode", "dense", "-k", 20, "--json").stdout)
    assert (answer["level"], answer["k"], answer["queries"], answer["judged"]) == (PASSAGE, 20, 4, 3)
    row = next(row for row in answer["rows"] if (row["asked"], row["passages"]) == ("ko", "ko"))
    assert row == {
        "system": "dense",
        "asked": "ko",
        "passages": "ko",
        "queries": 1,
        "nDCG@10": 1.0,
        "recall@10": 1.0,
        "recall@100": None,
        "MRR@10": 1.0,
    }
    assert {"top", "relevant"} <= set(answer["rows"][-1])
    assert len(answer["warnings"]) == 1


def test_a_run_that_was_written_measures_as_it_was_asked(built: Path, files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "run"
    asked = json.loads(run(*files, "--index", built, "--compare", "words,dense", "--run-out", out, "--json").stdout)
    first = Path(f"{out}.dense").read_text(encoding="utf-8").splitlines()[0].split()
    assert (first[0], first[1], first[3], first[5]) == ("q1", "Q0", "1", "dense")
    assert not out.exists()
    files_run = ("--run", f"{out}.words", "--run", f"{out}.dense")
    read = json.loads(run(*files, "--index", built, *files_run, "--json").stdout)
    names = {"words": f"{out}.words", "dense": f"{out}.dense"}
    assert read["rows"] == [{**row, "system": names[row["system"]]} for row in asked["rows"]]
    assert f"{out}.dense ranks at most 6 documents for a query, fewer than k = 100" in read["warnings"]
    single = run(*files, "--index", built, "--mode", "dense", "--run-out", out)
    assert single.exit_code == 0
    assert out.read_text(encoding="utf-8") == Path(f"{out}.dense").read_text(encoding="utf-8")


def test_a_run_of_passages_can_be_measured_by_document(built: Path, files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert run(*files, "--index", built, "--mode", "dense", "--run-out", out).exit_code == 0
    text(out, out.read_text(encoding="utf-8") + "q1 Q0 gone 99 -9.0 dense\nq9 Q0 gone 1 1.0 dense\n")
    qrels = text(tmp_path / "documents", "q1 0 normalization.txt 1\nq2 0 ja/quake.txt 1\nq3 0 en/pottery.txt:5 2\n")
    options = (files[0], qrels, "--index", built, "--level", DOCUMENT, "--json")
    read, asked = json.loads(run(*options, "--run", out).stdout), json.loads(run(*options, "--mode", "dense").stdout)
    assert read["judged"] == asked["judged"] == 3
    assert [row["nDCG@10"] for row in read["rows"]] == [row["nDCG@10"] for row in asked["rows"]]
    assert f"2 of 26 documents in {out} name nothing that is in the index: gone, gone" in read["warnings"]
    assert f"queries in {out} that are not among those asked: 1" in read["warnings"]


def test_judgements_that_lead_nowhere_are_counted_and_named(built: Path, files: tuple[Path, Path]) -> None:
    text(files[1], QRELS + "q1 0 ko/normalization.txt:4000 1\nq1 0 ko/gone.txt:3 1\nq7 0 ko/normalization.txt:3 1\n")
    result = run(*files, "--index", built, "--mode", "dense")
    assert result.exit_code == 0
    expected = (
        "2 of 10 documents in the judgements name nothing that is in the index: ko/normalization.txt:4000, ko/gone"
    )
    assert expected in result.stderr
    assert "queries in the judgements that are not among those asked: 1" in result.stderr


def test_without_a_judged_passage_the_status_is_1(built: Path, files: tuple[Path, Path], tmp_path: Path) -> None:
    text(files[1], "q1 0 ko/normalization.txt 1\n")
    result = run(*files, "--index", built, "--json", "--run-out", tmp_path / "run")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["rows"] == []
    assert "no query has a relevant passage" in result.stderr
    assert "--level document" in result.stderr
    assert run(*files, "--index", built, "--level", "document", "--mode", "dense").exit_code == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--run", "x", "--mode", "dense"], "--run measures a file"),
        (["--compare", "dense,magic"], "magic"),
        (["--lang", "fr"], "fr"),
        (["-k", "5"], "k is 5"),
    ],
)
def test_wrong_use_is_status_2_and_one_line(
    built: Path, files: tuple[Path, Path], options: list[str], says: str
) -> None:
    result = run(*files, "--index", built, *options)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_malformed_line_is_status_2_and_one_line(built: Path, files: tuple[Path, Path]) -> None:
    text(files[1], "q1 0 x\n")
    result = run(*files, "--index", built)
    assert result.exit_code == 2
    assert "qrels.txt:1: expected" in result.stderr
    assert result.stderr.count("\n") == 1
