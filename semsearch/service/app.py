"""The routes of the service: a thin layer between HTTP and the engine."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from semsearch import __version__, settings
from semsearch.errors import UsageError
from semsearch.languages import asked_in
from semsearch.records import Answer
from semsearch.search import Index
from semsearch.service import schemas
from semsearch.service.engine import Engine
from semsearch.service.guard import Door, Guard, Safe
from semsearch.service.metrics import LOG, MULTIPROCESS, Counting, Metrics
from semsearch.service.plane import SAMPLED, Plane, plane
from semsearch.service.responses import HANDLERS, json_response
from semsearch.service.shares import Share, Sharing
from semsearch.wire import answer_json, article_json, hit_json, passage_json

Responses: TypeAlias = dict[int | str, dict[str, Any]]
_ERRORS: Final[Responses] = {
    "4XX": {"model": schemas.ErrorOut, "description": "What was wrong with the request."},
    "5XX": {"model": schemas.ErrorOut, "description": "What keeps the service from answering."},
}
_PAGE: Final = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
Id = Annotated[str, schemas.Field(pattern="^[0-9a-f]{16}$")]


@dataclass(frozen=True, slots=True)
class Served:
    """What a service serves, and whom."""

    index: Path
    door: Door
    model: str | None = None
    aliases: Path | None = None
    reranker: str | None = None
    log_requests: bool = False


def create_app(served: Served) -> FastAPI:
    """The ASGI application of a service. The index is opened when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        share = Share(os.environ.get(MULTIPROCESS))
        app.state.engine = Engine(served.index, served.model, served.aliases, share)
        await app.state.engine.answers([schemas.Asked(query="ready", explain=True).to_query(None)])  # loads the model
        gc.freeze()  # what is loaded stays: collections need not walk over it, which takes 30 ms each time
        yield
        app.state.engine.close()

    middleware = [Middleware(Counting, served.log_requests), Middleware(Safe), Middleware(Guard, served.door)]
    if MULTIPROCESS in os.environ:
        middleware.append(Middleware(Sharing))
    if origins := sorted(served.door.origins):
        headers = ["authorization", "content-type", "x-api-key"]
        cors = Middleware(CORSMiddleware, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=headers)
        middleware.insert(2, cors)
    app = FastAPI(
        title="semsearch", version=__version__, lifespan=lifespan, middleware=middleware, docs_url=None, redoc_url=None,
        redirect_slashes=False,
        description="Passages that answer a question, in Korean, English and Japanese, with exact source offsets.",
        responses=_ERRORS,
    )  # fmt: skip
    app.state.served, app.state.metrics = served, Metrics()
    LOG.setLevel(logging.INFO)
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    _add_routes(app)
    return app


async def _engine(request: Request) -> Engine:  # what is not async would be called in another thread
    engine: Engine = request.app.state.engine
    return engine


AnEngine = Annotated[Engine, Depends(_engine)]


def _add_routes(app: FastAPI) -> None:
    get, post = app.get, app.post
    post("/v1/query", response_model=schemas.AnswerOut, tags=["search"])(query)
    get("/v1/query", response_model=schemas.AnswerOut, tags=["search"], operation_id="query_by_url")(query_by_url)
    post("/v1/query/batch", response_model=schemas.AnswersOut, tags=["search"])(batch)
    lines = _raw("application/x-ndjson", "Lines of JSON")
    post("/v1/query/stream", response_class=StreamingResponse, responses=lines, tags=["search"])(stream)
    get("/v1/passages/{passage_id}", response_model=schemas.PassageAnswer, tags=["archive"])(passage)
    get("/v1/articles/{article_id}", response_model=schemas.ArticleAnswer, tags=["archive"])(article)
    get("/v1/info", tags=["archive"])(info)
    get("/v1/map", response_model=schemas.ArchiveMap, tags=["archive"])(archive_map)
    get("/healthz", response_model=schemas.Health, tags=["service"])(healthz)
    get("/readyz", response_model=schemas.Health, tags=["service"])(readyz)
    text = _raw("text/plain", "Prometheus text format")
    get("/metrics", response_class=Response, responses=text, tags=["service"])(metrics)
    get("/", include_in_schema=False)(home)
    get("/page/{name:path}", include_in_schema=False)(page)


def _raw(media_type: str, description: str) -> Responses:
    return {200: {"content": {media_type: {"schema": {"type": "string"}}}, "description": description}}


# ---- questions


async def query(asked: schemas.Asked, request: Request, engine: AnEngine) -> Response:
    """The passages that answer a question, best first."""
    answered = await _answers(request, engine, [asked])
    return json_response(answered[0])


async def query_by_url(asked: Annotated[schemas.AskedByUrl, Query()], request: Request, engine: AnEngine) -> Response:
    """The passages that answer a question, asked in the address."""
    return await query(asked, request, engine)


async def batch(asked: schemas.AskedTogether, request: Request, engine: AnEngine) -> Response:
    """Several questions at once, answered in one generation of the index."""
    return json_response({"answers": await _answers(request, engine, asked.queries)})


async def stream(asked: schemas.AskedForMany, request: Request, engine: AnEngine) -> StreamingResponse:
    """Up to 1,000 hits as lines of JSON: `query`, `model`, `generation` and `count`, then a hit on each line."""
    answer = (await engine.answers([asked.to_query(_reranker(request, asked))]))[0]
    return StreamingResponse(_lines(answer, asked.explain), media_type="application/x-ndjson")


def _lines(answer: Answer, explain: bool) -> Iterator[bytes]:
    head = {"query": answer.query, "model": answer.model, "generation": answer.generation, "count": len(answer.hits)}
    for line in (head, *(hit_json(hit, explain) for hit in answer.hits)):
        yield json.dumps(line, ensure_ascii=False).encode() + b"\n"


async def _answers(request: Request, engine: Engine, asked: Sequence[schemas.Asked]) -> list[dict[str, Any]]:
    started = time.perf_counter()
    answers = await engine.answers([each.to_query(_reranker(request, each)) for each in asked])
    took = round((time.perf_counter() - started) * 1000, 1)
    found = [answer_json(answer, took, each.explain) for answer, each in zip(answers, asked, strict=True)]
    for one, answer, each in zip(found, answers, asked, strict=True):
        one["map"] = await _placed(engine, answer) if each.project else None
    return found


def _reranker(request: Request, asked: schemas.Asked) -> str | None:
    name: str | None = request.app.state.served.reranker
    if asked.rerank and name is None:
        raise UsageError("this service has no reranker: start it with --rerank MODEL")
    return name


async def _placed(engine: Engine, answer: Answer) -> dict[str, Any]:
    """Where a question and its hits lie on the map."""
    onto = await _plane(engine)
    hits = [hit.passage for hit in answer.hits]

    def place(shelf: Index) -> dict[str, Any]:
        asked = onto.place(shelf.embedder.embed_queries([answer.query]), [asked_in(answer.query)])
        found = onto.place(shelf.vectors([hit.id for hit in hits]), [hit.lang for hit in hits])
        return {"query": _point(asked[0]), "hits": [_point(row) for row in found]}

    return await engine.look_up(place)


def _point(row: Any) -> list[float]:
    return [round(float(value), 4) for value in row]


# ---- the archive


async def passage(passage_id: Id, engine: AnEngine, context: Annotated[schemas.Context, Query()] = 2) -> Response:
    """A passage, with up to `context` passages before and behind it."""

    def find(shelf: Index) -> dict[str, Any]:
        with shelf.held() as generation:
            around = shelf.neighbours(passage_id, context)
        found = next((each for each in around if each.id == passage_id), None)
        if found is None:
            raise HTTPException(404, f"there is no passage {passage_id}")
        shown = [passage_json(each) for each in around]
        return {"generation": generation, "passage": passage_json(found), "around": shown}

    return json_response(await engine.look_up(find))


async def article(article_id: Id, engine: AnEngine) -> Response:
    """An article, whole, with the places of its passages."""

    def find(shelf: Index) -> dict[str, Any]:
        with shelf.held() as generation:
            found = shelf.article(article_id)
        if found is None:
            raise HTTPException(404, f"there is no article {article_id}")
        return {"generation": generation, "article": article_json(found)}

    return json_response(await engine.look_up(find))


async def info(request: Request, engine: AnEngine) -> dict[str, Any]:
    """What the index holds, which model made it, and what the service admits."""
    found = await _info(engine)
    kept = ("generation", "files", "articles", "passages", "languages", "first_date", "last_date", "model", "bytes")
    limits = (settings.MAX_SERVED_K, settings.MAX_K, settings.MAX_QUERY_CHARS, settings.MAX_BATCH, settings.MAX_CONTEXT)
    return {
        **{name: found[name] for name in kept},
        "built_at": found.get("built_at"),
        "roots": [Path(root).name for root in found["sources"]],
        "version": __version__,
        "rerank": request.app.state.served.reranker is not None,
        "limits": {limit.name: limit.default for limit in (*limits, settings.MAX_BODY_BYTES)},
    }


async def _info(engine: Engine) -> dict[str, Any]:
    return await engine.look_up_once("info", lambda shelf: shelf.info())


async def archive_map(engine: AnEngine) -> Response:
    """Up to 3,000 passages as points on a plane, alike ones near each other whatever their language."""
    drawn = await _plane(engine)
    points = [
        {"id": each.id, "x": x, "y": y, "lang": each.lang, "title": each.title}
        for each, (x, y) in zip(drawn.passages, map(_point, drawn.points), strict=True)
    ]
    return json_response({"generation": drawn.generation, "points": points})


async def _plane(engine: Engine) -> Plane:
    return await engine.look_up_once("map", lambda shelf: plane(*shelf.sample(SAMPLED)))


# ---- the service itself


async def healthz() -> dict[str, Any]:
    """The process answers."""
    return {"status": "ok"}


async def readyz(engine: AnEngine) -> dict[str, Any]:
    """The index can be asked."""
    return {"status": "ok", "generation": await engine.look_up(lambda shelf: shelf.edition[1])}


async def metrics(request: Request, engine: AnEngine) -> Response:
    """Requests, latencies, and the size and generation of the index, for Prometheus."""
    counted: Metrics = request.app.state.metrics
    counted.describe(await _info(engine), engine.running)
    return Response(counted.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def home(request: Request) -> Response:
    """The search page."""
    return await page(request, "index.html")


async def page(request: Request, name: str) -> Response:
    """A file of the page. They are listed once; a path from outside only chooses among them."""
    try:
        content, media_type, tag = _page_files()[name]
    except KeyError:
        raise HTTPException(404, "there is no such file") from None
    headers = {"cache-control": "no-cache", "etag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


@cache
def _page_files() -> dict[str, tuple[bytes, str, str]]:
    """Content, media type and entity tag of each file, by its path in the page's folder."""
    folder, found = Path(str(files("semsearch.service").joinpath("page"))), {}
    for path in folder.rglob("*"):
        if path.suffix in _PAGE:
            content = path.read_bytes()
            tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            found[path.relative_to(folder).as_posix()] = (content, _PAGE[path.suffix], tag)
    return found
