"""A question with all that may be said about it, checked; and what everything that answers questions can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Self

from semsearch import settings
from semsearch.errors import UsageError
from semsearch.languages import LANGUAGES
from semsearch.records import Answer, Filters, Hit

if TYPE_CHECKING:
    from semsearch.protocols import Reranker


@dataclass(frozen=True, slots=True)
class Query:
    """One question. `Searcher.query` says what the fields mean.

    Raises UsageError for a blank text or a value out of range.
    """

    text: str
    k: int = settings.K.default
    mode: str = settings.MODE.default
    lang: str | Sequence[str] = ()
    since: date | str | None = None
    until: date | str | None = None
    source: str | None = None
    min_score: float | None = None
    balance: str = settings.BALANCE.default
    collapse: bool = True
    fusion: str = settings.FUSION.default
    half_life: float | None = None
    rerank: str | Reranker | None = None
    explain: bool = False
    context: int = 0

    def __post_init__(self) -> None:
        if any("\ud800" <= c <= "\udfff" for c in self.text):
            raise UsageError("the query holds bytes that are no text: type it in UTF-8")
        if not any(c.isprintable() and not c.isspace() for c in self.text):
            raise UsageError("the query is blank: say in a few words what you look for")
        if len(self.text) > (most := settings.MAX_QUERY_CHARS.default):
            raise UsageError(f"the query has {len(self.text)} characters, at most {most} are taken: shorten it")
        if not 1 <= self.k <= settings.MAX_K.default:
            raise UsageError(f"k is {self.k}, expected 1 to {settings.MAX_K.default}")
        for setting in (settings.MODE, settings.BALANCE, settings.FUSION):
            if (value := getattr(self, setting.name)) not in setting.choices:
                raise UsageError(f"{setting.name} is {value!r}, expected {', '.join(setting.choices)}")
        if self.half_life is not None and not self.half_life > 0:
            raise UsageError(f"half_life is {self.half_life} days, expected more than 0")
        if self.context < 0:
            raise UsageError(f"context is {self.context} passages, expected 0 or more")
        object.__setattr__(self, "lang", languages(self.lang))  # so that equal questions are equal, and can be kept
        self.filters  # noqa: B018  (raises where a filter is wrong)

    @property
    def filters(self) -> Filters:
        """Which passages are admitted."""
        first, last = _day(self.since, "since"), _day(self.until, "until")
        if first and last and first > last:
            raise UsageError(f"since {first} lies behind until {last}: no day can match")
        return Filters(tuple(self.lang), first, last, self.source)


def languages(given: str | Sequence[str]) -> tuple[str, ...]:
    """The languages of `ko,en` or `["ko", "en"]`. Raises UsageError for one that is not known."""
    langs = tuple(part.strip() for part in (given.split(",") if isinstance(given, str) else given) if part.strip())
    for name in langs:
        if name not in LANGUAGES:
            raise UsageError(f"language {name!r} is not known: use {', '.join(LANGUAGES)}, or several with commas")
    return langs


class Searcher(ABC):
    """What answers questions: an index on this machine, or a service that has one."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections."""

    @abstractmethod
    def answers(self, queries: Sequence[Query]) -> list[Answer]:
        """One answer for each of several questions, embedded together; all come from one generation of the index."""

    def query(
        self,
        text: str,
        k: int = settings.K.default,
        *,
        mode: str = settings.MODE.default,
        lang: str | Sequence[str] = (),
        since: date | str | None = None,
        until: date | str | None = None,
        source: str | None = None,
        min_score: float | None = None,
        balance: str = settings.BALANCE.default,
        collapse: bool = True,
        fusion: str = settings.FUSION.default,
        half_life: float | None = None,
        rerank: str | Reranker | None = None,
        explain: bool = False,
        context: int = 0,
    ) -> list[Hit]:
        """The `k` passages that answer `text` best, best first, in whichever language they are written.

        `mode`: `dense` goes by the model's vectors, `words` by the question's words and what the lexicon says they
        are called in the other languages, `hybrid` by both and, with the bundled model, token by token.
        `lang` (`ko`, `en`, `ja`), `since` and `until` (inclusive days) and `source` (a glob over source names)
        are applied before the best `k` are taken. A passage without a date is in no range of dates.

        `balance`: `calibrated` scores say how far a passage lies above unrelated texts of the same two languages, on a
        scale on which these lie at 0 and answers, on the average, at 6; so no passage wins by its language.
        `quota` lets the languages take turns; `off` leaves the scores, 0 to 1, as they are. `min_score` is on the
        scale of the score.
        `collapse` lists copies of a text under the best one (`Hit.also_in`). `half_life`, in days, lets up to half of
        a score fade with age. `fusion`: `convex` or `rrf`. `rerank` is a CrossEncoder by name or path that puts the
        best 50 in its own order. `explain` fills `Hit.highlights` and `Hit.matched`, `context` so many passages
        before and behind a hit into `Hit.context`.
        Raises UsageError for a blank query or a value out of range.
        """
        asked = Query(
            text, k, mode, lang, since, until, source, min_score, balance, collapse, fusion, half_life, rerank,
            explain, context,
        )  # fmt: skip
        return list(self.answers([asked])[0].hits)


def _day(value: date | str | None, name: str) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise UsageError(f"{name} is {value!r}, expected a day such as 2025-06-22") from None
