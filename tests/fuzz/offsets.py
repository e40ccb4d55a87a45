"""Offsets, many texts over: any mixture of scripts, line ends and marks, in every encoding, by every budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from tests import test_offsets as told
from tests.fuzz import Figures

_TWINS = ("cp932", "euc-jp", "johab")


def _any_text(label: str) -> Callable[[Any], None]:
    encoding, mark = told.ENCODINGS[label]

    def check(data: st.DataObject) -> None:
        text = told.written(data.draw(told.PIECES), encoding)
        raw = mark + text.encode(encoding)
        name, budget = data.draw(told.NAMES), data.draw(told.BUDGETS)
        article = told.prove_passages(raw, name, None if mark else encoding, budget)
        assert (article.text, article.encoding, article.byte_origin) == (text, encoding, len(mark))

    return check


def _two_codes(encoding: str) -> Callable[[Any], None]:
    def check(data: st.DataObject) -> None:
        plain = [told.written([piece], encoding).encode(encoding) for piece in data.draw(told.PIECES)]
        rare = data.draw(st.lists(st.sampled_from(told.twins(encoding)), min_size=1, max_size=5))
        raw = b"".join(data.draw(st.permutations([*plain, *rare])))
        told.prove_passages(raw, "a.txt", encoding, data.draw(told.BUDGETS))

    return check


def _any_characters(data: st.DataObject) -> None:
    text = data.draw(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
    mark, tail = data.draw(st.sampled_from(["", "\ufeff"])), data.draw(st.text("a다 \n"))
    told.prove_passages(f"{mark}가{text}{tail}".encode(), "a.txt", None, 5)


def _counted(check: Callable[[Any], None], tally: list[int]) -> Callable[[Any], None]:
    """`check`, noting each time that it is called."""

    def counted(data: st.DataObject) -> None:
        tally.append(1)
        check(data)

    return counted


def run(count: int, seed: int = 0, say: Callable[[str], None] = lambda _: None) -> Figures:
    """Prove every place of `count` texts, spread over the encodings; a failure is told with its smallest text."""
    checks: dict[str, Callable[[Any], None]] = {label: _any_text(label) for label in told.ENCODINGS}
    checks |= {f"{encoding} with two codes for a letter": _two_codes(encoding) for encoding in _TWINS}
    checks["any characters"] = _any_characters
    figures = Figures("offsets")
    each = -(-count // len(checks))
    for label, check in checks.items():
        tally: list[int] = []
        quick = settings(
            max_examples=each, database=None, deadline=None, suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )  # fmt: skip
        try:
            seeded(seed)(quick(given(st.data())(_counted(check, tally))))()
        except Exception as error:  # whatever it is, it is a failure of the promise
            figures.failures.append(f"{label}: {type(error).__name__}: {str(error).splitlines()[0][:200]}")
        figures.tried += len(tally)
        say(f"{label}: {len(tally):,} texts")
    figures.told["encodings"] = str(len(told.ENCODINGS))
    return figures
