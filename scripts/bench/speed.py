"""How fast semsearch is, as ratios against the same pipeline through sentence-transformers. One run, one machine.

    python scripts/bench/speed.py

Measures, each several times and by its median: a cold `semsearch query` as a whole process against importing
sentence-transformers alone; the build in passages/s, end to end, with the bundled model and with a transformer of
multilingual-e5-small's shape (12 layers, 384 wide, 250,037 tokens; RANDOM weights: its speed is real, its answers
are not); and the peak memory of builds of growing archives.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds"


def main() -> None:
    """Run all measurements and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=9000, help="articles in the build that is timed")
    parser.add_argument("--slow-articles", type=int, default=24, help="articles embedded with the transformer")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        machine = platform.processor() or platform.machine()
        print(f"{machine}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
        print("| what | median | of |\n|---|---|---|")
        cold_query(folder)
        throughput(folder, options.articles, options.slow_articles)
        memory(folder, (options.articles // 3, options.articles, options.articles * 3))


def row(what: str, figure: str, of: str = "") -> None:
    """One line of the table."""
    print(f"| {what} | {figure} | {of} |", flush=True)


def seconds(command: list[str], runs: int) -> list[float]:
    """Wall time of a whole process, `runs` times after one that is not counted."""
    times = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        times.append(time.perf_counter() - started)
    return times[1:]


def cold_query(folder: Path) -> None:
    """A query from a new process, beside importing the library that others start with."""
    index = str(folder / "seeds")
    subprocess.run([sys.executable, "-m", "semsearch", "build", "seeds", "--index", index], check=True, cwd=ROOT)
    ours = seconds([sys.executable, "-m", "semsearch", "query", "Korea Japan normalization", "--index", index], 9)
    other = seconds([sys.executable, "-c", "import sentence_transformers"], 3)
    mine, theirs = statistics.median(ours), statistics.median(other)
    row("cold `semsearch query`", f"{mine:.2f} s", f"{len(ours)} runs, {min(ours):.2f}-{max(ours):.2f}")
    row("`import sentence_transformers` alone", f"{theirs:.2f} s", f"{len(other)} runs")
    row("ratio", f"{theirs / mine:.0f} times", "")


def archive(folder: Path, articles: int) -> Path:
    """`articles` different articles made from the seeds: each paragraph gets a number of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    originals = sorted(SEEDS.glob("??/*.txt"))
    for n in range(articles):
        head, *paragraphs = originals[n % len(originals)].read_text(encoding="utf-8").strip().split("\n\n")
        body = "\n\n".join(f"{paragraph} ({n})" for paragraph in paragraphs)
        (folder / f"{n:06}.txt").write_text(f"{head}\n\n{body}\n", encoding="utf-8")
    return folder


BUILD = """
import json, sys
import semsearch
model = semsearch.load_embedder() if sys.argv[3] == "-" else semsearch.load_embedder(sys.argv[3], device="cpu")
report = semsearch.build([sys.argv[1]], sys.argv[2], model)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))  # ru_maxrss would count the parent too
peak = int(status["VmHWM"].split()[0])
print(json.dumps({"passages": report.passages, "seconds": report.seconds, "peak": peak}))
"""


def build(source: Path, index: Path, model: str = "-") -> dict[str, float]:
    """Build in a new process; passages, seconds (the model already loaded), and peak memory in KiB."""
    shutil.rmtree(index, ignore_errors=True)
    command = [sys.executable, "-c", BUILD, str(source), str(index), model]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def throughput(folder: Path, articles: int, slow_articles: int) -> None:
    """Passages per second from files on disk to a published index."""
    model = transformer(folder / "e5-small-shape")
    fast = [build(archive(folder / "a", articles), folder / "i") for _ in range(3)]
    slow = [build(archive(folder / "b", slow_articles), folder / "i", str(model)) for _ in range(3)]
    rate = statistics.median(run["passages"] / run["seconds"] for run in fast)
    other = statistics.median(run["passages"] / run["seconds"] for run in slow)
    row("build, bundled model", f"{rate:,.0f} passages/s", f"3 builds of {fast[0]['passages']:,} passages")
    row("build, e5-small's shape", f"{other:,.1f} passages/s", f"3 builds of {slow[0]['passages']:,} passages")
    row("ratio", f"{rate / other:,.0f} times", "")


def transformer(folder: Path) -> Path:
    """Save a sentence-transformers model of multilingual-e5-small's shape with random weights."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    from semsearch.embedders.bundled import BundledModel

    torch.manual_seed(1)
    config = BertConfig(vocab_size=250_037, hidden_size=384, num_hidden_layers=12, intermediate_size=1536)
    base = folder.with_name("base")
    BertModel(config).save_pretrained(base)
    words = BundledModel().subwords.tokenizer
    words.add_special_tokens(["[PAD]"])
    PreTrainedTokenizerFast(tokenizer_object=words, pad_token="[PAD]", model_max_length=512).save_pretrained(base)
    encoder = Transformer(str(base), max_seq_length=512)
    SentenceTransformer(modules=[encoder, Pooling(384)], device="cpu").save(str(folder))
    return folder


def memory(folder: Path, sizes: tuple[int, ...]) -> None:
    """Peak memory of a build against the number of articles."""
    for articles in sizes:
        run = build(archive(folder / "a", articles), folder / "i")
        size = f"{articles:,} articles, {run['passages']:,} passages"
        row("peak memory of a build", f"{run['peak'] / 1024:,.0f} MiB", size)


if __name__ == "__main__":
    main()
