"""The shipped weights reach on the development sets what their model card says. Needs the corpora, which are not ours.

    SEMSEARCH_CORPORA=DIR pytest tests/test_model_figures.py

DIR holds `dev/`; by default a folder `shared/corpora` beside the checkout is looked for.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from semsearch.embedders.bundled import BundledModel
from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts" / "train"))

from evaluate_model import measure

ROUNDING = 0.25
"""Hundredths that another processor's rounding may cost: a few texts of a set."""
FLOORS = {"Tatoeba ko>en": 82.0, "Tatoeba ja>en": 88.0, "news within": 75.0, "news across": 68.0}
"""What the model was made for."""


@pytest.fixture(scope="module")
def dev() -> Path:
    """The development sets."""
    found = Path(os.environ.get("SEMSEARCH_CORPORA", ROOT.parent / "shared" / "corpora")) / "dev"
    if not found.is_dir():
        pytest.skip("SEMSEARCH_CORPORA names no folder with dev/ in it, and none lies beside the checkout")
    return found


def test_every_figure_of_the_card_is_reached(dev: Path) -> None:
    model = BundledModel()
    recorded, found = model.card["figures"], measure(model, dev)
    assert found.keys() == recorded.keys()
    assert {name: value for name, value in recorded.items() if found[name] < value - ROUNDING} == {}
    assert {name: floor for name, floor in FLOORS.items() if found[name] <= floor} == {}


@pytest.mark.parametrize("size", [256, 128, 64])
def test_the_first_dimensions_alone_reach_theirs(dev: Path, size: int) -> None:
    model = BundledModel(truncate_dim=size)
    recorded, found = model.card["prefixes"][str(size)], measure(model, dev)
    assert {name: value for name, value in recorded.items() if found[name] < value - ROUNDING} == {}
    assert recorded["news across"] > 0.75 * model.card["figures"]["news across"]
