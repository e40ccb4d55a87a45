"""Answers and errors as HTTP responses, in one shape."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from semsearch.errors import IndexFolderError, ModelError, SemsearchError, UsageError
from semsearch.service.engine import Busy, Late
from semsearch.service.guard import HEADERS, Refusal, error_json
from semsearch.service.metrics import LOG


def json_response(value: Any) -> Response:
    """What `semsearch.wire` wrote, unchecked: it is documented by the models of `schemas.py`."""
    return Response(to_json(value), media_type="application/json")


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return Response(error_json(code, " ".join(message.split())), status, headers, "application/json")


async def _on_error(_: Request, error: Exception) -> Response:
    """Every error in the one shape, with the status that fits it."""
    match error:
        case Refusal():
            return _error(error.status, error.code, error.message, {"connection": "close"})
        case RequestValidationError():
            first = error.errors()[0]
            return _error(422, "usage", f"{'.'.join(map(str, first['loc'][1:])) or 'the request'}: {first['msg']}")
        case HTTPException():
            code = {404: "not-found", 405: "method"}.get(error.status_code, "http")
            return _error(error.status_code, code, str(error.detail), dict(error.headers or {}))
        case UsageError():
            return _error(422, "usage", str(error))
        case Busy():
            return _error(429, "busy", "too many queries at a time: try again in a second", {"retry-after": "1"})
        case Late():
            return _error(503, "late", "no answer in time: ask again, or for less", {"retry-after": "5"})
        case IndexFolderError() | ModelError():
            LOG.error("%s", error)
            return _error(503, "index", "the index cannot be asked just now; the service's log says why")
    LOG.exception("a request failed", exc_info=error)
    return _error(500, "internal", "the service failed; its log says why", HEADERS)  # it comes from outside the guard


HANDLERS: Final = dict.fromkeys(
    (RequestValidationError, HTTPException, SemsearchError, Busy, Late, Exception), _on_error
)
