"""`semsearch build`."""

from __future__ import annotations

from pathlib import Path

import click

from semsearch import settings
from semsearch.build import Progress
from semsearch.build import build as build_index
from semsearch.cli.options import index_option
from semsearch.cli.terminal import Ticker, one_line
from semsearch.embedders import load_embedder
from semsearch.protocols import Embedder
from semsearch.records import BuildReport, ReadOptions

_SHOWN = 20


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@index_option
@click.option("--model", metavar="NAME_OR_PATH", help=f"{settings.MODEL.help} [default: the index's own, else bundled]")
@click.option("--device", help="Where a sentence-transformers model runs: cpu, cuda, mps. [default: the best there is]")
@click.option("--query-prompt", metavar="TEXT", help="Put before every query; for a model whose own is not known.")
@click.option("--passage-prompt", metavar="TEXT", help="Put before every passage; likewise.")
@click.option("--truncate-dim", type=int, metavar="N", help="Keep N dimensions of every vector: a smaller index.")
@click.option("--encoding", metavar="NAME", help="Encoding of the files. [default: detected, file by file]")
@click.option("--text-field", default="text", show_default=True, help="Field of JSON records that holds the article.")
@click.option("--title-field", default="title", show_default=True, help="... the headline.")
@click.option("--date-field", default="date", show_default=True, help="... the date.")
@click.option("--lang-field", default="lang", show_default=True, help="... the language.")
@click.option("--id-field", default="id", show_default=True, help="... the record's own id.")
@click.option("--url-field", default="url", show_default=True, help="... the address.")
@click.option("--forget", multiple=True, metavar="SOURCE", help="Drop what was indexed from here. May be repeated.")
@click.option("--dry-run", is_flag=True, help="Say what would be added, updated and removed; write nothing.")
def build(
    sources: tuple[str, ...],
    index: Path,
    model: str | None,
    device: str | None,
    query_prompt: str | None,
    passage_prompt: str | None,
    truncate_dim: int | None,
    encoding: str | None,
    forget: tuple[str, ...],
    dry_run: bool,
    **fields: str,
) -> None:
    """Index articles: add new ones, update changed ones, drop vanished ones.

    SOURCE is a file, a folder, a quoted glob, or - for standard input; .txt, .md, .html, .json and .jsonl are read.
    A folder's .semsearchignore lists names that are left out of it, one pattern a line.
    Without SOURCE: what this index was built from, or seeds/ for a new one. Unchanged files are not read again.

    \b
    semsearch build articles/
    semsearch build 'archive/**/*.txt' --encoding cp949
    semsearch build dump.jsonl --text-field body --title-field headline
    """
    ticker = Ticker()

    def progress(now: Progress) -> None:
        rate = now.passages / max(ticker.seconds, 1e-9)
        ticker.show(f"{now.stage}: {now.files:,} files, {now.passages:,} passages, {rate:,.0f}/s  {now.name}")

    chosen: str | Embedder | None = model
    if model and (device or query_prompt is not None or passage_prompt is not None):
        prompts = {"query_prompt": query_prompt, "passage_prompt": passage_prompt}
        chosen = load_embedder(model, device=device, truncate_dim=truncate_dim, **prompts)
    options = ReadOptions(encoding=encoding, **fields)
    try:
        report = build_index(
            sources,
            index,
            chosen,
            truncate_dim=truncate_dim,
            options=options,
            forget=forget,
            dry_run=dry_run,
            progress=progress,
        )
    finally:
        ticker.clear()
    _print(report, index)
    if not report.passages and not dry_run:
        click.get_current_context().exit(1)


def _print(report: BuildReport, index: Path) -> None:
    would = "would be " if report.dry_run else ""
    for action, name in report.changes:
        click.echo(f"{action:>6}  {one_line(name)}")
    parts = [f"{report.added:,} added", f"{report.updated:,} updated", f"{report.removed:,} removed"]
    click.echo(f"{would}{', '.join(parts)}, {report.unchanged:,} unchanged")
    if not report.dry_run:
        speed = f" in {report.seconds:.1f} s" if report.embedded else ""
        embedded = f" ({report.embedded:,} embedded{speed})"
        click.echo(f"{one_line(str(index))}: {report.articles:,} articles, {report.passages:,} passages{embedded}")
    for skipped in report.skipped[:_SHOWN]:
        click.echo(f"skipped {one_line(skipped.name)}: {one_line(skipped.reason)}", err=True)
    if len(report.skipped) > _SHOWN:
        click.echo(f"skipped {len(report.skipped) - _SHOWN:,} more", err=True)
