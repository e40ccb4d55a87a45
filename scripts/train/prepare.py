"""Read the corpora, drop what overlaps the evaluation data, write one file of pairs.

python prepare.py --corpora DIR --work DIR
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from corpus import Pair, read_pairs
from overlap import OverlapFilter, filter_for

_BATCH = 5000
_filter: OverlapFilter | None = None


def write_pairs(corpora: Path, target: Path, processes: int = 2) -> Counter[str]:
    """Write the pairs that pass the overlap filter to `target`; count kept and dropped rows."""
    global _filter
    _filter = filter_for(corpora)
    counts: Counter[str] = Counter()
    pairs = read_pairs(corpora)
    batches = iter(lambda: list(itertools.islice(pairs, _BATCH)), [])
    with multiprocessing.get_context("fork").Pool(processes) as pool, target.open("w") as out:
        for kept, dropped in pool.imap(_keep, batches):
            counts["kept"] += len(kept)
            counts.update(f"dropped from {source}" for source in dropped)
            out.writelines("\t".join(_row(pair)) + "\n" for pair in kept)
    return counts


def write_rows(pairs: Iterable[Pair], target: Path) -> None:
    """Write pairs as tab-separated rows."""
    with target.open("w", encoding="utf-8") as out:
        out.writelines("\t".join(_row(pair)) + "\n" for pair in pairs)


def _keep(pairs: list[Pair]) -> tuple[list[Pair], list[str]]:
    assert _filter is not None
    verdicts = [_filter.pair_overlaps(pair) for pair in pairs]
    kept = [pair for pair, bad in zip(pairs, verdicts, strict=True) if not bad]
    return kept, [pair.source for pair, bad in zip(pairs, verdicts, strict=True) if bad]


def _row(pair: Pair) -> tuple[str, ...]:
    return (pair.source, pair.group, pair.left_lang, pair.left, pair.right_lang, pair.right)


def load_pairs(path: Path) -> Iterator[Pair]:
    """Read back the pairs that `write_pairs` wrote."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield Pair(*line.rstrip("\n").split("\t"))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    counts = write_pairs(options.corpora, options.work / "pairs.tsv")
    for name, count in counts.most_common():
        print(f"{count:>9,} {name}")


if __name__ == "__main__":
    main()
