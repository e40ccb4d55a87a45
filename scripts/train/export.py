"""Write a trained table as the package's model files.

    python export.py --work DIR --target DIR [--version 1] [--figures FILE]

Rows become int8 with one scale each; `model.json` records the digest of the files.
"""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from semsearch.embedders.bundled import CARD, SCALES, TOKENIZER, VECTORS, digest

_LEAST_LENGTH = 1e-3


def quantise(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round each row to int8 with its own scale; rows of no length get a very short one."""
    table = table.copy()
    table[np.linalg.norm(table, axis=1) < _LEAST_LENGTH, 0] = _LEAST_LENGTH
    scales = (np.abs(table).max(1) / 127).astype(np.float32)
    return np.rint(table / scales[:, None]).astype(np.int8), scales


def export(table: NDArray[np.float32], tokenizer: Path, target: Path, version: str, figures: dict[str, float]) -> None:
    """Write vectors, scales, tokenizer and card into `target`."""
    target.mkdir(parents=True, exist_ok=True)
    rows, scales = quantise(table)
    np.save(target / VECTORS, rows)
    np.save(target / SCALES, scales)
    shutil.copyfile(tokenizer, target / TOKENIZER)
    card = {
        "name": "semsearch-koenja",
        "version": version,
        "description": "Static subword embeddings for Korean, English and Japanese.",
        "languages": ["ko", "en", "ja"],
        "dimension": table.shape[1],
        "vocabulary_size": table.shape[0],
        "max_tokens": 512,
        "weights": "int8 rows, one float32 scale per row",
        "licence": "CC-BY-SA-4.0",
        "training_date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "sources": "see scripts/train/SOURCES.md",
        "sha256": digest(target),
        "figures": {name: round(value, 4 if value <= 1 else 1) for name, value in figures.items()},
    }
    (target / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--name", default="table.npy")
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--version", default="1")
    parser.add_argument("--corpora", type=Path, help="measure the model on the development sets")
    options = parser.parse_args()
    table, tokenizer = np.load(options.work / options.name), options.work / TOKENIZER
    export(table, tokenizer, options.target, options.version, {})
    if options.corpora:
        from evaluate_model import measure

        from semsearch.embedders.bundled import BundledModel

        figures = measure(BundledModel(options.target), options.corpora / "dev")
        export(table, tokenizer, options.target, options.version, figures)
        print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
