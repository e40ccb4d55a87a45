"""How fast the bundled model embeds, beside sentence-transformers with the same weights. One run, one machine.

    python scripts/bench/embedding.py

The sentences are those of scripts/train/data, none of them seen twice: half of them, drawn at random, teach the model
words, as the first minute of a build does; the other half is timed. "First sight" is the first half.
"""

from __future__ import annotations

import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "scripts" / "train" / "data"
LANGS = ("en", "ko", "ja")
RUNS = 5


def sentences() -> dict[str, list[str]]:
    """The hand-written news sentences and paragraphs, by language, shuffled."""
    found: dict[str, list[str]] = {lang: [] for lang in LANGS}
    for path in sorted(DATA.glob("news-sentences-*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            for lang, text in zip(LANGS, line.split("\t"), strict=True):
                found[lang].append(text)
    for path in sorted(DATA.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            story = json.loads(line)
            for lang in LANGS:
                found[lang] += [story["headline"][lang], *story["questions"][lang]]
    for texts in found.values():
        random.Random(1).shuffle(texts)
    return found


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def ours(texts: Sequence[str], learnt: Sequence[str] = ()) -> float:
    """Seconds that a fresh model takes to embed `texts` once it has met `learnt`."""
    from semsearch.embedders.bundled import BundledModel

    model = BundledModel()
    model.embed_passages([*learnt, "warm"])
    return seconds(lambda: model.embed_passages(texts))


def in_two_processes(texts: Sequence[str], learnt: Sequence[str]) -> float:
    """Seconds of the slower of two processes that share the texts, both embedding at the same time."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        return max(pool.map(ours, [texts[::2], texts[1::2]], [learnt, learnt]))


def theirs(texts: Sequence[str], folder: Path) -> float:
    """Seconds that sentence-transformers takes with the exported model, batches of 256."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    model.encode(["warm"])
    return seconds(lambda: model.encode(texts, batch_size=256))


def load_milliseconds() -> float:
    """Median time to load the model in a new process, imports not counted."""
    code = (
        "import time; from semsearch.embedders.bundled import BundledModel; start = time.perf_counter(); "
        "BundledModel(); print((time.perf_counter() - start) * 1000)"
    )
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(RUNS)
    ]
    return statistics.median(times)


def main() -> None:
    """Run all measurements and print a Markdown table."""
    from semsearch.embedders.export import export

    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print(f"Loading: {load_milliseconds():.0f} ms\n")
    print("| sentences/s (MB/s) | first sight | words met before | two processes | sentence-transformers | ratio |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        export(folder)
        for lang, texts in sentences().items():
            half = len(texts) // 2
            learnt, timed = texts[:half], texts[half:]
            runs = {
                "first": statistics.median(ours(learnt) for _ in range(RUNS)),
                "warm": statistics.median(ours(timed, learnt) for _ in range(RUNS)),
                "two": statistics.median(in_two_processes(timed, learnt) for _ in range(RUNS)),
                "other": statistics.median(theirs(timed, folder) for _ in range(RUNS)),
            }
            megabytes = sum(len(text.encode()) for text in timed) / 1e6
            shown = [f"{half / took:,.0f} ({megabytes / took:.1f})" for took in runs.values()]
            print(f"| {lang} | {' | '.join(shown)} | {runs['other'] / runs['warm']:.1f} |")


if __name__ == "__main__":
    main()
