"""How alike unrelated questions and passages are to the bundled model, by pair of languages: calibration.json.

    python scripts/bench/calibrate.py

Questions and passages are those written for the training (scripts/train/data), of which each question has one answer;
all other pairs are unrelated. `dense` is the cosine, `hybrid` the weighted mean that ranks, where unrelated texts share
no words. To be run again when the model or the weights of the mean change.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np

from semsearch.calibration import BUNDLED
from semsearch.embedders.bundled import BundledModel
from semsearch.ranking import convex

STORIES = Path(__file__).parents[1] / "train/data"
LANGUAGES = ("ko", "en", "ja")
DIMENSIONS = (256, 128, 64)
SAMPLE = 240


def main() -> None:
    """Write semsearch/calibration.json and print it."""
    lines = [line for path in sorted(STORIES.glob("news-questions-*.jsonl")) for line in path.open(encoding="utf-8")]
    stories = [json.loads(line) for line in lines[:: max(1, len(lines) // SAMPLE)]]
    tables: dict[str, dict[str, dict[str, list[float]]]] = {}
    for dimension in DIMENSIONS:
        model = BundledModel(truncate_dim=dimension)
        table: dict[str, dict[str, list[float]]] = {"dense": {}, "hybrid": {}}
        for asked, lang in product(LANGUAGES, repeat=2):
            questions = [story["questions"][asked][0] for story in stories]
            titles = [story["headline"][lang] for story in stories]
            texts = [story["passage"][lang] for story in stories]
            dense = model.embed_queries(questions) @ model.embed_passages(texts, titles).T
            whole = [f"{title}\n{text}" for title, text in zip(titles, texts, strict=True)]
            tokens = np.stack([model.alignment(question, whole) for question in questions])
            mean = convex({"dense": dense, "tokens": tokens, "words": np.zeros_like(dense)})
            unrelated = ~np.eye(len(stories), dtype=bool)
            for mode, scores in (("dense", dense), ("hybrid", mean)):
                values = scores[unrelated]
                table[mode][f"{asked}>{lang}"] = [round(float(values.mean()), 4), round(float(values.std()), 4)]
        tables[str(dimension)] = table
    BUNDLED.write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")
    print(BUNDLED.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
