"""How well an index answers: questions and judgements in, measures per language pair and over all languages out.

    load_queries, load_qrels -> resolve, fold -> ask, or load_run -> measure -> group -> summarise

A run is {query id: {document: score}}, best first; qrels are {query id: {document: grade}}. A document is a passage's
id or, at document level, the name of its source. Every measure lies between 0 and 1.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import numpy as np

from semsearch import settings
from semsearch.errors import UsageError
from semsearch.languages import LANGUAGES, detect
from semsearch.records import Hit, Passage

PASSAGE, DOCUMENT = LEVELS = ("passage", "document")
MEASURES: Final = ("nDCG@10", "recall@10", "recall@100", "MRR@10")
ALL, SAME, OTHER = "all", "same", "other"
"""All languages at once; the passages' language is the question's; it is another."""
RESAMPLES: Final = 10_000
_QUERY: Final = re.compile(r"(\S+)\t(?:([a-z]{2,3})?\t)?([^\t]*\S[^\t]*)")
_JUDGEMENT: Final = re.compile(r"(\S+)\s+\S+\s+(\S|\S.*\S)\s+(1[0-6]|[0-9]|-[0-9]+)")
_RANKED: Final = re.compile(r"(\S+)\s+\S+\s+(\S|\S.*\S)\s+([0-9]+)\s+([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s+\S+")

Value = TypeVar("Value", int, float)
Rows: TypeAlias = dict[str, dict[str, Value]]
Run: TypeAlias = Rows[float]
Qrels: TypeAlias = Rows[int]
Named: TypeAlias = dict[str, Mapping[str, Mapping[str, float]]]
"""The judgements, and behind them the run files, by what they are called."""
Table: TypeAlias = dict[str, tuple[float, ...]]
"""By query id, a figure for each of MEASURES."""
Search: TypeAlias = Callable[[str, int, str, str | None], list[Hit]]
"""search(text, k, mode, languages): the best `k` hits; languages as in `ko,ja`, None for all."""
_nfc = partial(unicodedata.normalize, "NFC")  # macOS writes Hangul letter by letter


@dataclass(frozen=True, slots=True)
class Query:
    """A question: its id, `ko`, `en`, `ja` or whatever its file calls the language, and what is asked."""

    id: str
    lang: str
    text: str


@dataclass(frozen=True, slots=True)
class Setup:
    """What is measured: the best `k` passages or documents, in `langs` (none named: all), by each of `modes`.

    `runs` are run files, read in place of asking. Modes and runs after the first are compared with it. `run_out`
    receives the rankings over all languages, with several modes as `run_out.MODE`. Raises UsageError.
    """

    level: str = PASSAGE
    k: int = 100
    langs: tuple[str, ...] = ()
    modes: tuple[str, ...] = (settings.MODE.default,)
    runs: tuple[Path, ...] = ()
    run_out: Path | None = None

    def __post_init__(self) -> None:
        for known, given in ((LEVELS, (self.level,)), (LANGUAGES, self.langs), (settings.MODE.choices, self.modes)):
            if unknown := [name for name in given if name not in known]:
                raise UsageError(f"{unknown[0]!r} is not known: use {', '.join(known)}")
        if not 10 <= self.k <= settings.MAX_K.default:
            raise UsageError(f"k is {self.k}, expected 10, which nDCG@10 needs, to {settings.MAX_K.default}")


@dataclass(frozen=True, slots=True)
class Resolved:
    """What names in judgements and runs stand for: documents by name, languages by document, names that fit several."""

    found: dict[str, tuple[str, ...]]
    langs: dict[str, str]
    ambiguous: frozenset[str]


@dataclass(frozen=True, slots=True)
class System:
    """The answers of one mode or run file: a run for each language alone and for ALL; languages by document."""

    name: str
    runs: dict[str, Run]
    langs: dict[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """A system less the first in mean nDCG@10, and its 95% interval; `clear`: it excludes 0, from ten queries up."""

    mean: float
    low: float
    high: float
    clear: bool


@dataclass(frozen=True, slots=True)
class Row:
    """Means over the queries asked in one language (or ALL) against the passages of one (or ALL, SAME, OTHER).

    `figures` are in the order of MEASURES; None for recall@100 where fewer were asked for. Where `passages` is ALL,
    `top` is the share of each language in the top 10, `relevant` that among the relevant documents.
    """

    system: str
    asked: str
    passages: str
    queries: int
    figures: tuple[float | None, ...]
    difference: Difference | None
    top: dict[str, float]
    relevant: dict[str, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was measured; `rows` is empty where `judged`, the queries with a relevant document, is 0."""

    setup: Setup
    queries: int
    judged: int
    rows: tuple[Row, ...]
    warnings: tuple[str, ...]


def evaluate(queries: Path, qrels: Path, passages: Iterable[Passage], search: Search, setup: Setup) -> Evaluation:
    """Put the queries to `search`, or read the run files of `setup`, and measure by the judgements.

    `passages` are those of the index, source by source. Raises UsageError where a file is malformed, a query is
    refused, or ir_measures is missing.
    """
    measure({}, {})  # complains of what is not installed before the asking
    asked, graded = load_queries(queries), load_qrels(qrels)
    ids = {query.id for query in asked}
    files = {str(path): load_run(path) for path in setup.runs}
    tables: Named = {"the judgements": graded, **files}
    names = {name for table in tables.values() for row in table.values() for name in row}
    resolved = resolve(names, passages, setup.level)
    langs = resolved.langs
    relevant: dict[str, Qrels] = {}
    for lang, part in split(fold(graded, resolved), langs, setup.langs).items():
        relevant[lang] = {q: row for q, row in part.items() if q in ids and max(row.values(), default=0) > 0}
    systems = [System(n, split(fold(run, resolved, keep=True), langs, setup.langs), langs) for n, run in files.items()]
    if not files and relevant[ALL]:
        systems = [ask(asked, search, mode, relevant, langs, setup) for mode in setup.modes]
    for system in systems if setup.run_out else ():
        name = f"{setup.run_out}.{system.name}" if len(systems) > 1 else f"{setup.run_out}"
        write_run(Path(name), system.runs[ALL], system.name)
    rows = tuple(summarise(asked, systems, relevant, setup.k))
    warnings = tuple(_warnings(ids, tables, resolved, relevant[ALL], setup.k))
    return Evaluation(setup, len(asked), len(relevant[ALL]), rows, warnings)


def load_queries(path: Path) -> list[Query]:
    """Queries from `id<TAB>language<TAB>text`, `id<TAB>text` or JSON objects {id, text, lang?}, one a line.

    A language that is not given is detected. Raises UsageError naming file and line.
    """
    found: dict[str, Query] = {}
    for name, lang, text in _parsed(path, _QUERY, "id, language and text with tabs, or id and text, or JSON with both"):
        if name in found:
            raise UsageError(f"{path}: more than one query has the id {name}")
        found[name] = Query(name, lang or detect(text), text)
    return list(found.values())


def _tabbed(line: str) -> str:
    """A JSON object as `id<TAB>language<TAB>text`; any other line as it is."""
    if not line.startswith("{"):
        return line
    record = json.loads(line)
    values = ["" if record.get(name) is None else str(record[name]) for name in ("id", "lang", "text")]
    return "\t".join(" ".join(value.split()) for value in values)


def load_qrels(path: Path) -> Qrels:
    """Judgements from TREC's `query 0 document grade`; of two grades of a document, the higher holds.

    Grades are integers up to 16; 0 or less is not relevant. Raises UsageError naming file and line.
    """
    graded: Qrels = defaultdict(dict)
    for query, name, grade in _parsed(path, _JUDGEMENT, "`query 0 document grade`, a whole grade up to 16"):
        graded[query][name] = max(int(grade), graded[query].get(name, int(grade)))
    return dict(graded)


def load_run(path: Path) -> Run:
    """A TREC run file, `query Q0 document rank score tag`, best first: by score, where equal by rank.

    Raises UsageError naming file and line.
    """
    run: Run = defaultdict(dict)
    lines = _parsed(path, _RANKED, "`query Q0 document rank score tag`")
    for query, name, _, score in sorted(lines, key=lambda line: (-float(line[3]), int(line[2]))):
        run[query].setdefault(name, float(score))
    return dict(run)


def _parsed(path: Path, pattern: re.Pattern[str], wanted: str) -> Iterator[tuple[str, ...]]:
    """The groups of `pattern` in every line that is neither blank nor a comment."""
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as text in UTF-8: {error}") from None
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            try:
                found = pattern.fullmatch(_tabbed(line.strip("\r ")))
            except ValueError:
                found = None
            if not found:
                raise UsageError(f"{path}:{number}: expected {wanted}, found {line[:80]!r}")
            yield found.groups(default="")


def write_run(path: Path, run: Run, tag: str) -> None:
    """Write a run as `load_run` reads it. Raises UsageError where the file cannot be written."""
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for query, row in run.items():
                for rank, (name, score) in enumerate(row.items(), 1):
                    file.write(f"{query} Q0 {name} {rank} {score!r} {tag}\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error}") from None


def resolve(names: set[str], passages: Iterable[Passage], level: str = PASSAGE) -> Resolved:
    """Find out which documents `names` stand for, in one pass over `passages`, which come source by source.

    A name is a passage's id or `path:line`; at document level a path, too. A path matches the source that equals it,
    otherwise one that ends with `/path`. A line may belong to several passages of one article.
    """
    wanted: dict[str, list[tuple[str, int | None]]] = defaultdict(list)
    for name in names:
        path, _, line = name.rpartition(":")
        if path and line.isdecimal():
            wanted[_nfc(path)].append((name, int(line)))
        if level == DOCUMENT:
            wanted[_nfc(name)].append((name, None))
    spots: dict[str, set[tuple[bool, str, str]]] = defaultdict(set)  # by name: (exact?, article, document)
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for source, together in groupby(passages, key=lambda passage: passage.source):
        parts = _nfc(source).split("/")
        fits = [(not at, *want) for at in range(len(parts)) for want in wanted.get("/".join(parts[at:]), ())]
        for passage in together:
            first, last = passage.place.line_start, passage.place.line_end
            mine = [(exact, name) for exact, name, line in fits if line is None or first <= line <= last]
            mine += [(True, passage.id)] if passage.id in names else []
            target, article = (source, source) if level == DOCUMENT else (passage.id, f"{source}\n{passage.locator}")
            for exact, name in mine:
                spots[name].add((exact, article, target))
            if mine or level == DOCUMENT:
                votes[target][passage.lang] += 1
    best = {name: [spot for spot in found if spot[0] == max(found)[0]] for name, found in spots.items()}
    ambiguous = frozenset(name for name, found in best.items() if len({spot[1] for spot in found}) > 1)
    targets = {name: tuple(sorted({spot[2] for spot in best[name]})) for name in best.keys() - ambiguous}
    return Resolved(targets, {target: count.most_common(1)[0][0] for target, count in votes.items()}, ambiguous)


def fold(table: Rows[Value], resolved: Resolved, keep: bool = False) -> Rows[Value]:
    """Qrels or a run by documents in place of names: the highest value of each. `keep` leaves unknown names in."""
    out: Rows[Value] = {query: {} for query in table}
    for query, row in table.items():
        for name, value in row.items():
            for target in resolved.found.get(name, (name,) if keep else ()):
                out[query][target] = max(value, out[query].get(target, value))
    return out


def split(table: Rows[Value], langs: dict[str, str], only: Sequence[str] = ()) -> dict[str, Rows[Value]]:
    """Qrels or a run for ALL languages (those of `only`), and for each alone with the documents of others left out."""
    return {
        lang: {q: {d: v for d, v in row.items() if not among or langs.get(d) in among} for q, row in table.items()}
        for lang, among in {ALL: tuple(only), **{lang: (lang,) for lang in only or LANGUAGES}}.items()
    }


def ask(
    queries: Sequence[Query], search: Search, mode: str, relevant: dict[str, Qrels], langs: dict[str, str], setup: Setup
) -> System:
    """Put every query to all languages at once, and to each alone in which it has a relevant document.

    A copy that is listed under a hit ranks right behind it. `langs` are the languages of documents known already.
    Raises UsageError naming the query that was refused.
    """
    runs: dict[str, Run] = {lang: {} for lang in relevant}
    seen = dict(langs)
    depth = min(setup.k * (1 if setup.level == PASSAGE else 3), settings.MAX_K.default)  # passages of one document
    for query in queries:
        for lang in [lang for lang in relevant if lang == ALL or query.id in relevant[lang]]:
            try:
                hits = search(query.text, depth, mode, (",".join(setup.langs) or None) if lang == ALL else lang)
            except UsageError as error:
                raise UsageError(f"query {query.id}: {error}") from error
            row: dict[str, float] = {}
            for passage, score in ((passage, hit.score) for hit in hits for passage in (hit.passage, *hit.also_in)):
                target = passage.id if setup.level == PASSAGE else passage.source
                if lang in (ALL, seen.setdefault(target, passage.lang)):
                    row.setdefault(target, score)
            runs[lang][query.id] = dict(islice(row.items(), setup.k))
    return System(mode, runs, seen)


def measure(run: Run, qrels: Qrels) -> Table:
    """MEASURES of every query in `qrels`, each with a relevant document; a document's gain is 2^grade - 1.

    Raises UsageError where ir_measures is not installed.
    """
    try:
        from ir_measures import RR, R, iter_calc, nDCG
    except ImportError:
        raise UsageError("measuring needs the library ir_measures: install semsearch[eval]") from None
    grades = {query: {name: max(grade, 0) for name, grade in row.items()} for query, row in qrels.items()}
    # trec_eval breaks ties by name and keeps 32 bits of a score: it is told the ranks
    ranked = {query: {name: float(-rank) for rank, name in enumerate(run.get(query, ()))} for query in qrels}
    gains = {grade: 2**grade - 1 for row in grades.values() for grade in row.values()}
    measures = [nDCG(gains=gains) @ 10, R @ 10, R @ 100, RR @ 10]
    found = {(value.query_id, value.measure): value.value for value in iter_calc(measures, grades, ranked)}
    return {query: tuple(float(found[query, name]) for name in measures) for query in qrels}


def group(queries: Sequence[Query], tables: dict[str, Table]) -> dict[tuple[str, str], Table]:
    """By (language asked in, of passages), tables that are given by the latter; OTHER has the mean of a query's."""
    langs = [lang for lang in tables if lang != ALL]
    own = {query.id: query.lang for query in queries}
    order = dict.fromkeys(own.values())
    groups = {(a, b): {q: row for q, row in tables[b].items() if own[q] == a} for a in order for b in langs}
    groups[ALL, SAME] = {q: row for lang in langs for q, row in tables[lang].items() if own[q] == lang}
    rest = {q: [tables[b][q] for b in langs if b != own[q] and q in tables[b]] for q in own}
    groups[ALL, OTHER] = {q: tuple(np.mean(rows, axis=0).tolist()) for q, rows in rest.items() if rows}
    groups |= {(a, ALL): {q: row for q, row in tables[ALL].items() if own[q] == a} for a in order}
    groups[ALL, ALL] = tables[ALL]
    return {pair: table for pair, table in groups.items() if table}


def summarise(queries: Sequence[Query], systems: Sequence[System], relevant: dict[str, Qrels], k: int) -> Iterator[Row]:
    """A row for each system and group; those of systems after the first with the difference from the first."""
    first: dict[tuple[str, str], Table] = {}
    good = {query: [name for name, grade in row.items() if grade > 0] for query, row in relevant[ALL].items()}
    for system in systems:
        groups = group(queries, {lang: measure(system.runs[lang], relevant[lang]) for lang in relevant})
        for (asked, passages), table in groups.items():
            figures = np.mean(list(table.values()), axis=0).tolist()
            if k < 100:
                figures[MEASURES.index("recall@100")] = None
            gap = bootstrap([table[q][0] - first[asked, passages][q][0] for q in table]) if first else None
            mixed = table if passages == ALL else ()
            top = share((name for q in mixed for name in islice(system.runs[ALL].get(q, ()), 10)), system.langs)
            relevant_share = share((name for q in mixed for name in good[q]), system.langs)
            yield Row(system.name, asked, passages, len(table), tuple(figures), gap, top, relevant_share)
        first = first or groups


def share(names: Iterable[str], langs: dict[str, str]) -> dict[str, float]:
    """Which part of the documents is in which language, 0 to 1."""
    count = Counter(langs.get(name, "und") for name in names)
    return {lang: count[lang] / count.total() for lang in sorted(count)}


def bootstrap(differences: Sequence[float], resamples: int = RESAMPLES, seed: int = 0) -> Difference:
    """Mean of paired differences and its 95% interval, by resampling the queries. ValueError where there are none."""
    values = np.asarray(differences, dtype=np.float64)
    if not values.size:
        raise ValueError("there is no difference to resample")
    draw = np.random.default_rng(seed)
    means = [values[draw.integers(values.size, size=values.size)].mean() for _ in range(resamples)]
    low, high = np.quantile(means, (0.025, 0.975)).tolist()
    return Difference(float(values.mean()), low, high, clear=values.size >= 10 and not low <= 0 <= high)


def _warnings(ids: set[str], tables: Named, resolved: Resolved, judged: Qrels, k: int) -> Iterator[str]:
    """What was left out, or does not fit together."""
    if lost := len(ids - judged.keys()):
        yield f"{lost} of {len(ids)} queries have no relevant document in the index and are not measured"
    for number, (what, table) in enumerate(tables.items()):
        if lost := len(table.keys() - ids):
            yield f"queries in {what} that are not among those asked: {lost}"
        names = [name for row in table.values() for name in row]
        for kind, several in (("nothing that is in the index", False), ("more than one article", True)):
            if some := [n for n in names if n not in resolved.found and (n in resolved.ambiguous) == several]:
                yield f"{len(some)} of {len(names)} documents in {what} name {kind}: {', '.join(some[:3])}"
        if number and (lost := len(judged.keys() - table.keys())):
            yield f"judged queries that are not in {what} and count as 0: {lost}"
        if number and (deepest := max(map(len, table.values()), default=0)) < k:
            yield f"{what} ranks at most {deepest} documents for a query, fewer than k = {k}"
