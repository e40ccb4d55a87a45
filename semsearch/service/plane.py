"""The map of an archive: passages as points on a plane, near each other where they are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from semsearch.protocols import Vectors
from semsearch.records import Passage

SAMPLED: Final = 3_000
"""Passages on the map: more than a screen can tell apart."""


@dataclass(frozen=True, slots=True)
class Plane:
    """The two principal axes of a sample. The mean of each language is taken away first, so that what is left is
    the subject: otherwise the widest axis would part the languages from each other."""

    generation: int
    passages: Sequence[Passage]
    points: Vectors
    axes: Vectors
    means: dict[str, Vectors]
    scale: float

    def place(self, vectors: Vectors, langs: Sequence[str]) -> Vectors:
        """Where vectors of texts in these languages lie: float32, shape (n, 2), most within -1 to 1."""
        origin = np.zeros(vectors.shape[1], np.float32)
        own = np.stack([self.means.get(lang, origin) for lang in langs]) if langs else vectors[:0]
        return np.asarray((vectors - own) @ self.axes.T / self.scale, np.float32)


def plane(generation: int, passages: Sequence[Passage], vectors: Vectors) -> Plane:
    """The plane on which `vectors` (float32, a row per passage) differ most."""
    langs = np.array([passage.lang for passage in passages], dtype=object)
    means = {lang: vectors[langs == lang].mean(0) for lang in dict.fromkeys(langs.tolist())}
    centred = vectors - np.stack([means[lang] for lang in langs]) if len(langs) else vectors
    _, directions = np.linalg.eigh(centred.T @ centred)
    axes = np.ascontiguousarray(directions[:, ::-1][:, :2].T, np.float32)
    points = centred @ axes.T
    scale = float(np.quantile(np.abs(points), 0.99)) if points.size else 1.0
    return Plane(generation, passages, points / np.float32(scale or 1.0), axes, means, scale or 1.0)
