"""Every default and limit, as data: the command line, the help texts and the documentation are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A named default with a sentence of help. `env` is an environment variable that overrides it."""

    name: str
    default: T
    help: str
    env: str | None = None
    choices: tuple[T, ...] = ()
    """What it may be; empty: anything of the default's kind."""


INDEX: Final = Setting("index", "index", "Folder of the index.", "SEMSEARCH_INDEX")
SEEDS: Final = Setting("seeds", "seeds", "What a new index is built from when no SOURCE is given.")
MODEL: Final = Setting("model", "bundled", "Embedding model: bundled, or a sentence-transformers name or path.")
K: Final = Setting("k", 10, "How many passages to return.")
MODE: Final = Setting(
    "mode",
    "hybrid",
    "What to go by: hybrid (meaning and words), dense (meaning), or words.",
    choices=("hybrid", "dense", "words"),
)
BALANCE: Final = Setting(
    "balance",
    "calibrated",
    "Fairness between languages: calibrated scores, quota (they take turns), or off.",
    choices=("calibrated", "quota", "off"),
)
FUSION: Final = Setting(
    "fusion",
    "convex",
    "How scores become one: convex (a weighted mean) or rrf (by ranks).",
    choices=("convex", "rrf"),
)
ALIASES: Final = Setting(
    "aliases",
    None,
    "File of names that mean the same, a group a line, such as: BoJ | 日銀 | 일본은행",
    "SEMSEARCH_ALIASES",
)

HOST: Final = Setting("host", "127.0.0.1", "Address to listen on; another than loopback needs a key, or --no-key.")
PORT: Final = Setting("port", 8765, "Port to listen on; 0 takes a free one.")
API_KEY: Final = Setting("api-key", None, "The key that clients of a service must show.", "SEMSEARCH_API_KEY")

MAX_K: Final = Setting("max-k", 1000, "The most passages one query may ask for.")
MAX_QUERY_CHARS: Final = Setting("max-query-chars", 2_000, "The longest query, in characters.")
MAX_TEXT_BYTES: Final = Setting("max-text-bytes", 32 << 20, "The largest text, Markdown, HTML or JSON file, in bytes.")
MAX_RECORD_BYTES: Final = Setting("max-record-bytes", 8 << 20, "The longest line of a JSON Lines file, in bytes.")
MAX_FIELD_CHARS: Final = Setting("max-field-chars", 2_000, "The longest headline, address or id, in characters.")
MAX_NAMED: Final = Setting("max-named", 1_000, "Unusable records of one file that a build names; it counts the others.")
MAX_SERVED_K: Final = Setting("max-served-k", 100, "The most passages one query to a service may ask for.")
MAX_BATCH: Final = Setting("max-batch", 32, "The most queries in one request to a service.")
MAX_CONTEXT: Final = Setting("max-context", 5, "The most passages around a hit that a service shows.")
MAX_BODY_BYTES: Final = Setting("max-body-bytes", 64 << 10, "The largest request to a service, in bytes.")
MAX_HEADER_BYTES: Final = Setting("max-header-bytes", 32 << 10, "The longest head of a request, in bytes.")
MAX_RUNNING: Final = Setting("max-running", 128, "Queries that a service works on at a time; more are told to wait.")
REMEMBERED_ANSWERS: Final = Setting("remembered-answers", 256, "Answers that a service keeps, until a new build.")
MAX_HALF_OPEN: Final = Setting("max-half-open", 256, "Connections without a whole request; then the oldest is closed.")
QUERY_SECONDS: Final = Setting("query-seconds", 10.0, "Time in which a service answers, or says that it cannot.")
RECEIPT_SECONDS: Final = Setting("receipt-seconds", 10.0, "Time in which a request must have arrived whole.")
PASSAGE_TOKENS: Final = Setting(
    "passage-tokens", 400, "Model tokens above which a paragraph is split at sentence ends."
)
SHORT_WIDTH: Final = Setting(
    "short-width", 32, "Columns under which a line (a heading, a byline) joins its neighbour; CJK letters take two."
)
BATCH: Final = Setting("batch", 1024, "The most passages embedded and committed at a time.")
FIRST_BATCH: Final = Setting("first-batch", 64, "Passages in the first batch; it doubles while one takes little time.")
SUFFIXES: Final = Setting(
    "suffixes",
    (".txt", ".md", ".markdown", ".html", ".htm", ".xhtml", ".jsonl", ".ndjson", ".json"),
    "File names that are read inside a folder; a file named itself is read whatever it is called.",
)
