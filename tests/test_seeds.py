"""The sample archive: its form, its judgements, and that the bundled model finds what is asked."""

from __future__ import annotations

import importlib.util
import json
import re
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

import semsearch
from tests.conftest import ROOT, SEEDS

LANGUAGES = ("ko", "en", "ja")
ARTICLES = sorted(SEEDS.glob("??/*.txt"))


@pytest.fixture(scope="module")
def quality() -> ModuleType:
    """scripts/bench/quality.py, which reads and scores the questions."""
    spec = importlib.util.spec_from_file_location("quality", ROOT / "scripts/bench/quality.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_story_is_told_in_three_languages() -> None:
    stories = {lang: {path.name for path in (SEEDS / lang).glob("*.txt")} for lang in LANGUAGES}
    assert stories["ko"] == stories["en"] == stories["ja"]
    assert len(stories["ko"]) >= 36


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_article_has_the_article_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    head, *paragraphs = text.rstrip("\n").split("\n\n")
    match = re.fullmatch(r"date (\d{4}-\d{2}-\d{2}) \S.*", head)
    assert match
    assert date.fromisoformat(match[1]) <= date(2026, 1, 1)
    assert 6 <= len(paragraphs) <= 14
    assert all(paragraph == paragraph.strip() and "\n" not in paragraph for paragraph in paragraphs)


def test_the_three_articles_of_a_story_share_the_date_and_no_headline() -> None:
    heads = defaultdict(set)
    for path in ARTICLES:
        heads[path.name].add(tuple(path.read_text(encoding="utf-8").split("\n", 1)[0].split(" ", 2)[1:]))
    assert all(len({day for day, _ in story}) == 1 and len(story) == 3 for story in heads.values())


def test_every_article_is_read_as_its_language(seeds_index: Path) -> None:
    with semsearch.open(seeds_index) as index:
        wrong = [(p.source, p.lang) for p in index if p.source.split("/")[-2] != p.lang]
        assert index.info()["articles"] == len(ARTICLES)
    assert wrong == []


def test_questions_are_judged_in_all_three_languages(quality: ModuleType, seeds_index: Path) -> None:
    asked = quality.questions()
    assert len(asked) >= 180
    assert min(Counter(lang for _, lang, _ in asked).values()) >= 60
    assert len({text for _, _, text in asked}) == len(asked)
    with semsearch.open(seeds_index) as index:
        graded = quality.judgements(index)
        lang_of = {passage.id: passage.source.split("/")[-2] for passage in index}
    judged = [{lang_of[pid] for pid in graded[question]} for question, _, _ in asked]
    assert all(judged)
    assert sum(len(langs) == 3 for langs in judged) >= 0.9 * len(asked)


def test_every_judgement_names_a_paragraph(quality: ModuleType) -> None:
    names = {question for question, _, _ in quality.questions()}
    for line in (SEEDS / "qrels.txt").read_text(encoding="utf-8").splitlines():
        question, zero, place, grade = line.split()
        name, _, number = place.rpartition(":")
        lines = (SEEDS / name).read_text(encoding="utf-8").split("\n")
        assert question in names
        assert zero == "0"
        assert grade in {"1", "2"}
        assert int(number) > 1
        assert lines[int(number) - 1].strip()


@pytest.mark.parametrize("mode", ["dense", "words", "hybrid"])
def test_answers_are_found_as_well_as_recorded(quality: ModuleType, seeds_index: Path, mode: str) -> None:
    """nDCG@10 of each language pair against scripts/bench/seeds.json; what it may lose is a rank or two by rounding."""
    with semsearch.open(seeds_index) as index:
        table = quality.evaluate(index, mode)
    recorded = json.loads(quality.RECORD.read_text(encoding="utf-8"))
    found = {f"{asked}>{lang}": 100 * row[0] for (asked, lang), row in table.items()}
    assert found.keys() == recorded[mode].keys()
    assert len(found) == 9
    for pair, figure in recorded[mode].items():
        assert found[pair] > figure - 0.3, pair


def test_both_ways_together_are_better_than_either_for_every_pair(quality: ModuleType) -> None:
    recorded = json.loads(quality.RECORD.read_text(encoding="utf-8"))
    for pair, figure in recorded["hybrid"].items():
        assert figure > max(recorded["dense"][pair], recorded["words"][pair]), pair
    within = [figure for pair, figure in recorded["hybrid"].items() if pair[:2] == pair[3:]]
    across = [figure for pair, figure in recorded["hybrid"].items() if pair[:2] != pair[3:]]
    assert sum(across) / len(across) > 0.92 * sum(within) / len(within)
