"""What the API takes and gives. Answers are made by `semsearch.wire`; these models check requests and document both."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from semsearch import settings
from semsearch.queries import Query

Lang = Literal["ko", "en", "ja"]
Text = Annotated[
    str,
    Field(
        min_length=1, max_length=settings.MAX_QUERY_CHARS.default, pattern=r"\S",
        description="The question, in Korean, English or Japanese.", examples=["Korea Japan normalization"],
    ),
]  # fmt: skip
Count = Annotated[int, Field(ge=1, le=settings.MAX_SERVED_K.default, description=settings.K.help)]
ManyCount = Annotated[int, Field(ge=1, le=settings.MAX_K.default, description=settings.K.help)]
Mode = Annotated[Literal["hybrid", "dense", "words"], Field(description=settings.MODE.help)]
Langs = Annotated[list[Lang], Field(max_length=3, description="Only passages in these languages; empty: in all.")]
Since = Annotated[date | None, Field(description="Only articles of this day or later.")]
Until = Annotated[date | None, Field(description="Only articles of this day or earlier.")]
Glob = Annotated[
    str | None,
    Field(max_length=200, description="Only sources that match, such as `seeds/ja/*`; `*` crosses folders."),
]
Score = Annotated[float | None, Field(allow_inf_nan=False, description="Only passages with at least this score.")]
Balance = Annotated[Literal["calibrated", "quota", "off"], Field(description=settings.BALANCE.help)]
Fusion = Annotated[Literal["convex", "rrf"], Field(description=settings.FUSION.help)]
Collapse = Annotated[bool, Field(description="List copies of a text under the best one.")]
HalfLife = Annotated[
    float | None, Field(gt=0, le=1e6, allow_inf_nan=False, description="Days in which a quarter of a score fades.")
]
Rerank = Annotated[bool, Field(description="Let the service's cross-encoder reorder the best 50, if it has one.")]
Explain = Annotated[bool, Field(description="Say which words matched, and which of the passage's carry the likeness.")]
Context = Annotated[
    int, Field(ge=0, le=settings.MAX_CONTEXT.default, description="Passages before and behind each hit, too.")
]
Project = Annotated[bool, Field(description="Say where the query and its hits lie on the map of the archive.")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Asked(_Strict):
    """A question, with all that `semsearch query` takes."""

    query: Text
    k: Count = settings.K.default
    mode: Mode = "hybrid"
    lang: Langs = []
    since: Since = None
    until: Until = None
    source: Glob = None
    min_score: Score = None
    balance: Balance = "calibrated"
    collapse: Collapse = True
    fusion: Fusion = "convex"
    half_life: HalfLife = None
    rerank: Rerank = False
    explain: Explain = False
    context: Context = 0
    project: Project = False

    def to_query(self, reranker: str | None) -> Query:
        """The question for the index. Raises UsageError for what no single field can tell."""
        values = self.model_dump(exclude={"query", "rerank", "project"})
        return Query(self.query, **values, rerank=reranker if self.rerank else None)


class AskedByUrl(Asked):
    """A question in an address, where it is called `q`."""

    model_config = ConfigDict(extra="ignore")

    query: Text = Field(alias="q")


class AskedForMany(Asked):
    """A question whose hits come as a stream, so that there may be more of them."""

    k: ManyCount = settings.K.default


class AskedTogether(_Strict):
    """Several questions, answered in one generation of the index."""

    queries: Annotated[list[Asked], Field(min_length=1, max_length=settings.MAX_BATCH.default)]


class PlaceOut(BaseModel):
    """Half-open offsets in code points, bytes of the file, UTF-16 units (JavaScript); lines from 1, inclusive."""

    start: int
    end: int
    byte_start: int
    byte_end: int
    start_utf16: int
    end_utf16: int
    line_start: int
    line_end: int


class PassageOut(PlaceOut):
    """A paragraph. Its offsets count in its article's text."""

    id: str
    article: str
    source: str
    title: str
    date: date | None
    lang: str
    text: str
    encoding: str
    locator: str | None
    url: str | None
    external_id: str | None


class HighlightOut(BaseModel):
    """A stretch of the passage's text that carries the likeness, and the word of the query it owes it to."""

    start: int
    end: int
    start_utf16: int
    end_utf16: int
    weight: float
    word: str


class MatchedOut(BaseModel):
    """A word of the query that the passage has, and in which form."""

    word: str
    form: str
    origin: str


class HitOut(PassageOut):
    """A passage as an answer."""

    rank: int
    score: float
    also_in: list[PassageOut]
    same_story: list[PassageOut]
    scores: dict[str, float]
    highlights: list[HighlightOut] = []
    matched: list[MatchedOut] = []
    context: list[PassageOut] = []


Point = tuple[float, float]


class MapOut(BaseModel):
    """Places on the map of `/v1/map`: of the query, and of each hit."""

    query: Point
    hits: list[Point]


class AnswerOut(BaseModel):
    """The hits of one question, all of one generation of the index."""

    query: str
    model: str
    generation: int
    took_ms: float
    hits: list[HitOut]
    map: MapOut | None = None


class AnswersOut(BaseModel):
    """An answer for each question, in their order."""

    answers: list[AnswerOut]


class PassageAnswer(BaseModel):
    """A passage and those around it, in reading order."""

    generation: int
    passage: PassageOut
    around: list[PassageOut]


class SpanOut(PlaceOut):
    """Where a passage lies in its article's text."""

    id: str
    lang: str


class ArticleOut(BaseModel):
    """An article, whole."""

    id: str
    text: str
    source: str
    title: str
    date: date | None
    lang: str
    encoding: str
    locator: str | None
    url: str | None
    external_id: str | None
    passages: list[SpanOut]


class ArticleAnswer(BaseModel):
    """An article, and the generation of the index it is from."""

    generation: int
    article: ArticleOut


class PointOut(BaseModel):
    """A passage on the map."""

    id: str
    x: float
    y: float
    lang: str
    title: str


class ArchiveMap(BaseModel):
    """A sample of the archive on the plane on which its passages, whatever their language, differ most."""

    generation: int
    points: list[PointOut]


class Health(BaseModel):
    """`ok`, or why not."""

    status: str
    generation: int | None = None


class ErrorBody(BaseModel):
    """`code` is for programs, `message` one line for people."""

    code: str
    message: str


class ErrorOut(BaseModel):
    """The one shape of errors."""

    error: ErrorBody
