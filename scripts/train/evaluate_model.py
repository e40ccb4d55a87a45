"""Measure a model on the development sets.

    python evaluate_model.py --corpora DIR [--model DIR] [--truncate-dim N]

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


def bitext(encode: Encoder, name: str, files: dict[str, Path]) -> dict[str, float]:
    """Accuracy@1 in hundredths of two line-aligned files, by language, in both directions.

    The share of lines whose nearest neighbour on the other side is their own, as MTEB counts it.
    """
    (a, left), (b, right) = files.items()
    scores = encode(lines_of(left)) @ encode(lines_of(right)).T
    own = np.arange(len(scores))
    return {
        f"{name} {a}>{b}": 100 * float((scores.argmax(1) == own).mean()),
        f"{name} {b}>{a}": 100 * float((scores.argmax(0) == own).mean()),
    }


def ndcg(queries: Vectors, passages: Vectors, k: int = 10) -> float:
    """nDCG@k where passage i is the only answer to query i."""
    scores = queries @ passages.T
    ranks = (scores > scores.diagonal()[:, None]).sum(1)
    return float(np.where(ranks < k, 1 / np.log2(ranks + 2), 0).mean())


def read_news(dev: Path) -> list[dict[str, Any]]:
    """Read the news questions."""
    path = dev / "news-questions" / "news-questions.jsonl"
    return [json.loads(line) for line in lines_of(path)]


def headlines(encode: Encoder, rows: list[dict[str, Any]]) -> dict[str, float]:
    """Accuracy@1 in hundredths of the news questions' headlines as bitext."""
    vectors = {lang: encode([row["headline"][lang] for row in rows]) for lang in LANGS}
    own = np.arange(len(rows))
    return {
        f"headlines {a}>{b}": 100 * float(((vectors[a] @ vectors[b].T).argmax(1) == own).mean())
        for a, b in product(LANGS, LANGS)
        if a != b
    }


def news_questions(model: Any, rows: list[dict[str, Any]], headlines: bool = True) -> dict[str, float]:
    """nDCG@10 (in hundredths) of every language pair question > passage, and the two means."""
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
    """Spearman correlation of cosine similarity with human scores, in hundredths."""
    left, right = encode([row[0] for row in rows]), encode([row[1] for row in rows])
    return 100 * spearman((left * right).sum(1).tolist(), [row[2] for row in rows])


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
    """Measure everything, in hundredths: accuracy@1 of bitext, nDCG@10 of questions, rank correlation of likeness."""
    encode: Encoder = model.embed_passages
    tatoeba, park, jhe = dev / "laser-tatoeba", dev / "park-news", dev / "jhe"
    challenge = str(dev / "tatoeba-challenge" / "jpn-kor.v2021-08-07")
    stories = read_news(dev)
    found = {}
    for a, b, name in (("ko", "en", "kor-eng"), ("ja", "en", "jpn-eng")):
        file = f"tatoeba.{name}."
        files = {a: tatoeba / (file + name[:3]), b: tatoeba / (file + name[4:])}
        found |= bitext(encode, "Tatoeba", files)
    found |= bitext(encode, "Tatoeba-Challenge", {"ko": Path(challenge + ".kor"), "ja": Path(challenge + ".jpn")})
    found |= bitext(encode, "park-news", {lang: park / f"korean-english-park.test.{lang}" for lang in ("ko", "en")})
    found |= bitext(encode, "jhe", {lang: jhe / f"jhe-koen-eval.{lang}" for lang in ("ko", "en")})
    found |= headlines(encode, stories)
    korsts = read_korsts(dev / "kornlu" / "KorSTS" / "sts-test.tsv")
    klue = read_scored(dev / "klue" / "klue-sts-v1.1_dev.json", lambda row: row["labels"]["label"])
    jsts = read_scored(dev / "jglue" / "jsts-v1.3.valid-v1.3.json", lambda row: row["label"])
    found |= {"KorSTS": similarity(encode, korsts), "KLUE-STS": similarity(encode, klue)}
    found |= {"JSTS": similarity(encode, jsts)}
    found["JSQuAD ja>ja"] = passage_search(model, *read_jsquad(dev / "jglue" / "jsquad-v1.3.valid-v1.3.json"))
    rows = [line.split("\t") for line in lines_of(dev / "jaquad" / "dev.question-passage.ja.tsv")]
    found["JaQuAD ja>ja"] = passage_search(model, [row[0] for row in rows], [row[1] for row in rows])
    for name, with_headline in (("news", True), ("news, no headline", False)):
        found |= {f"{name} {pair}": v for pair, v in news_questions(model, stories, with_headline).items()}
    return found


def main() -> None:
    """Run the command line."""
    from semsearch.embedders.bundled import BundledModel

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--truncate-dim", type=int)
    options = parser.parse_args()
    for name, value in measure(BundledModel(options.model, options.truncate_dim), options.corpora / "dev").items():
        print(f"{name:<28} {value:.1f}")


if __name__ == "__main__":
    main()
