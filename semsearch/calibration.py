"""How alike unrelated texts are, by language: what a score is measured against.

Two texts of one language share more than two of different languages, whatever they say. So a score says little by
itself; how far it lies above the scores of unrelated pairs of the same two languages says more, and can be compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from semsearch.protocols import Vectors

Usual: TypeAlias = tuple[float, float]
"""The mean score of unrelated texts, and a step, which is about the standard deviation of unrelated scores. With the
bundled model a step is a tenth of the way to the mean of the answers it was trained on, for that way differs from pair
to pair: so no language is nearer. Of the answers it has not seen, the average one lies six steps up."""

TRAINED_ANSWER: Final = 10.0
"""Steps above unrelated texts at which the answers lie that the bundled model was trained on."""

BUNDLED: Final = Path(__file__).with_name("calibration.json")
"""For the bundled model, by dimensions, mode and pair of languages; scripts/bench/calibrate.py measured it."""
_FEW: Final = 8


def measure(samples: Mapping[str, Vectors]) -> dict[str, list[float]]:
    """Mean and standard deviation of the cosine of passages, for each pair of languages, such as `ko>en`.

    `samples`: some vectors of each language, shape (n, d), unit length; of fewer than eight nothing can be said.
    """
    enough = {lang: vectors for lang, vectors in samples.items() if len(vectors) >= _FEW}
    table = {}
    for one, other in product(enough, repeat=2):
        cosines = enough[one] @ enough[other].T
        if one == other:
            cosines = cosines[~np.eye(len(cosines), dtype=bool)]
        table[f"{one}>{other}"] = [round(float(cosines.mean()), 4), round(max(float(cosines.std()), 1e-3), 4)]
    return table


@cache
def of_bundled(dimension: int) -> dict[str, dict[str, list[float]]]:
    """By mode (`dense`, `hybrid`) and pair; the figures of the nearest dimension measured."""
    tables: dict[str, Any] = json.loads(BUNDLED.read_text(encoding="utf-8"))
    nearest = min(tables, key=lambda measured: abs(int(measured) - dimension))
    found: dict[str, dict[str, list[float]]] = tables[nearest]
    return found


def unrelated(table: Mapping[str, list[float]], asked: str, langs: Iterable[str]) -> dict[str, Usual]:
    """What is usual for a question in `asked` and passages in each of `langs`; pairs not measured get the mean."""
    rows = list(table.values()) or [[0.0, 1.0]]
    typical = (sum(row[0] for row in rows) / len(rows), sum(row[1] for row in rows) / len(rows))
    usual = {}
    for lang in set(langs):
        row = table.get(f"{asked}>{lang}")
        usual[lang] = (row[0], row[1]) if row else typical
    return usual
