"""How alike unrelated questions and passages are, by way of searching and pair of languages: calibration.json.

    python scripts/bench/calibrate.py

Questions and passages are those written for the training (scripts/train/data), of which each question has one answer;
all other pairs are unrelated. `dense` is the cosine, `words` the share of the question's words, `hybrid` the weighted
mean that ranks. For each pair: the mean of unrelated scores, and a tenth of the way from there to the mean of the
answers, which is about the standard deviation of unrelated scores, and fair: answers in all languages are equally far
up. To be run again when the model, the analysis, the lexicon or the weights change.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np

import semsearch
from semsearch.calibration import BUNDLED, TRAINED_ANSWER
from semsearch.languages import LANGUAGES

STORIES = Path(__file__).parents[1] / "train/data"
DIMENSIONS = (512, 256, 128, 64)
SAMPLE = 150
PARTS = {"dense": "dense", "words": "words", "hybrid": "fused"}


def stories() -> list[dict[str, dict[str, str]]]:
    """A sample spread over all stories."""
    lines = [line for path in sorted(STORIES.glob("news-questions-*.jsonl")) for line in path.open(encoding="utf-8")]
    return [json.loads(line) for line in lines[:: len(lines) // SAMPLE]]


def measure(dimension: int) -> dict[str, dict[str, list[float]]]:
    """Mean of unrelated scores, and a tenth of the way from it to the mean of the answers, by part and pair."""
    sample = stories()
    found: dict[tuple[str, str, bool], list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        for lang in LANGUAGES:
            records = [
                {"id": str(n), "lang": lang, "title": story["headline"][lang], "text": story["passage"][lang]}
                for n, story in enumerate(sample)
            ]
            lines = [json.dumps({**record, "text": record["text"].replace("\n", " ")}) for record in records]
            (Path(name) / f"{lang}.jsonl").write_text("\n".join(lines), encoding="utf-8")
        semsearch.build([name], f"{name}/index", truncate_dim=dimension)
        with semsearch.open(f"{name}/index") as index:
            for number, story in enumerate(sample):
                for asked in LANGUAGES:
                    for lang in LANGUAGES:
                        hits = index.query(
                            story["questions"][asked][0], 2 * SAMPLE, lang=lang, balance="off", collapse=False
                        )
                        for hit in hits:
                            answers = hit.passage.external_id == str(number)
                            for part, value in hit.scores:
                                found.setdefault((part, f"{asked}>{lang}", answers), []).append(value)
    table: dict[str, dict[str, list[float]]] = {}
    for mode, part in PARTS.items():
        for pair in (f"{asked}>{lang}" for asked in LANGUAGES for lang in LANGUAGES):
            unrelated, answers = np.mean(found[part, pair, False]), np.mean(found[part, pair, True])
            step = (answers - unrelated) / TRAINED_ANSWER
            table.setdefault(mode, {})[pair] = [round(float(unrelated), 4), round(float(step), 4)]
    return table


def main() -> None:
    """Write semsearch/calibration.json and print it."""
    tables = {str(dimension): measure(dimension) for dimension in DIMENSIONS}
    BUNDLED.write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")
    for dimension, table in tables.items():
        for mode, pairs in table.items():
            print(dimension, mode, *(f"{pair} {mean:.3f}/{spread:.3f}" for pair, (mean, spread) in pairs.items()))


if __name__ == "__main__":
    main()
