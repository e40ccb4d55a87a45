"""How long a question takes, warm and cold, in each mode: p50 and p95 over the seeds' questions.

    python scripts/bench/latency.py [--passages 100000 1000000] [--keep FOLDER]

Passages are made of sentences of the training stories and the seeds, drawn at random, three languages in turn: their
words are fewer and commoner than an archive's, which is hard on word search. The index is built by `semsearch.build`.
With `--keep` it is put there and used again.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from quality import questions

import semsearch

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("ko", "en", "ja")
MODES = ("dense", "words", "hybrid")


def sentences(lang: str) -> list[str]:
    """Sentences to make passages of."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "seeds" / lang).glob("*.txt"))]
    for path in sorted((ROOT / "scripts/train/data").glob("news-questions-*.jsonl")):
        texts += [json.loads(line)["passage"][lang] for line in path.open(encoding="utf-8")]
    pattern = r"(?<=[。])" if lang == "ja" else r"(?<=[.])\s+"
    return [part.strip() for text in texts for part in re.split(pattern, text) if len(part.strip()) > 15]


def write_archive(folder: Path, count: int) -> None:
    """JSON Lines of `count` passages, ten to an article."""
    draw = random.Random(7)
    pools = {lang: sentences(lang) for lang in LANGUAGES}
    with (folder / "archive.jsonl").open("w", encoding="utf-8") as file:
        for number in range(count // 10):
            lang = LANGUAGES[number % 3]
            gap = "" if lang == "ja" else " "
            paragraphs = [gap.join(draw.sample(pools[lang], 3)) for _ in range(10)]
            day = f"{2000 + number % 25}-{1 + number % 12:02}-{1 + number % 28:02}"
            record = {
                "title": draw.choice(pools[lang])[:60],
                "date": day,
                "text": "\n\n".join(paragraphs),
                "lang": lang,
            }
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def warm(folder: Path) -> Iterator[tuple[str, list[float]]]:
    """Milliseconds of every question, by mode; the first twenty warm up."""
    asked = [text for _, _, text in questions()]
    with semsearch.open(folder) as index:
        for mode in MODES:
            took = []
            for text in asked[:20] + asked:
                started = time.perf_counter()
                index.query(text, mode=mode)
                took.append((time.perf_counter() - started) * 1000)
            yield mode, sorted(took[20:])


def cold(folder: Path, mode: str, runs: int = 9) -> list[float]:
    """Seconds of `semsearch query` in a process of its own."""
    took = []
    for _ in range(runs):
        started = time.perf_counter()
        command = [
            sys.executable,
            "-m",
            "semsearch",
            "query",
            "한일 국교 정상화",
            "--mode",
            mode,
            "--index",
            str(folder),
        ]
        subprocess.run(command, check=True, capture_output=True)
        took.append(time.perf_counter() - started)
    return sorted(took)


def report(folder: Path) -> None:
    """Print the rows of one index."""
    with semsearch.open(folder) as index:
        count = index.info()["passages"]
    for mode, took in warm(folder):
        middle, late = took[len(took) // 2], took[int(len(took) * 0.95)]
        print(f"| {count:,} | {mode} | {middle:.1f} ms | {late:.1f} ms | {len(took)} |", flush=True)
    times = {mode: cold(folder, mode) for mode in ("dense", "hybrid")}
    middles = {mode: took[len(took) // 2] for mode, took in times.items()}
    ratio = f"{middles['hybrid'] / middles['dense']:.2f} times"
    print(f"| {count:,} | cold: dense {middles['dense']:.2f} s, hybrid {middles['hybrid']:.2f} s, {ratio} | | | 9 |")


def main() -> None:
    """Build archives of the sizes asked for and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--passages", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    print("| passages | mode | p50 | p95 | questions |\n|---|---|---|---|---|")
    for count in options.passages:
        with tempfile.TemporaryDirectory() as name:
            folder = (options.keep or Path(name)) / f"index-{count}"
            if not folder.exists():
                write_archive(Path(name), count)
                started = time.perf_counter()
                built = semsearch.build([name], folder)
                rate = built.passages / (time.perf_counter() - started)
                print(f"| {built.passages:,} | build: {rate:,.0f} passages/s | | | |", flush=True)
            report(folder)


if __name__ == "__main__":
    main()
