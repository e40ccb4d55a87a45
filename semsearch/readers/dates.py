"""Dates as newspapers and data files write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

WRITTEN: Final = (
    r"\d{4}\s?(?:[-./]\s?\d{1,2}\s?[-./]\s?\d{1,2}\.?"
    r"|年\s?\d{1,2}\s?月\s?\d{1,2}\s?日|년\s?\d{1,2}\s?월\s?\d{1,2}\s?일)"
)
"""A regular expression for `2025-06-16`, `2025.06.16`, `2025. 6. 16.`, `2025/6/16` and `2025년 6월 16일`, in Chinese
characters too."""

_WRITTEN: Final = re.compile(WRITTEN)
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?![\d])")
_NUMBERS: Final = re.compile(r"\d+")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM: Final = 100_000_000_000
"""Epoch numbers from here on are milliseconds: as seconds they would lie beyond the year 5000."""


def parse_date(text: str) -> date | None:
    """The date that `text` begins with; a time of day and its zone are left aside. None where there is none."""
    text = text.strip()
    found = _WRITTEN.match(text)
    numbers = _NUMBERS.findall(found[0]) if found else None
    if numbers is None:
        compact = _COMPACT.match(text)
        numbers = list(compact.groups()) if compact else []
    return _made(numbers) if numbers else _from_mail(text)


def date_of(value: object) -> date | None:
    """The date in a JSON field: a string that `parse_date` reads, `20250616`, or seconds or milliseconds since 1970.

    Epoch numbers are taken in UTC. None for everything else, a lone year included.
    """
    if isinstance(value, str):
        return parse_date(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if 1000 <= value <= 9999:
        return None
    if isinstance(value, int) and 10_000_101 <= value <= 99_991_231:
        written = parse_date(str(value))
        if written is not None:
            return written
    return _from_epoch(value)


def first_date(values: Mapping[str, str], names: tuple[str, ...]) -> date | None:
    """The first usable date among `values`, in the order of `names`."""
    return next((found for name in names if (found := parse_date(values.get(name, "")))), None)


def _made(numbers: list[str]) -> date | None:
    try:
        return date(int(numbers[0]), int(numbers[1]), int(numbers[2]))
    except ValueError:
        return None


def _from_epoch(value: float) -> date | None:
    try:
        seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
        return (_EPOCH + timedelta(seconds=seconds)).date()
    except (OverflowError, ValueError):
        return None


def _from_mail(text: str) -> date | None:
    """`Mon, 16 Jun 2025 09:00:00 GMT`."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text[:64]).date()
    except (ValueError, IndexError, OverflowError, TypeError):
        return None
