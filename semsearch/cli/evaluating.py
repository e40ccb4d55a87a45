"""`semsearch eval`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, groupby
from pathlib import Path
from typing import Any

import click

from semsearch import evaluate, settings
from semsearch.cli.options import aliases_option, index_option
from semsearch.cli.terminal import Ticker, one_line, to_json
from semsearch.errors import UsageError
from semsearch.evaluate import ALL, MEASURES, OTHER, SAME, Evaluation, Row, Search, Setup
from semsearch.queries import languages
from semsearch.records import Hit, Passage
from semsearch.search import Index

NOTHING_JUDGED = 1
_FILE = click.Path(path_type=Path)
_LABEL = 21


@click.command()
@click.argument("queries", type=_FILE)
@click.argument("qrels", type=_FILE)
@index_option
@aliases_option
@click.option("-k", default=100, show_default=True, help="How many passages, or documents, to ask for.")
@click.option(
    "--mode",
    multiple=True,
    type=click.Choice(settings.MODE.choices),
    help="What to go by; may be repeated. [default: hybrid]",
)
@click.option("--compare", metavar="A,B", help="Modes side by side: each against the first, with intervals.")
@click.option(
    "--run",
    type=_FILE,
    multiple=True,
    metavar="FILE",
    help="A TREC run to measure instead, for one language alone without the others; may be repeated.",
)
@click.option(
    "--run-out", type=_FILE, metavar="FILE", help="Write the rankings as a TREC run; of several modes FILE.MODE."
)
@click.option(
    "--level", type=click.Choice(evaluate.LEVELS), default=evaluate.PASSAGE, show_default=True, help="What is judged."
)
@click.option("--lang", default="", metavar="ko,en,ja", help="Only passages in these languages.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def eval(
    queries: Path,
    qrels: Path,
    index: Path,
    aliases: Path | None,
    k: int,
    mode: tuple[str, ...],
    compare: str | None,
    run: tuple[Path, ...],
    run_out: Path | None,
    level: str,
    lang: str,
    as_json: bool,
) -> None:
    """Measure how well an index answers QUERIES, by the judgements in QRELS.

    QUERIES has lines of id, language and text, or id and text, with tabs between, or JSON objects of these. QRELS has
    TREC's lines `query 0 document grade`; a document is a passage's id or path:line, with --level document a source.
    Every query is asked in the passages of each language alone, and in all at once.

    \b
    semsearch eval seeds/questions.tsv seeds/qrels.txt
    semsearch eval seeds/questions.tsv seeds/qrels.txt --compare dense,hybrid
    semsearch eval questions.jsonl judgements.txt --level document --run-out run.txt --json
    """
    modes = (*(name.strip() for name in (compare or "").split(",") if name.strip()), *mode)
    if run and (modes or run_out):
        raise UsageError("--run measures a file and asks nothing: leave out --mode, --compare and --run-out")
    langs = languages(lang)
    setup = Setup(level, k, langs, tuple(dict.fromkeys(modes)) or (settings.MODE.default,), run, run_out)
    ticker = Ticker()
    try:
        with Index(index, aliases=aliases) as opened:
            result = evaluate.evaluate(queries, qrels, _passages(opened, ticker), _search(opened, ticker), setup)
    finally:
        ticker.clear()
    click.echo(to_json(_json(result), 2) if as_json else "\n".join(_tables(result)))
    for warning in result.warnings:
        click.echo(f"warning: {one_line(warning)}", err=True)
    if not result.judged:
        hint = "" if level == evaluate.DOCUMENT else "; for judgements that name whole sources, use --level document"
        click.echo(f"no query has a relevant {level} in {index}{hint}", err=True)
        click.get_current_context().exit(NOTHING_JUDGED)


def _search(opened: Index, ticker: Ticker) -> Search:
    """How an index is asked: everything but mode, number and language as `semsearch query` does without options."""
    number = count(1)

    def search(text: str, k: int, mode: str, lang: str | None) -> list[Hit]:
        ticker.show(f"{mode}: search {next(number):,}")
        return opened.query(text, k, mode=mode, lang=lang or ())

    return search


def _passages(opened: Index, ticker: Ticker) -> Iterator[Passage]:
    for number, passage in enumerate(opened, 1):
        ticker.show(f"reading the index: {number:,} passages")
        yield passage


def _json(result: Evaluation) -> dict[str, Any]:
    setup = result.setup
    return {
        "level": setup.level,
        "k": setup.k,
        "languages": list(setup.langs) or None,
        "queries": result.queries,
        "judged": result.judged,
        "rows": [_row_json(row) for row in result.rows],
        "warnings": list(result.warnings),
    }


def _row_json(row: Row) -> dict[str, Any]:
    out: dict[str, Any] = {"system": row.system, "asked": row.asked, "passages": row.passages, "queries": row.queries}
    out |= {name: None if x is None else round(x, 6) for name, x in zip(MEASURES, row.figures, strict=True)}
    if gap := row.difference:
        interval = [round(gap.low, 6), round(gap.high, 6)]
        out["difference"] = {"nDCG@10": round(gap.mean, 6), "interval": interval, "clear": gap.clear}
    if row.passages == ALL:
        out["top"] = {lang: round(part, 6) for lang, part in row.top.items()}
        out["relevant"] = {lang: round(part, 6) for lang, part in row.relevant.items()}
    return out


def _tables(result: Evaluation) -> Iterator[str]:
    """Two tables for each system, and one for each that is compared with the first; percentages."""
    setup = result.setup
    yield f"{result.judged:,} of {result.queries:,} queries have a relevant {setup.level}; {setup.k} asked for; percent"
    by_system = [list(rows) for _, rows in groupby(result.rows, key=lambda row: row.system)]
    for rows in by_system:
        name = one_line(rows[0].system)
        yield from ("", f"{name}: {setup.level}s of one language alone, question > {setup.level}s")
        yield from _table([row for row in rows if row.passages != ALL])
        yield from (
            "",
            f"{name}: {setup.level}s of all languages at once, and each one's share of the top 10 (of the relevant)",
        )
        yield from _table([row for row in rows if row.passages == ALL])
    for rows in by_system[1:]:
        yield from _comparison(by_system[0], rows)


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield " " * _LABEL + "".join(f"{name:>12}" for name in (*MEASURES, "queries"))
    for row in rows:
        figures = "".join(f"{'-' if x is None else f'{100 * x:.1f}':>12}" for x in row.figures)
        langs = sorted({*row.top, *row.relevant})
        shares = [f"{lang} {100 * row.top.get(lang, 0):.0f} ({100 * row.relevant.get(lang, 0):.0f})" for lang in langs]
        yield f"  {_label(row):<{_LABEL - 2}}{figures}{row.queries:>12}" + "".join(f"  {part:>11}" for part in shares)


def _comparison(first: Sequence[Row], rows: Sequence[Row]) -> Iterator[str]:
    names = one_line(first[0].system), one_line(rows[0].system)
    how = f"95% interval of {evaluate.RESAMPLES:,} paired resamples; * excludes 0, from ten queries up"
    yield from ("", f"nDCG@10 of {names[0]}, of {names[1]}, and the difference", f"  ({how})")
    for base, row in zip(first, rows, strict=True):
        if gap := row.difference:
            figures = "".join(f"{100 * (x.figures[0] or 0):>12.1f}" for x in (base, row))
            interval = f"{100 * gap.low:+.1f} to {100 * gap.high:+.1f}"
            yield f"  {_label(row):<{_LABEL - 2}}{figures}{100 * gap.mean:>+12.1f}  {interval:>15}{'  *' * gap.clear}"


def _label(row: Row) -> str:
    named = {SAME: "within a language", OTHER: "across languages"}
    return one_line(named.get(row.passages, f"{row.asked} > {row.passages}"))
