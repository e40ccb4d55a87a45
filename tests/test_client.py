"""semsearch.Client: a service is asked as an index is, and answers the same."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import semsearch
from semsearch.errors import ServiceError, UsageError
from semsearch.queries import Query
from semsearch.records import Hit
from tests.serving import PATIENCE, serving

ASKED = "한일 국교 정상화"
QUESTIONS = (ASKED, "semiconductor export controls", "津波の教訓", "Kim Dae-jung and Obuchi", "플라자 합의와 円高")
OPTIONS: tuple[dict[str, Any], ...] = (
    {"k": 3},
    {"k": 100},
    {"mode": "words"},
    {"mode": "dense", "fusion": "rrf"},
    {"lang": "ko"},
    {"lang": "ja,en"},
    {"lang": ["en"]},
    {"since": date(2020, 1, 1)},
    {"since": "2018-01-01", "until": date(2024, 12, 31)},
    {"source": "seeds/en/*"},
    {"min_score": 5.0},
    {"balance": "quota"},
    {"balance": "off", "collapse": False},
    {"half_life": 30.5},
    {"explain": True},
    {"context": 2},
    {"explain": True, "context": 5, "k": 2},
)
KEY = "a key of the tests, long enough"


@pytest.fixture(scope="module")
def url(seeds_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service whose key stands in a file."""
    file = tmp_path_factory.mktemp("key") / "key"
    file.write_text(f"{KEY}\n", encoding="utf-8")
    with serving(seeds_index, "--api-key-file", file) as service:
        yield service.url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[semsearch.Client]:
    with semsearch.Client(url, api_key=KEY, timeout=PATIENCE) as client:
        yield client


@pytest.fixture(scope="module")
def index(seeds_index: Path) -> Iterator[semsearch.Index]:
    with semsearch.open(seeds_index) as index:
        yield index


def told(hits: list[Hit]) -> list[Hit]:
    """Hits with scores as JSON tells them."""
    scores = [tuple((name, round(value, 6)) for name, value in hit.scores) for hit in hits]
    return [replace(hit, score=round(hit.score, 6), scores=each) for hit, each in zip(hits, scores, strict=True)]


@pytest.mark.parametrize("query", QUESTIONS)
def test_a_question_has_the_hits_that_the_index_gives(
    client: semsearch.Client, index: semsearch.Index, query: str
) -> None:
    found = client.query(query)
    assert found and found == told(index.query(query))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options_mean_what_they_mean_to_the_index(
    client: semsearch.Client, index: semsearch.Index, options: dict[str, Any]
) -> None:
    assert client.query(ASKED, **options) == told(index.query(ASKED, **options))


def test_several_questions_are_answered_together(client: semsearch.Client, index: semsearch.Index) -> None:
    asked = [Query(query, k=3) for query in QUESTIONS]
    answers, wanted = client.answers(asked), index.answers(asked)
    assert [answer.query for answer in answers] == list(QUESTIONS)
    assert [list(answer.hits) for answer in answers] == [told(list(answer.hits)) for answer in wanted]


def test_more_questions_than_a_request_holds_are_all_answered(client: semsearch.Client) -> None:
    asked = [Query(f"{ASKED} {number}", k=1) for number in range(70)]
    assert [answer.query for answer in client.answers(asked)] == [query.text for query in asked]


def test_no_question_has_no_answer(client: semsearch.Client) -> None:
    assert client.answers([]) == []


def test_it_is_shared_by_threads(client: semsearch.Client) -> None:
    asked = [f"{ASKED} {number % 4}" for number in range(32)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(partial(client.query, k=2), asked))
    assert all(found[place] == found[place % 4] for place in range(32))


def test_an_answer_names_the_generation_and_the_model(client: semsearch.Client) -> None:
    answer = client.answers([Query(ASKED)])[0]
    assert (answer.generation, answer.model) == (1, "bundled")


# ---- looking things up


def test_a_passage_is_found_by_its_id(client: semsearch.Client, index: semsearch.Index) -> None:
    passage = index.query(ASKED, k=1)[0].passage
    assert client.passage(passage.id) == passage


@pytest.mark.parametrize("reach", [0, 1, 5])
def test_neighbours_are_those_of_the_index(client: semsearch.Client, index: semsearch.Index, reach: int) -> None:
    passage = index.query(ASKED, k=1)[0].passage
    assert client.neighbours(passage.id, reach) == index.neighbours(passage.id, reach)


def test_an_article_is_that_of_the_index(client: semsearch.Client, index: semsearch.Index) -> None:
    name = index.query(ASKED, k=1)[0].passage.article
    found = client.article(name)
    assert found is not None and found == index.article(name)


def test_info_tells_of_the_index_as_the_index_does(client: semsearch.Client, index: semsearch.Index) -> None:
    told, known = client.info(), index.info()
    names = ("generation", "articles", "passages", "languages", "model")
    assert {name: told[name] for name in names} == {name: known[name] for name in names}


@pytest.mark.parametrize("name", ["0" * 16, "nothing", "", "../info", "0" * 16 + "?context=1", "한국", "a/b", "%"])
def test_an_unknown_id_leads_nowhere(client: semsearch.Client, name: str) -> None:
    assert client.passage(name) is None and client.article(name) is None and client.neighbours(name) == []


# ---- what is refused, and what fails

WRONG: tuple[dict[str, Any], ...] = (
    {"text": " \n"},
    {"text": "a" * 2001},
    {"text": ASKED, "k": 0},
    {"text": ASKED, "k": 101},
    {"text": ASKED, "lang": "fr"},
    {"text": ASKED, "since": "yesterday"},
    {"text": ASKED, "since": "2025-01-02", "until": "2025-01-01"},
    {"text": ASKED, "context": 6},
    {"text": ASKED, "source": "a" * 201},
    {"text": ASKED, "rerank": "any"},
)


@pytest.mark.parametrize("asked", WRONG, ids=lambda value: str(value)[-60:])
def test_what_means_nothing_is_a_usage_error(client: semsearch.Client, asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        client.query(**asked)


def test_a_usage_error_says_in_a_line_which_option_is_wrong(client: semsearch.Client) -> None:
    with pytest.raises(UsageError, match=r"^k: .*100$"):
        client.query(ASKED, k=101)


@pytest.mark.parametrize("key", [None, "not the key at all"])
def test_without_the_key_it_is_a_service_error_of_its_status(url: str, key: str | None) -> None:
    with semsearch.Client(url, api_key=key) as client, pytest.raises(ServiceError, match="key is needed") as error:
        client.query(ASKED)
    assert error.value.status == 401


Use = Callable[[semsearch.Client], object]
USES: dict[str, Use] = {
    "query": lambda client: client.query(ASKED),
    "passage": lambda client: client.passage("0" * 16),
    "article": lambda client: client.article("0" * 16),
    "info": lambda client: client.info(),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_where_nothing_listens_the_error_names_the_url(use: Use) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with semsearch.Client(url) as client, pytest.raises(ServiceError, match=url) as error:
        use(client)
    assert error.value.status is None


def test_who_never_answers_is_given_up_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with semsearch.Client(url, timeout=0.2) as client, pytest.raises(ServiceError, match=url):
            client.query(ASKED)


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_server_of_something_else_is_no_service(use: Use, tmp_path: Path) -> None:
    with web_server(tmp_path) as url, semsearch.Client(url) as client, pytest.raises(ServiceError, match=url):
        use(client)


def test_an_address_without_a_scheme_is_a_service_error() -> None:
    with semsearch.Client("127.0.0.1:8765") as client, pytest.raises(ServiceError):
        client.query(ASKED)


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class web_server:  # noqa: N801
    """A web server of files, at `url`."""

    def __init__(self, folder: Path) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder)))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
