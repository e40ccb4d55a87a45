"""Measure a model on the development sets.

    python evaluate_model.py --corpora DIR [--model DIR]

`--model` is a directory as `export.py` writes it; by default the model inside the package.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

Vectors = NDArray[np.float32]
Encoder = Callable[[Sequence[str]], Vectors]
LANGS = ("en", "ko", "ja")


def lines_of(path: Path) -> list[str]:
    """Read a file of one sentence per line."""
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")


def accuracy(left: Vectors, right: Vectors) -> float:
    """Share of rows whose nearest neighbour on the other side is their own, both ways averaged."""
    scores = left @ right.T
    own = np.arange(len(left))
    return float(((scores.argmax(1) == own).mean() + (scores.argmax(0) == own).mean()) / 2)


def pair_accuracy(encode: Encoder, left: Path, right: Path) -> float:
    """Accuracy@1 of a pair of line-aligned files."""
    return accuracy(encode(lines_of(left)), encode(lines_of(right)))


def ndcg(queries: Vectors, passages: Vectors, k: int = 10) -> float:
    """nDCG@k where passage i is the only answer to query i."""
    scores = queries @ passages.T
    ranks = (scores > scores.diagonal()[:, None]).sum(1)
    return float(np.where(ranks < k, 1 / np.log2(ranks + 2), 0).mean())


def read_news(dev: Path) -> list[dict[str, Any]]:
    """Read the news questions."""
    path = dev / "news-questions" / "news-questions.jsonl"
    return [json.loads(line) for line in lines_of(path)]


def news_questions(model: Any, dev: Path, headlines: bool = True) -> dict[str, float]:
    """nDCG@10 (in hundredths) of every language pair question > passage, and the two means."""
    rows = read_news(dev)
    queries = {lang: model.embed_queries([row["question"][lang] for row in rows]) for lang in LANGS}
    passages = {}
    for lang in LANGS:
        contexts = [row["headline"][lang] for row in rows] if headlines else None
        passages[lang] = model.embed_passages([row["passage"][lang] for row in rows], contexts)
    found = {f"{a}>{b}": 100 * ndcg(queries[a], passages[b]) for a, b in product(LANGS, LANGS)}
    found["within"] = float(np.mean([found[f"{a}>{a}"] for a in LANGS]))
    found["across"] = float(np.mean([v for key, v in found.items() if len(key) == 5 and key[:2] != key[3:]]))
    return found


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Spearman rank correlation, ties averaged."""

    def ranks(values: Sequence[float]) -> NDArray[np.float64]:
        array = np.asarray(values)
        _, inverse, counts = np.unique(array, return_inverse=True, return_counts=True)
        return np.asarray((np.cumsum(counts) - counts / 2)[inverse], dtype=np.float64)

    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def similarity(encode: Encoder, rows: Sequence[tuple[str, str, float]]) -> float:
    """Spearman correlation of cosine similarity with human scores."""
    left, right = encode([row[0] for row in rows]), encode([row[1] for row in rows])
    return spearman((left * right).sum(1).tolist(), [row[2] for row in rows])


def read_korsts(path: Path) -> list[tuple[str, str, float]]:
    """Read a KorSTS file: score, then two sentences, in the last three columns."""
    cells = [line.split("\t") for line in lines_of(path)[1:]]
    return [(c[5], c[6], float(c[4])) for c in cells if len(c) > 6]


def read_scored(path: Path, score: Callable[[Any], float]) -> list[tuple[str, str, float]]:
    """Read sentence pairs of a JSON array or of JSON lines."""
    text = path.read_text(encoding="utf-8")
    rows = json.loads(text) if text.lstrip().startswith("[") else [json.loads(x) for x in text.splitlines()]
    return [(row["sentence1"], row["sentence2"], score(row)) for row in rows]


def passage_search(model: Any, questions: list[str], passages: list[str]) -> float:
    """nDCG@10 (in hundredths) of questions over the distinct passages of a reading set."""
    distinct = list(dict.fromkeys(passages))
    place = {text: number for number, text in enumerate(distinct)}
    vectors, queries = model.embed_passages(distinct), model.embed_queries(questions)
    own = np.array([place[text] for text in passages])
    total = 0.0
    for start in range(0, len(questions), 1000):
        scores = queries[start : start + 1000] @ vectors.T
        answer = scores[np.arange(len(scores)), own[start : start + 1000]]
        ranks = (scores > answer[:, None]).sum(1)
        total += float(np.where(ranks < 10, 1 / np.log2(ranks + 2), 0).sum())
    return 100 * total / len(questions)


def read_jsquad(path: Path) -> tuple[list[str], list[str]]:
    """Read the questions and paragraphs of a SQuAD-style file."""
    questions, passages = [], []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                questions.append(question["question"])
                passages.append(paragraph["context"].split("[SEP]")[-1])
    return questions, passages


def measure(model: Any, dev: Path) -> dict[str, float]:
    """Measure everything; accuracies and correlations in [0, 1], nDCG@10 in hundredths."""
    encode: Encoder = model.embed_passages
    tatoeba, park, jhe = dev / "laser-tatoeba", dev / "park-news", dev / "jhe"
    challenge = dev / "tatoeba-challenge" / "jpn-kor.v2021-08-07"
    found = {
        "tatoeba ko-en": pair_accuracy(encode, tatoeba / "tatoeba.kor-eng.kor", tatoeba / "tatoeba.kor-eng.eng"),
        "tatoeba ja-en": pair_accuracy(encode, tatoeba / "tatoeba.jpn-eng.jpn", tatoeba / "tatoeba.jpn-eng.eng"),
        "tatoeba-challenge ja-ko": pair_accuracy(encode, Path(f"{challenge}.jpn"), Path(f"{challenge}.kor")),
        "park-news test": pair_accuracy(
            encode, park / "korean-english-park.test.ko", park / "korean-english-park.test.en"
        ),
        "jhe eval": pair_accuracy(encode, jhe / "jhe-koen-eval.ko", jhe / "jhe-koen-eval.en"),
        "KorSTS test": similarity(encode, read_korsts(dev / "kornlu" / "KorSTS" / "sts-test.tsv")),
        "KLUE-STS dev": similarity(
            encode, read_scored(dev / "klue" / "klue-sts-v1.1_dev.json", lambda row: row["labels"]["label"])
        ),
        "JSTS valid": similarity(
            encode, read_scored(dev / "jglue" / "jsts-v1.3.valid-v1.3.json", lambda row: row["label"])
        ),
        "JSQuAD valid nDCG": passage_search(model, *read_jsquad(dev / "jglue" / "jsquad-v1.3.valid-v1.3.json")),
    }
    rows = [line.split("\t") for line in lines_of(dev / "jaquad" / "dev.question-passage.ja.tsv")]
    found["JaQuAD dev nDCG"] = passage_search(model, [row[0] for row in rows], [row[1] for row in rows])
    for name, headlines in (("news", True), ("news, no headline", False)):
        found.update({f"{name} {pair}": v for pair, v in news_questions(model, dev, headlines).items()})
    return found


def main() -> None:
    """Run the command line."""
    from semsearch.embedders.bundled import BundledModel

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    for name, value in measure(BundledModel(options.model), options.corpora / "dev").items():
        print(f"{name:<28} {value:.3f}" if value <= 1 else f"{name:<28} {value:.1f}")


if __name__ == "__main__":
    main()
