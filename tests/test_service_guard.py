"""Who is let in to `semsearch serve`, how much they may send, and what browsers are told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import product
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.serving import FULL, PATIENCE, Raw, Service, exchange, head, run, serving

KEY = "0123456789abcdef0123456789abcdef"
FRIEND = "https://friend.example"
QUESTION = b'{"query": "zirconium manatee"}'
JSON = "Content-Type: application/json"


@pytest.fixture(scope="module")
def service(seeds_index: Path) -> Iterator[Service]:
    """A service as it is by default."""
    with serving(seeds_index) as service:
        yield service


@pytest.fixture(scope="module")
def keyed(seeds_index: Path) -> Iterator[Service]:
    """A service with a key, another name, a site that may ask, and a log of requests."""
    options = ("--allow-host", "Search.example", "--allow-origin", FRIEND, "--log-requests")
    with serving(seeds_index, *options, SEMSEARCH_API_KEY=KEY) as service:
        yield service


def asked(service: Service, *headers: str | bytes, path: str = "/v1/info", method: str = "GET", host: str = "") -> Raw:
    """The response to a request with just these headers."""
    return exchange(service, head(method, path, *headers, host=host or service.host))


def posted(service: Service, body: bytes, *headers: str | bytes) -> Raw:
    return exchange(service, head("POST", "/v1/query", JSON, f"Content-Length: {len(body)}", *headers), body)


def code(response: Raw) -> str:
    """What kind of error a response is, in the shape of all errors."""
    error: dict[str, str] = json.loads(response.body)["error"]
    assert set(error) == {"code", "message"} and error["message"]
    return error["code"]


# ---- the name it is called by

FOREIGN = (
    "evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example@127.0.0.1",
    "127.0.0.1@evil.example", "127.0.0.1, evil.example", "127.0.0.1:80:80", "127.0.0.1:x", "127.0.0.2", "127.1",
    "2130706433", "0x7f.1", "0.0.0.0", "[::2]", "[::1]evil.example", "localhost.", "localhost#", "*", ":",
    "search.example",
)  # fmt: skip


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_name_is_misdirected(service: Service, host: str) -> None:
    response = asked(service, host=host)
    assert (response.status, code(response)) == (421, "host")


@pytest.mark.parametrize("path", ["/", "/page/main.js", "/healthz", "/openapi.json", "/metrics"])
def test_a_foreign_name_is_misdirected_whatever_it_asks_for(service: Service, path: str) -> None:
    assert asked(service, path=path, host="evil.example").status == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost:8765", "[::1]", "[::1]:8765"])
def test_its_own_names_are_let_in(service: Service, host: str) -> None:
    assert asked(service, host=host).status == 200


@pytest.mark.parametrize("host", ["search.example", "SEARCH.EXAMPLE:443"])
def test_another_name_is_let_in_where_it_was_told(keyed: Service, host: str) -> None:
    assert asked(keyed, f"X-API-Key: {KEY}", host=host).status == 200


@pytest.mark.parametrize("headers", [(), ("Host:",), ("Host: localhost", "Host: localhost")], ids=str)
def test_a_name_must_be_said_once(service: Service, headers: tuple[str, ...]) -> None:
    assert exchange(service, head("GET", "/v1/info", *headers, host="")).status == 421


@pytest.mark.parametrize("host", [b"Host: \xff\xfe", "Host: 로컬".encode(), b"Host: localhost\xa0"])
def test_a_name_of_other_letters_is_no_failure(service: Service, host: bytes) -> None:
    assert exchange(service, head("GET", "/v1/info", host, host="")).status in (400, 421)


def test_a_name_in_the_request_line_does_not_count(service: Service) -> None:
    assert asked(service, path="http://localhost/v1/info", host="evil.example").status == 421


# ---- the page that asks

STRANGERS = (
    "https://evil.example", "null", "http://localhost:1", "https://localhost.evil.example", "http://[evil", "", "//",
    "\xff", "file://", "ftp://localhost", FRIEND,
)  # fmt: skip


@pytest.mark.parametrize("origin", STRANGERS)
def test_pages_of_other_sites_may_not_ask(service: Service, origin: str) -> None:
    response = asked(service, f"Origin: {origin}")
    assert (response.status, code(response)) == (403, "origin")


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_pages_of_other_sites_may_not_post(service: Service, origin: str) -> None:
    assert posted(service, QUESTION, f"Origin: {origin}").status == 403


def test_its_own_page_may_ask(service: Service) -> None:
    assert asked(service, f"Origin: http://{service.host}", "Sec-Fetch-Site: same-origin").status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_a_call_that_a_browser_says_is_foreign_is_refused(service: Service, site: str) -> None:
    assert asked(service, f"Sec-Fetch-Site: {site}", "Sec-Fetch-Mode: no-cors").status == 403


def test_a_link_from_another_site_opens_the_page(service: Service) -> None:
    assert asked(service, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", path="/").status == 200


def test_a_link_from_another_site_opens_nothing_else(service: Service) -> None:
    for path in ("/v1/query?q=a", "/metrics", "/page/index.html"):
        assert asked(service, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", path=path).status == 403


def cors(response: Raw) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("origin", [FRIEND, "null", "own"])
def test_no_site_is_told_that_it_may_read(service: Service, origin: str) -> None:
    own = f"http://{service.host}"
    preflight = "Access-Control-Request-Method: POST"
    for method, *more in (("GET",), ("OPTIONS", preflight)):
        assert not cors(asked(service, f"Origin: {own if origin == 'own' else origin}", *more, method=method))


def test_a_site_that_may_ask_may_read_the_answer(keyed: Service) -> None:
    response = asked(keyed, f"Origin: {FRIEND}", "Sec-Fetch-Site: cross-site", f"Authorization: Bearer {KEY}")
    assert response.status == 200 and cors(response)["access-control-allow-origin"] == FRIEND
    assert "origin" in response.headers["vary"].lower() and "access-control-allow-credentials" not in cors(response)


def test_a_site_that_may_ask_still_needs_the_key(keyed: Service) -> None:
    response = asked(keyed, f"Origin: {FRIEND}", "Sec-Fetch-Site: cross-site")
    assert response.status == 401 and cors(response)["access-control-allow-origin"] == FRIEND


def test_a_site_that_may_ask_is_told_so_beforehand(keyed: Service) -> None:
    wanted = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization, content-type")
    response = asked(keyed, f"Origin: {FRIEND}", *wanted, method="OPTIONS", path="/v1/query")
    told = cors(response)
    assert (response.status, told["access-control-allow-origin"]) == (200, FRIEND)
    assert "POST" in told["access-control-allow-methods"] and "authorization" in told["access-control-allow-headers"]


@pytest.mark.parametrize("origin", ["https://evil.example", "https://friend.example.evil.example", "null"])
def test_no_other_site_is_let_in_beside_it(keyed: Service, origin: str) -> None:
    response = asked(keyed, f"Origin: {origin}", f"X-API-Key: {KEY}")
    preflight = asked(keyed, f"Origin: {origin}", "Access-Control-Request-Method: POST", method="OPTIONS")
    assert response.status == 403 and "access-control-allow-origin" not in cors(response) | cors(preflight)


# ---- the key

NO_KEY: tuple[tuple[str | bytes, ...], ...] = (
    (), ("Authorization: Bearer wrong",), (f"Authorization: Basic {KEY}",), (f"Authorization: {KEY}",),
    ("X-API-Key: wrong",), ("X-API-Key:",), ("Authorization: Bearer",), (f"X-API-Key: {KEY[:-1]}",),
    (f"X-API-Key: {KEY}a",), (f"X-API-Key: {KEY.upper()}",), (b"X-API-Key: \xff\xfe\xe9",),
    (b"Authorization: Bearer \xff\xfe",), ("Authorization: Bearer 열쇠".encode(),), ("X-API-Key: 鍵".encode(),),
    ("Authorization: Bearer wrong", f"X-API-Key: {KEY}"),
)  # fmt: skip


@pytest.mark.parametrize("headers", NO_KEY, ids=lambda value: ascii(value)[:50])
def test_without_the_key_nothing_is_told(keyed: Service, headers: tuple[str | bytes, ...]) -> None:
    response = asked(keyed, *headers)
    assert (response.status, code(response)) == (401, "key") and "bearer" in response.headers[
        "www-authenticate"
    ].lower()


@pytest.mark.parametrize("path", ["/v1/query?q=a", "/v1/map", "/metrics", "/v1/passages/" + "0" * 16, "/nowhere"])
def test_the_key_guards_every_path_of_the_archive(keyed: Service, path: str) -> None:
    assert asked(keyed, path=path).status == 401


@pytest.mark.parametrize("name", ["Authorization: Bearer", "authorization: bearer", "X-API-Key:"])
def test_the_key_lets_in(keyed: Service, name: str) -> None:
    assert asked(keyed, f"{name} {KEY}").status == 200


@pytest.mark.parametrize("path", ["/", "/page/main.js", "/healthz", "/readyz", "/openapi.json"])
def test_what_tells_nothing_of_the_archive_needs_no_key(keyed: Service, path: str) -> None:
    assert asked(keyed, path=path).status == 200


def test_no_path_around_the_page_opens_the_archive(keyed: Service) -> None:
    for path in (
        "/page/../v1/info",
        "/page/%2e%2e/v1/info",
        "//v1/info",
        "/v1/info/",
        "/healthz/../v1/info",
        "/page//",
    ):
        assert asked(keyed, path=path).status in (400, 401, 404)


def test_the_log_of_requests_has_no_key_and_no_question(keyed: Service) -> None:
    assert posted(keyed, QUESTION, f"Authorization: Bearer {KEY}").status == 200
    asked(keyed, f"X-API-Key: {KEY}", path="/v1/query?q=zirconium")
    asked(keyed, "X-API-Key: wrong-zirconium", path="/zirconium?manatee")
    assert re.search(r"POST /v1/query 200 [\d.]+ ms", keyed.log())
    assert not re.search(f"{KEY}|zirconium|manatee", keyed.log())


def test_metrics_have_no_key(keyed: Service) -> None:
    metrics = asked(keyed, f"X-API-Key: {KEY}", path="/metrics")
    assert metrics.status == 200 and KEY.encode() not in metrics.body


def refused_start(seeds_index: Path, *options: object, **env: str) -> str:
    """What `semsearch serve` says when it does not start for wrong use."""
    done = run("serve", "--index", seeds_index, "--port", 0, "--workers", 1, *options, **env)
    assert done.returncode == 2, done.stderr
    return done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"] if FULL else ["0.0.0.0"])
def test_another_address_than_loopback_needs_a_key(seeds_index: Path, host: str) -> None:
    assert "SEMSEARCH_API_KEY" in refused_start(seeds_index, "--host", host)


@pytest.mark.parametrize("key", ["", "fifteen letters"] if FULL else ["fifteen letters"])
def test_a_short_key_is_no_key(seeds_index: Path, key: str) -> None:
    said = refused_start(seeds_index, SEMSEARCH_API_KEY=key)
    assert "at least 16" in said and (not key or key not in said)


# ---- how much may be sent


def test_a_body_of_the_longest_kind_is_taken(service: Service) -> None:
    assert posted(service, QUESTION.ljust(65536)).status == 200


def test_a_longer_body_is_refused_as_soon_as_it_is_announced(service: Service) -> None:
    response = exchange(service, head("POST", "/v1/query", JSON, "Content-Length: 65537"))
    assert (response.status, code(response)) == (413, "too-large")


@pytest.mark.parametrize("path", ["/v1/query", "/v1/query/batch", "/v1/query/stream"])
def test_a_longer_body_is_refused_though_it_comes_in_chunks(service: Service, path: str) -> None:
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    response = exchange(service, head("POST", path, JSON, "Transfer-Encoding: chunked"), *[chunk] * 17, b"0\r\n\r\n")
    assert (response.status, code(response)) == (413, "too-large")


def test_chunks_that_are_not_too_many_are_taken(service: Service) -> None:
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(QUESTION), QUESTION)
    assert exchange(service, head("POST", "/v1/query", JSON, "Transfer-Encoding: chunked"), chunks).status == 200


@pytest.mark.parametrize("fields", [["X-Long: " + "a" * 100_000], ["X-Short: aaa"] * 9000], ids=["one", "many"])
def test_a_head_that_is_too_long_is_refused(service: Service, fields: list[str]) -> None:
    response = asked(service, *fields, path="/healthz")
    assert (response.status, code(response)) == (431, "http")


def test_an_address_that_is_too_long_is_refused(service: Service) -> None:
    assert asked(service, path=f"/v1/query?q={'a' * 100_000}").status == 431


def test_a_head_that_is_too_long_is_refused_though_it_comes_slowly(service: Service) -> None:
    parts = [b"a" * 8192] * 5
    started = head("GET", "/healthz", "X-Long: ")[:-4]
    assert exchange(service, started, *parts, pause=0.02).status in (0, 431)


def test_after_a_refusal_it_answers_as_before(service: Service) -> None:
    asked(service, "X-Long: " + "a" * 100_000)
    assert asked(service).status == 200


@pytest.mark.parametrize(
    "wrong", [{"k": 0}, {"k": 101}, {"query": "a" * 2001}, {"query": " \n\u3000"}, {"query": "\u200b"}]
)
def test_what_is_out_of_bounds_is_refused(service: Service, wrong: dict[str, object]) -> None:
    response = posted(service, json.dumps({"query": "a", **wrong}).encode())
    assert (response.status, code(response)) == (422, "usage")


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\0" * 99])
def test_what_is_no_http_has_an_error_of_the_same_shape(service: Service, sent: bytes) -> None:
    response = exchange(service, sent)
    assert (response.status, code(response)) == (400, "http")


# ---- paths that lead out

UP = (
    "../", "..%2f", "..%2F", "%2e%2e/", "%2e%2e%2f", ".%2e/", "..\\", "..%5c", "%2e%2e%5c", "%252e%252e%252f",
    "..%252f", "%25252e%25252e/", "..%c0%af", "%c0%ae%c0%ae/", "..%e0%80%af", "..%ef%bc%8f", "..%e2%88%95",
    "..%e2%81%84", "%ef%bc%8e%ef%bc%8e/", "..%u2215", "....//", "..;/", "..%00/", "..%0d%0a/", "..%09/", "./../",
    "index.html/../", "texts/..%2f..%2f",
)  # fmt: skip
FILES = (
    "etc/passwd", "pyproject.toml", "app.py", "guard.py", "semsearch/service/app.py", "semsearch.db", "etc%2fpasswd",
    "etc/passwd%00.js", "app.py%00.html", "proc/self/environ",
)  # fmt: skip
ABSOLUTE = (
    "/etc/passwd", "%2fetc%2fpasswd", "//etc/passwd", "%2f%2fetc/passwd", "file:///etc/passwd", "%5cetc%5cpasswd",
    "C:%5cwindows%5cwin.ini", "%5c%5clocalhost%5cshare", "~/.bashrc", "%00/etc/passwd", str(ROOT / "pyproject.toml"),
    "index.html%00", "index.html%00.js", "INDEX.HTML", "index.html%20", "index.html.", "./index.html", "%2e/index.html",
    ".", "..", "%2e%2e", "", "%", "%zz", "*", "main.js/", "main.js%3f", "main.js;", "texts", "texts/",
)  # fmt: skip
PREFIXES = ("/page/", "/v1/articles/", "/v1/passages/")
INSIDE = re.compile(rb"root:.*:0:|\[project\]|from __future__|SQLite format|PATH=|<html|import ")


def payloads() -> Iterator[str]:
    """Paths that would lead out of a folder, were they joined to it; the same ones every time."""
    yield from (prefix + path for prefix, path in product(PREFIXES, ABSOLUTE))
    for number, (up, (place, file)) in enumerate(product(UP, enumerate(FILES))):
        yield PREFIXES[number % 3] + up * (1 + (number + place) % 8) + file


def test_no_path_leads_out(service: Service) -> None:
    tried = list(payloads())
    assert len(set(tried)) >= 300
    connection = HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    for path in tried:
        connection.putrequest("GET", path, skip_accept_encoding=True)  # as it is: nothing is normalized
        connection.endheaders()
        response = connection.getresponse()
        body = response.read()
        assert 300 <= response.status < 500 and not INSIDE.search(body), (path, response.status, body[:200])
    connection.close()


# ---- what browsers are told

KINDS: dict[str, tuple[str, str, tuple[str, ...], int]] = {
    "answer": ("GET", "/v1/query?q=a", (f"X-API-Key: {KEY}",), 200),
    "metrics": ("GET", "/metrics", (f"X-API-Key: {KEY}",), 200),
    "description": ("GET", "/openapi.json", (), 200),
    "health": ("GET", "/healthz", (), 200),
    "no-key": ("GET", "/v1/info", (), 401),
    "foreign-page": ("GET", "/v1/info", ("Origin: null",), 403),
    "doubled-name": ("GET", "/v1/info", ("Host: a",), 421),
    "not-found": ("GET", "/nowhere", (f"X-API-Key: {KEY}",), 404),
    "method": ("DELETE", "/v1/info", (f"X-API-Key: {KEY}",), 405),
    "wrong": ("GET", "/v1/query", (f"X-API-Key: {KEY}",), 422),
    "too-large": ("POST", "/v1/query", (f"X-API-Key: {KEY}", "Content-Length: 65537"), 413),
    "preflight": ("OPTIONS", "/v1/query", (f"Origin: {FRIEND}", "Access-Control-Request-Method: POST"), 200),
    "long-head": ("GET", "/healthz", (f"X-Long: {'a' * 40_000}",), 431),
    "no-http": ("GET", "healthz", (), 400),
}


@pytest.mark.parametrize(("method", "path", "headers", "status"), KINDS.values(), ids=KINDS)
def test_every_response_is_safe_to_have_in_a_browser(
    keyed: Service, method: str, path: str, headers: tuple[str, ...], status: int
) -> None:
    response = asked(keyed, *headers, path=path, method=method)
    assert response.status == status
    assert_safe(response)
    assert response.headers["cache-control"] == "no-store"


def assert_safe(response: Raw) -> None:
    told = response.headers
    assert told["content-security-policy"].startswith("default-src 'none';") and "unsafe" not in str(told)
    assert (told["x-content-type-options"], told["referrer-policy"]) == ("nosniff", "no-referrer")
    assert told["cross-origin-resource-policy"] == "same-origin" and "server" not in told


@pytest.mark.parametrize("path", ["/", "/page/index.html", "/page/main.js", "/page/base.css", "/page/icon.svg"])
def test_the_page_is_safe_and_asked_for_anew(keyed: Service, path: str) -> None:
    response = asked(keyed, path=path)
    assert_safe(response)
    assert (response.status, response.headers["cache-control"]) == (200, "no-cache")


def test_a_stream_is_safe_too(keyed: Service) -> None:
    headers = (JSON, f"X-API-Key: {KEY}", f"Content-Length: {len(QUESTION)}", "Connection: close")
    assert_safe(exchange(keyed, head("POST", "/v1/query/stream", *headers), QUESTION))
