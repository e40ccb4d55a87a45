"""Asking a service as one asks an index: the same questions, the same results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import httpx2

from semsearch import settings
from semsearch.errors import ServiceError, UsageError
from semsearch.queries import Query, Searcher
from semsearch.records import Answer, FullArticle, Passage
from semsearch.wire import answer_of, article_of, passage_of

_ID: Final = re.compile("[0-9a-f]{16}")
_NOT_FOUND: Final = 404
_WRONG_USE: Final = 422
_RENAMED: Final = {"text": "query"}


class Client(Searcher):
    """A service started by `semsearch serve`, open for questions. Usable from several threads.

    with semsearch.Client("http://127.0.0.1:8765") as index:
        for hit in index.query("한일 국교 정상화", k=5):
            print(hit.score, hit.passage.source, hit.passage.start, hit.passage.text)
    """

    def __init__(self, url: str, api_key: str | None = None, timeout: float = 30.0) -> None:
        """Connect to the service at `url`; `timeout` is in seconds. Nothing is sent before the first question."""
        headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=timeout, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def answers(self, queries: Sequence[Query]) -> list[Answer]:
        """One answer for each of several questions; of up to 32, all come from one generation of the index.

        `Query.rerank` asks for the service's own reranker, whatever its value names.
        Raises UsageError for what the service does not take (`k` above 100), ServiceError for all else.
        """
        if len(queries) == 1:
            return [answer_of(self._ask("POST", "/v1/query", _asked(queries[0])))]
        found: list[Answer] = []
        for start in range(0, len(queries), settings.MAX_BATCH.default):
            asked = [_asked(query) for query in queries[start : start + settings.MAX_BATCH.default]]
            found += map(answer_of, self._ask("POST", "/v1/query/batch", {"queries": asked})["answers"])
        return found

    def passage(self, passage_id: str) -> Passage | None:
        """The passage with the id that a hit showed; None where there is none (any more)."""
        found = self._find("passages", passage_id, "?context=0")
        return passage_of(found["passage"]) if found else None

    def neighbours(self, passage_id: str, reach: int = 1) -> list[Passage]:
        """Up to `reach` passages, 5 at most, before and behind one in its article, itself among them."""
        found = self._find("passages", passage_id, f"?context={reach}")
        return list(map(passage_of, found["around"])) if found else []

    def article(self, article_id: str) -> FullArticle | None:
        """The article with the id that a passage names, whole; None where there is none (any more)."""
        found = self._find("articles", article_id)
        return article_of(found["article"]) if found else None

    def info(self) -> dict[str, Any]:
        """What the index holds, and what the service admits."""
        return self._ask("GET", "/v1/info")

    def _find(self, kind: str, name: str, options: str = "") -> dict[str, Any] | None:
        if not _ID.fullmatch(name):
            return None
        try:
            return self._ask("GET", f"/v1/{kind}/{name}{options}")
        except ServiceError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, json=body)
            answer: dict[str, Any] = response.json()
        except httpx2.HTTPError as error:
            raise ServiceError(f"{self._http.base_url} cannot be asked: {error or type(error).__name__}") from error
        except ValueError as error:
            raise ServiceError(f"{self._http.base_url} is no semsearch service: it sent no JSON") from error
        if response.is_success:
            return answer
        message = str(answer.get("error", {}).get("message", response.reason_phrase))
        if response.status_code == _WRONG_USE:
            raise UsageError(message)
        raise ServiceError(message, response.status_code)


def _asked(query: Query) -> dict[str, Any]:
    """A question as the service takes it: days as text, and what is as usual left out."""
    asked = {field.name: getattr(query, field.name) for field in fields(Query)}
    asked["rerank"] = bool(query.rerank)
    asked |= {name: str(asked[name]) for name in ("since", "until") if asked[name] is not None}
    usual = {field.name: field.default for field in fields(Query)} | {"lang": (), "rerank": False}
    return {_RENAMED.get(name, name): value for name, value in asked.items() if value != usual[name]}
