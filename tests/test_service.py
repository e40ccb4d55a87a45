"""The HTTP API of `semsearch serve`: it answers as the index does, and says in one way what is wrong."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import semsearch
from semsearch.database import Database
from semsearch.queries import Query
from semsearch.service.plane import SAMPLED, plane
from semsearch.wire import answer_json, passage_json
from tests.conftest import write
from tests.serving import PATIENCE, ROUTES, Service, serving

ASKED = "한일 국교 정상화"
QUESTIONS = (ASKED, "semiconductor export controls", "津波の教訓", "Kim Dae-jung")
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"k": 1},
    {"k": 100},
    {"mode": "dense"},
    {"mode": "words"},
    {"lang": ["ja"]},
    {"lang": ["en", "ko"]},
    {"since": "2020-01-01"},
    {"until": "2019-12-31"},
    {"since": "2018-01-01", "until": "2024-12-31"},
    {"source": "seeds/ja/*"},
    {"min_score": 5.5, "k": 50},
    {"balance": "quota"},
    {"balance": "off"},
    {"collapse": False, "k": 40},
    {"fusion": "rrf"},
    {"half_life": 200.5},
    {"explain": True},
    {"context": 2},
    {"lang": ["ja", "en"], "since": "2017-01-01", "half_life": 90, "balance": "off", "explain": True, "context": 1},
)
NOBODY = "0" * 16


@pytest.fixture(scope="module")
def service(seeds_index: Path) -> Iterator[Service]:
    with serving(seeds_index) as service:
        yield service


@pytest.fixture(scope="module")
def index(seeds_index: Path) -> Iterator[semsearch.Index]:
    with semsearch.open(seeds_index) as index:
        yield index


def expected(index: semsearch.Index, query: str, **options: Any) -> dict[str, Any]:
    """What the index says, as JSON: all but the time it took."""
    asked = Query(query, **options)
    answer = answer_json(index.answers([asked])[0], 0, asked.explain)
    return {name: value for name, value in answer.items() if name != "took_ms"}


def without_time(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("took_ms", "map")}


def get(service: Service, path: str, **params: Any) -> Any:
    response = service.http.get(path, params=params)
    assert response.status_code == 200, response.text
    return response.json()


# ---- questions


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_posted_question_is_answered_as_by_the_index(
    service: Service, index: semsearch.Index, options: dict[str, Any]
) -> None:
    assert without_time(service.ask(ASKED, **options)) == expected(index, ASKED, **options)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_question_in_the_address_is_answered_as_by_the_index(
    service: Service, index: semsearch.Index, options: dict[str, Any]
) -> None:
    assert without_time(get(service, "/v1/query", q=ASKED, **options)) == expected(index, ASKED, **options)


@pytest.mark.parametrize("query", QUESTIONS)
def test_questions_in_every_language_are_answered(service: Service, index: semsearch.Index, query: str) -> None:
    answer = service.ask(query)
    assert without_time(answer) == expected(index, query) and answer["hits"]


def test_an_answer_tells_what_it_took_and_maps_only_on_demand(service: Service) -> None:
    answer = service.ask(ASKED)
    assert answer["took_ms"] >= 0 and answer["map"] is None


def test_a_batch_is_answered_in_the_order_of_its_questions(service: Service, index: semsearch.Index) -> None:
    asked = [{"query": query, "k": k, "explain": k == 2} for k, query in enumerate(QUESTIONS, 1)]
    response = service.http.post("/v1/query/batch", json={"queries": asked})
    together = index.answers([Query(each["query"], k=each["k"], explain=each["explain"]) for each in asked])
    wanted = [answer_json(one, 0, each["explain"]) for one, each in zip(together, asked, strict=True)]
    assert list(map(without_time, response.json()["answers"])) == list(map(without_time, wanted))


@pytest.mark.parametrize("count", [0, 33])
def test_a_batch_of_none_or_too_many_is_refused(service: Service, count: int) -> None:
    response = service.http.post("/v1/query/batch", json={"queries": [{"query": ASKED}] * count})
    assert response.status_code == 422


@pytest.mark.parametrize("k", [1, 10, 1000])
def test_a_stream_has_a_head_and_a_line_for_each_hit(service: Service, index: semsearch.Index, k: int) -> None:
    response = service.http.post("/v1/query/stream", json={"query": ASKED, "k": k})
    head, *hits = [json.loads(line) for line in response.text.splitlines()]
    wanted = expected(index, ASKED, k=k)
    assert hits == wanted.pop("hits")
    assert head == {**wanted, "count": len(hits)} and response.headers["content-type"] == "application/x-ndjson"


def test_a_stream_brings_more_than_an_answer_may_hold(service: Service) -> None:
    response = service.http.post("/v1/query/stream", json={"query": ASKED, "k": 1000, "collapse": False})
    assert len(response.text.splitlines()) > 101


def test_a_stream_of_more_than_a_thousand_is_refused(service: Service) -> None:
    assert service.http.post("/v1/query/stream", json={"query": ASKED, "k": 1001}).status_code == 422


def test_reranking_is_refused_where_there_is_no_reranker(service: Service) -> None:
    response = service.http.post("/v1/query", json={"query": ASKED, "rerank": True})
    assert response.status_code == 422 and "--rerank" in response.json()["error"]["message"]


# ---- the archive


@pytest.mark.parametrize("reach", [None, 0, 1, 5])
def test_a_passage_comes_with_its_neighbours(service: Service, index: semsearch.Index, reach: int | None) -> None:
    passage = index.query(ASKED, k=1)[0].passage
    found = get(service, f"/v1/passages/{passage.id}", **({} if reach is None else {"context": reach}))
    around = index.neighbours(passage.id, 2 if reach is None else reach)
    assert found == {"generation": 1, "passage": passage_json(passage), "around": list(map(passage_json, around))}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Service]]:
    """Articles whose offsets differ from unit to unit, and a service over them."""
    folder = write(
        tmp_path_factory.mktemp("odd"), {"emoji.txt": "Fish 🐟🐠 and chips for all of us.\n\n𠮷野家の牛丼。\n"}
    )
    (folder / "bom.txt").write_bytes("\ufeffÉtude in a coastal town, with a mark before it.\n\nThe end, é.\n".encode())
    (folder / "cp949.txt").write_bytes(("부산 항구의 새벽 시장 이야기 하나와 둘. " * 3 + "\n\n셋.\n").encode("cp949"))
    place = tmp_path_factory.mktemp("odd-index") / "index"
    semsearch.build([folder], place)
    with serving(place) as service:
        yield folder, service


def odd_articles(service: Service) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Every article, with each of its spans and the passage of that span."""
    points = get(service, "/v1/map")["points"]
    passages = [get(service, f"/v1/passages/{point['id']}")["passage"] for point in points]
    for passage in passages:
        article = get(service, f"/v1/articles/{passage['article']}")["article"]
        yield article, next(span for span in article["passages"] if span["id"] == passage["id"]), passage


def test_spans_of_an_article_cut_out_its_passages_in_code_points(odd: tuple[Path, Service]) -> None:
    found = [(a["text"][s["start"] : s["end"]], p["text"]) for a, s, p in odd_articles(odd[1])]
    assert len(found) >= 3 and all(cut == text for cut, text in found)


def test_spans_of_an_article_cut_out_its_passages_in_utf16(odd: tuple[Path, Service]) -> None:
    for article, span, passage in odd_articles(odd[1]):
        units = article["text"].encode("utf-16-le")[2 * span["start_utf16"] : 2 * span["end_utf16"]]
        assert units.decode("utf-16-le") == passage["text"]


def test_spans_of_an_article_cut_its_passages_out_of_the_file(odd: tuple[Path, Service]) -> None:
    for article, span, passage in odd_articles(odd[1]):
        whole = (odd[0].parent / article["source"]).read_bytes()
        assert whole[span["byte_start"] : span["byte_end"]].decode(article["encoding"]) == passage["text"]


@pytest.mark.parametrize("kind", ["passages", "articles"])
def test_what_is_not_there_is_not_found(service: Service, kind: str) -> None:
    response = service.http.get(f"/v1/{kind}/{NOBODY}")
    assert response.status_code == 404 and NOBODY in response.json()["error"]["message"]


def test_info_tells_of_the_index_and_not_where_it_lies(service: Service, index: semsearch.Index) -> None:
    told, known = get(service, "/v1/info"), index.info()
    for name in ("generation", "files", "articles", "passages", "languages", "first_date", "last_date", "model"):
        assert told[name] == known[name]
    assert told["roots"] == ["seeds"] and known["index"] not in json.dumps(told)


def test_info_tells_the_limits(service: Service) -> None:
    limits = get(service, "/v1/info")["limits"]
    assert (limits["max-served-k"], limits["max-k"], limits["max-body-bytes"]) == (100, 1000, 65536)


def test_the_map_has_a_finite_point_for_each_passage(service: Service, index: semsearch.Index) -> None:
    points = get(service, "/v1/map")["points"]
    assert {point["id"] for point in points} == {passage.id for passage in index}
    assert all(math.isfinite(point["x"]) and math.isfinite(point["y"]) for point in points)


def test_the_map_is_drawn_the_same_by_every_process(service: Service, index: semsearch.Index) -> None:
    drawn = plane(*index.sample(SAMPLED))
    there = [(point["x"], point["y"]) for point in get(service, "/v1/map")["points"]]
    assert there == [pytest.approx(tuple(point), abs=2e-3) for point in drawn.points.tolist()]


def test_hits_are_placed_where_the_map_has_them(service: Service) -> None:
    points = {point["id"]: [point["x"], point["y"]] for point in get(service, "/v1/map")["points"]}
    answer = service.ask(ASKED, project=True)
    assert answer["map"]["hits"] == [pytest.approx(points[hit["id"]], abs=2e-4) for hit in answer["hits"]]


def test_a_question_is_placed_by_the_address_as_by_a_post(service: Service) -> None:
    placed = get(service, "/v1/query", q=ASKED, project=True)["map"]
    assert placed == service.ask(ASKED, project=True)["map"] and all(map(math.isfinite, placed["query"]))


# ---- the service itself


@pytest.mark.parametrize("workers", [1, 2])
def test_an_index_of_another_model_is_not_served(workers: int, archive: Path, tmp_path: Path) -> None:
    semsearch.build([archive], tmp_path / "index")
    database = Database.create_or_open(tmp_path / "index")
    with database.transaction():
        database.put_meta({"model": {**database.meta("model"), "weights": "0" * 64}})
    database.close()
    command = [sys.executable, "-m", "semsearch", "serve", "--index", str(tmp_path / "index"), "--port", "0"]
    done = subprocess.run([*command, "--workers", str(workers)], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "was built with bundled" in line


def test_it_says_that_it_lives_and_is_ready(service: Service) -> None:
    assert get(service, "/healthz")["status"] == "ok"
    assert get(service, "/readyz") == {"status": "ok", "generation": 1}


def counted(service: Service, route: str, status: int, method: str = "POST") -> float:
    """How many requests the metrics count."""
    text = service.http.get("/metrics").text
    pattern = rf'semsearch_requests_total{{method="{method}",route="{re.escape(route)}",status="{status}"}} (\S+)'
    found = re.search(pattern, text)
    return float(found[1]) if found else 0.0


def test_requests_are_counted_by_route_and_status(service: Service) -> None:
    before = counted(service, "/v1/query", 200), counted(service, "/v1/query", 422)
    for k in (1, 2, 0):
        service.http.post("/v1/query", json={"query": ASKED, "k": k})
    assert (counted(service, "/v1/query", 200), counted(service, "/v1/query", 422)) == (before[0] + 2, before[1] + 1)


def test_metrics_tell_of_the_index(service: Service) -> None:
    text = service.http.get("/metrics").text
    assert "semsearch_index_generation 1.0" in text and "semsearch_index_articles 126.0" in text


def test_metrics_have_nothing_of_questions_or_ids(service: Service) -> None:
    service.ask("zirconium manatee")
    service.http.get("/v1/query", params={"q": "zirconium manatee"})
    service.http.get(f"/v1/passages/{NOBODY}")
    service.http.get("/zirconium")
    text = service.http.get("/metrics").text
    assert not re.search(f"zirconium|manatee|{NOBODY}", text)


def test_the_page_and_what_it_loads_are_served(service: Service) -> None:
    page = service.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assets = re.findall(r'(?:src|href)="(/page/[^"]+)"', page.text)
    assert assets and all(service.http.get(asset).status_code == 200 for asset in assets)


# ---- errors, and the description

ASK = "/v1/query"
WRONG: tuple[tuple[str, str, dict[str, Any], int], ...] = (
    ("GET", "/nowhere", {}, 404),
    ("GET", "/v1/", {}, 404),
    ("GET", "/v1/info/", {}, 404),
    ("GET", "/page/nothing.js", {}, 404),
    ("PUT", ASK, {"json": {"query": "a"}}, 405),
    ("DELETE", "/v1/info", {}, 405),
    ("POST", "/healthz", {}, 405),
    ("POST", ASK, {"content": b'{"query": "a"', "headers": {"content-type": "application/json"}}, 422),
    ("POST", ASK, {"content": b'{"query": "\xff"}', "headers": {"content-type": "application/json"}}, 400),
    ("POST", ASK, {"content": b"[" * 9999, "headers": {"content-type": "application/json"}}, 400),
    ("POST", ASK, {"content": b'{"query": "a"}', "headers": {"content-type": "text/plain"}}, 422),
    ("POST", ASK, {}, 422),
    ("POST", ASK, {"json": None}, 422),
    ("POST", ASK, {"json": ["a"]}, 422),
    ("POST", ASK, {"json": {}}, 422),
    ("POST", ASK, {"json": {"query": 7}}, 422),
    ("POST", ASK, {"json": {"query": "a", "k": "many"}}, 422),
    ("POST", ASK, {"json": {"query": "a", "k": 2.5}}, 422),
    ("POST", ASK, {"json": {"query": "a", "lang": ["fr"]}}, 422),
    ("POST", ASK, {"json": {"query": "a", "since": "yesterday"}}, 422),
    ("POST", ASK, {"json": {"query": "a", "since": "2025-01-02", "until": "2025-01-01"}}, 422),
    ("POST", ASK, {"json": {"query": "a", "half_life": 0}}, 422),
    ("POST", ASK, {"json": {"query": "a", "context": 6}}, 422),
    ("POST", ASK, {"json": {"query": "a", "colour": "red"}}, 422),
    ("POST", ASK, {"content": b'{"query": "\\ud800"}', "headers": {"content-type": "application/json"}}, 422),
    ("POST", "/v1/query/stream", {"json": {"query": "a", "colour": "red"}}, 422),
    ("POST", "/v1/query/batch", {"json": {"queries": [{"query": "a"}, {"query": ""}]}}, 422),
    ("GET", ASK, {}, 422),
    ("GET", ASK, {"params": {"q": "a", "explain": "perhaps"}}, 422),
    ("GET", ASK, {"params": {"q": "a", "min_score": "nan"}}, 422),
    ("GET", "/v1/passages/not-an-id", {}, 422),
    ("GET", f"/v1/passages/{NOBODY}", {"params": {"context": 6}}, 422),
    ("GET", f"/v1/articles/{NOBODY}", {}, 404),
)


@pytest.mark.parametrize(("method", "path", "sent", "status"), WRONG, ids=lambda value: str(value)[:40])
def test_every_error_has_its_status_and_the_one_shape(
    service: Service, method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    response = service.http.request(method, path, **sent)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert response.json() == {"error": {"code": error["code"], "message": error["message"]}}
    assert error["code"] and error["message"] and "\n" not in error["message"]


@pytest.fixture(scope="module")
def described(service: Service) -> dict[str, Any]:
    description: dict[str, Any] = get(service, "/openapi.json")
    return description


def operations(described: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(method, path): one for path, each in described["paths"].items() for method, one in each.items()}


def test_the_description_has_every_route(described: dict[str, Any]) -> None:
    assert set(operations(described)) == ROUTES


def test_every_route_is_described_in_a_sentence(described: dict[str, Any]) -> None:
    assert all(one["description"].strip().endswith(".") for one in operations(described).values())


def test_every_route_describes_its_answer_and_its_errors(described: dict[str, Any]) -> None:
    error = {"$ref": "#/components/schemas/ErrorOut"}
    for one in operations(described).values():
        assert one["responses"]["200"]["content"]
        assert all(one["responses"][kind]["content"]["application/json"]["schema"] == error for kind in ("4XX", "5XX"))


def test_every_operation_has_an_id_of_its_own(described: dict[str, Any]) -> None:
    ids = [one["operationId"] for one in operations(described).values()]
    assert len(set(ids)) == len(ids)


def test_every_option_of_a_question_is_described(described: dict[str, Any]) -> None:
    asked = described["components"]["schemas"]["Asked"]["properties"]
    assert asked and all(option.get("description") for option in asked.values())


def test_the_address_takes_the_same_options_as_a_post(described: dict[str, Any]) -> None:
    named = {each["name"] for each in operations(described)["get", "/v1/query"]["parameters"]}
    asked = described["components"]["schemas"]["Asked"]["properties"]
    assert {"query" if name == "q" else name for name in named} == set(asked)
