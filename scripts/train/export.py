"""Write a trained table as the package's model files.

    python export.py --work DIR --target DIR [--corpora DIR] [--version 1]

Rows become numbers of 4 bits with one scale each; `model.json` records the digest of the files, and with `--corpora`
what the model reaches on the development sets; `README.md`, made from `card.md`, is the model card.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from string import Template

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from semsearch.embedders.bundled import CARD, CARD_TEXT, FILES, SCALES, VECTORS, BundledModel, checksums, digest
from semsearch.embedders.subwords import PIECES, SCORES

HERE = Path(__file__).resolve().parent
_LEAST_LENGTH = 1e-3
_TOP = 7
_SHARES = tuple(n / 20 for n in range(8, 21))
"""Of a row's largest number: what lies beyond is cut off."""
PREFIXES = (256, 128, 64)
LANGS = ("ko", "en", "ja")
BITEXT = ("Tatoeba", "Tatoeba-Challenge", "headlines", "park-news", "jhe")
Figures = dict[str, float]


def quantise(table: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Round each row to -7 .. 7 with the scale that loses least, two numbers to a byte, the first in its lower half.

    Rows of no length get a very short one.
    """
    table = table.copy()
    table[np.linalg.norm(table, axis=1) < _LEAST_LENGTH, 0] = _LEAST_LENGTH
    widest = np.abs(table).max(1) / _TOP
    least = np.full(len(table), np.inf)
    scales = widest.astype(np.float32)
    for share in _SHARES:
        tried = (share * widest).astype(np.float32)
        lost = np.square(table - _rounded(table, tried) * tried[:, None]).sum(1)
        scales, least = np.where(lost < least, tried, scales), np.minimum(lost, least)
    halves = (_rounded(table, scales) + 8).astype(np.uint8)
    return halves[:, ::2] | halves[:, 1::2] << 4, scales


def _rounded(table: NDArray[np.float32], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.clip(np.rint(table / scales[:, None]), -_TOP, _TOP)


def export(table: NDArray[np.float32], vocabulary: Path, target: Path, version: str) -> None:
    """Write vectors, scales, `model.json` and the vocabulary of that folder into `target`."""
    target.mkdir(parents=True, exist_ok=True)
    rows, scales = quantise(table)
    np.save(target / VECTORS, rows)
    np.save(target / SCALES, scales)
    for name in (PIECES, SCORES):
        shutil.copyfile(vocabulary / name, target / name)
    card = {
        "name": "semsearch-koenja",
        "version": version,
        "description": "Static subword embeddings for Korean, English and Japanese.",
        "languages": list(LANGS),
        "dimension": table.shape[1],
        "vocabulary_size": table.shape[0],
        "max_tokens": 512,
        "weights": "4-bit rows, one float32 scale per row",
        "licence": "CC-BY-SA-4.0",
        "sha256": digest(target),
        "crc32": checksums(target),
    }
    _write_json(target / CARD, card)


def describe(target: Path, figures: Figures, prefixes: dict[int, Figures]) -> None:
    """Add the figures to `model.json` and write the model card."""
    card = json.loads((target / CARD).read_text(encoding="utf-8"))
    card["figures"] = _brief(figures)
    card["prefixes"] = {str(size): _brief(found) for size, found in prefixes.items()}
    _write_json(target / CARD, card)
    size = sum((target / name).stat().st_size for name in FILES)
    text = Template((HERE / "card.md").read_text(encoding="utf-8")).substitute(
        dimension=card["dimension"],
        vocabulary_size=f"{card['vocabulary_size']:,}",
        size=f"{size / 1e6:.1f} MB",
        sentences=f"{3300 + _lines('news-sentences-*.tsv'):,}",
        stories=f"{_lines('*.jsonl'):,}",
        tables="\n".join([_bitext(figures), _search(figures, prefixes), _likeness(figures)]),
    )
    (target / CARD_TEXT).write_text(text, encoding="utf-8")


def _brief(figures: Figures) -> Figures:
    return {name: round(value, 2) for name, value in figures.items()}


def _lines(pattern: str) -> int:
    return sum(path.read_text(encoding="utf-8").count("\n") for path in (HERE / "data").glob(pattern))


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _bitext(figures: Figures) -> str:
    pairs = [f"{a}>{b}" for a in LANGS for b in LANGS if a != b]
    rows = [[name, *(_shown(figures.get(f"{name} {pair}")) for pair in pairs)] for name in BITEXT]
    return _table(["bitext", *pairs], rows)


def _search(figures: Figures, prefixes: dict[int, Figures]) -> str:
    pairs = [*(f"{a}>{b}" for a in LANGS for b in LANGS), "within", "across"]
    every = {"512 dimensions": figures, **{f"{size} dimensions": found for size, found in prefixes.items()}}
    rows = [
        [f"{kind}, {name}", *(_shown(found.get(f"{kind} {pair}")) for pair in pairs)]
        for kind in ("news", "news, no headline")
        for name, found in every.items()
    ]
    return _table(["search", *pairs], rows)


def _likeness(figures: Figures) -> str:
    names = ("JSQuAD ja>ja", "JaQuAD ja>ja", "KorSTS", "KLUE-STS", "JSTS")
    return _table(["others", *names], [["", *(_shown(figures.get(name)) for name in names)]])


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--name", default="table.npy")
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--version", default="1")
    parser.add_argument("--corpora", type=Path, help="measure the model on the development sets")
    options = parser.parse_args()
    export(np.load(options.work / options.name), options.work, options.target, options.version)
    if options.corpora:
        from evaluate_model import measure

        dev = options.corpora / "dev"
        figures = measure(BundledModel(options.target), dev)
        describe(options.target, figures, {size: measure(BundledModel(options.target, size), dev) for size in PREFIXES})
        print(json.dumps(_brief(figures), indent=2))


if __name__ == "__main__":
    main()
