"""How well passages are found, by meaning, by words and by both: nDCG@10 per language pair.

    python scripts/bench/quality.py [--model NAME_OR_PATH] [--news FILE [--among SOURCE]] [--record]

Each question of seeds/questions.tsv is put to an index over the seeds, restricted to the passages of each language
(query language > passage language), judged by seeds/qrels.txt. A judgement names `path:line`; it belongs to the passage
whose lines contain that line, so it outlives a change of chunking. `--news` adds a set of JSON Lines with `headline`,
`passage` and `question` in each language, one answer to a question. With `--among` its questions are also put to an
index that holds the stories and another archive, in all languages at once; the answers are the story in each of them.
With `--record`, nDCG@10 on the seeds goes into
seeds.json beside this file, below which the tests do not let the bundled model fall.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import semsearch

ROOT = Path(__file__).resolve().parents[2]
RECORD = Path(__file__).with_name("seeds.json")
LANGUAGES = ("ko", "en", "ja")

MODES = ("dense", "words", "hybrid")

Judgements = dict[str, dict[str, int]]


def questions() -> list[tuple[str, str, str]]:
    """(question id, language, text) of every question."""
    with (ROOT / "seeds/questions.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row[0], row[1], row[2]) for row in rows if row and not row[0].startswith("#")]


def judgements(index: semsearch.Index) -> Judgements:
    """Grade of each judged passage id, by question id."""
    by_file: dict[str, list[semsearch.Passage]] = defaultdict(list)
    for passage in index:
        by_file["/".join(Path(passage.source).parts[-2:])].append(passage)
    graded: Judgements = defaultdict(dict)
    for line in (ROOT / "seeds/qrels.txt").read_text(encoding="utf-8").splitlines():
        question, _, place, grade = line.split()
        name, _, number = place.rpartition(":")
        for passage in by_file[name]:
            if passage.place.line_start <= int(number) <= passage.place.line_end:
                graded[question][passage.id] = max(int(grade), graded[question].get(passage.id, 0))
    return graded


def measures(ranked: list[str], grades: dict[str, int]) -> tuple[float, float, float]:
    """nDCG@10 (gain 2^grade - 1), recall@10 and MRR@10 of one ranking."""

    def gain(values: list[int]) -> float:
        return sum((2**value - 1) / math.log2(place + 2) for place, value in enumerate(values[:10]))

    found = [grades.get(passage, 0) for passage in ranked[:10]]
    ideal = gain(sorted(grades.values(), reverse=True))
    first = next((place for place, value in enumerate(found, 1) if value), 0)
    return gain(found) / ideal, sum(value > 0 for value in found) / len(grades), 1 / first if first else 0.0


def evaluate(index: semsearch.Index, mode: str) -> dict[tuple[str, str], tuple[float, float, float, int]]:
    """Mean nDCG@10, recall@10, MRR@10 and the number of questions per (question language, passage language)."""
    graded = judgements(index)
    lang_of = {passage.id: passage.source.split("/")[-2] for passage in index}
    results: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    for question, asked, text in questions():
        for lang in LANGUAGES:
            grades = {pid: grade for pid, grade in graded[question].items() if lang_of[pid] == lang}
            if grades:
                hits = index.query(text, 10, mode=mode, source=f"*/{lang}/*")
                results[asked, lang].append(measures([hit.passage.id for hit in hits], grades))
    return {
        pair: (*(sum(column) / len(rows) for column in zip(*rows, strict=True)), len(rows))  # type: ignore[misc]
        for pair, rows in results.items()
    }


def write_stories(path: Path, folder: Path) -> list[dict[str, Any]]:
    """Write the stories of a file into a folder, as JSON Lines for each language; returns them."""
    stories = [json.loads(line) for line in path.open(encoding="utf-8")]
    for lang in LANGUAGES:
        with (folder / f"{lang}.jsonl").open("w", encoding="utf-8") as file:
            for story in stories:
                text = story["passage"][lang].replace("\n", " ")
                record = {"id": story["id"], "date": story["date"], "title": story["headline"][lang]}
                file.write(json.dumps({**record, "lang": lang, "text": text}) + "\n")
    return stories


def among(path: Path, other: Path, model: str) -> tuple[int, dict[str, dict[str, float]]]:
    """The same stories among the passages of another archive, all languages at once: passages, nDCG@10 per mode and
    language of the question."""
    with tempfile.TemporaryDirectory() as folder:
        stories = write_stories(path, Path(folder))
        passages = semsearch.build([folder, other], f"{folder}/index", model).passages
        table: dict[str, dict[str, float]] = {mode: defaultdict(float) for mode in MODES}
        with semsearch.open(f"{folder}/index") as index:
            for mode, story, asked in product(MODES, stories, LANGUAGES):
                hits = index.query(story["question"][asked], 10, mode=mode)
                found = [f"{hit.passage.external_id} {hit.passage.lang}" for hit in hits]
                grades = {f"{story['id']} {lang}": 1 for lang in LANGUAGES}
                table[mode][asked] += measures(found, grades)[0] / len(stories)
    return passages, table


def news(path: Path, model: str) -> dict[str, dict[tuple[str, str], float]]:
    """nDCG@10 per mode and pair on a set of stories, each with one question in three languages."""
    with tempfile.TemporaryDirectory() as folder:
        stories = write_stories(path, Path(folder))
        semsearch.build([folder], f"{folder}/index", model)
        table: dict[str, dict[tuple[str, str], float]] = {mode: defaultdict(float) for mode in MODES}
        with semsearch.open(f"{folder}/index") as index:
            for mode in MODES:
                for story in stories:
                    for asked in LANGUAGES:
                        for lang in LANGUAGES:
                            hits = index.query(story["question"][asked], 10, mode=mode, lang=lang, collapse=False)
                            found = [hit.passage.external_id or "" for hit in hits]
                            table[mode][asked, lang] += measures(found, {story["id"]: 1})[0] / len(stories)
    return table


def show(title: str, table: Mapping[str, Mapping[tuple[str, str], float]]) -> None:
    """A row for each pair of languages, a column for each mode."""
    print(f"\n{title}, nDCG@10\n")
    print(f"| question > passages | {' | '.join(MODES)} |\n|---|{'---|' * len(MODES)}")
    pairs = sorted(table["dense"])
    for asked, lang in pairs:
        print(f"| {asked} > {lang} | " + " | ".join(f"{100 * table[mode][asked, lang]:.1f}" for mode in MODES) + " |")
    for name, same in (("within a language", True), ("across languages", False)):
        mine = [pair for pair in pairs if (pair[0] == pair[1]) == same]
        means = [100 * sum(table[mode][pair] for pair in mine) / len(mine) for mode in MODES]
        print(f"| {name} | " + " | ".join(f"{mean:.1f}" for mean in means) + " |")


def main() -> None:
    """Build the seeds in a temporary folder and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--news", type=Path, help="a set of stories with questions")
    parser.add_argument("--among", type=Path, help="another archive, in which to look for the stories")
    parser.add_argument("--record", action="store_true", help="keep the figures as those to hold")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        semsearch.build([ROOT / "seeds"], folder, options.model)
        with semsearch.open(folder) as index:
            table = {mode: {pair: row[0] for pair, row in evaluate(index, mode).items()} for mode in MODES}
    if options.record:
        figures = {
            mode: {f"{asked}>{lang}": round(100 * value, 2) for (asked, lang), value in sorted(pairs.items())}
            for mode, pairs in table.items()
        }
        RECORD.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    show(f"{options.model}, the sample archive: {len(questions())} questions", table)
    if options.news:
        show(f"{options.model}, {options.news.name}", news(options.news, options.model))
    if options.news and options.among:
        passages, table = among(options.news, options.among, options.model)
        print(f"\n{options.news.name} among {passages:,} passages, all languages at once, nDCG@10\n")
        print(f"| question | {' | '.join(MODES)} |\n|---|{'---|' * len(MODES)}")
        for asked in LANGUAGES:
            print(f"| {asked} | " + " | ".join(f"{100 * table[mode][asked]:.1f}" for mode in MODES) + " |")


if __name__ == "__main__":
    main()
