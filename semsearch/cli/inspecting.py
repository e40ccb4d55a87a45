"""`semsearch show`, `info`, `verify`, `repair`, `backup`, `restore` and `models`."""

from __future__ import annotations

from pathlib import Path

import click

from semsearch.cli.options import index_option
from semsearch.cli.terminal import Ticker, one_line, paragraph, to_json, where
from semsearch.embedders.registry import BUNDLED, KNOWN
from semsearch.errors import UsageError
from semsearch.records import Passage
from semsearch.search import Index
from semsearch.verify import verify as verify_index
from semsearch.wire import passage_json

FAILED = 1


@click.command()
@click.argument("passage_id", metavar="ID")
@index_option
@click.option("--context", default=2, show_default=True, metavar="N", help="Passages to show before and behind it.")
@click.option("--json", "as_json", is_flag=True, help="The passage alone, as one JSON object.")
def show(passage_id: str, index: Path, context: int, as_json: bool) -> None:
    """Show the passage with the ID that a query printed, in its article."""
    with Index(index) as opened:
        around = opened.neighbours(passage_id, context)
        passage = opened.passage(passage_id)
    if passage is None:
        raise UsageError(f"no passage {passage_id!r} in {index}: ids are printed by `semsearch query`")
    if as_json:
        click.echo(to_json(passage_json(passage), 2))
        return
    click.echo(click.style(one_line(passage.title) or "(no headline)", bold=True))
    click.echo(_facts(passage) + "\n")
    for neighbour in around:
        here = neighbour.id == passage.id
        click.echo((click.style("  > ", fg="yellow") if here else "    ") + paragraph(neighbour.text).lstrip() + "\n")


def _facts(passage: Passage) -> str:
    place = passage.place
    day = passage.date.isoformat() if passage.date else "no date"
    lines = f"lines {place.line_start}-{place.line_end}, characters {place.start}-{place.end}"
    return f"{where(passage)}  {day}  {passage.lang}  {lines}, bytes {place.byte_start}-{place.byte_end}"


@click.command()
@index_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def info(index: Path, as_json: bool) -> None:
    """Say what an index holds, and what built it."""
    with Index(index) as opened:
        facts = opened.info()
    if as_json:
        click.echo(to_json(facts, 2))
        return
    model, languages = facts["model"], facts["languages"]
    rows = {
        "index": f"{facts['index']}, generation {facts['generation']}, {facts['bytes'] / 1e6:.1f} MB",
        "built": facts.get("built_at", "unknown"),
        "model": f"{model['name']}, {model['dimension']} dimensions, weights {model['weights'][:12]}",
        "files": f"{facts['files']:,} indexed, {facts['skipped']:,} skipped",
        "articles": f"{facts['articles']:,}, {facts['first_date'] or 'no date'} to {facts['last_date'] or 'no date'}",
        "passages": f"{facts['passages']:,}: " + ", ".join(f"{n:,} {lang}" for lang, n in languages.items()),
        "sources": ", ".join(one_line(root) for root in facts["sources"]),
    }
    for name, value in rows.items():
        click.echo(f"{click.style(f'{name:>8}', fg='cyan')}  {one_line(value)}")


@click.command()
@index_option
def verify(index: Path) -> None:
    """Prove every passage of an index against the files on disk; name the files that changed."""
    ticker = Ticker()
    try:
        result = verify_index(index, lambda done, name: ticker.show(f"{done:,} files  {name}"))
    finally:
        ticker.clear()
    for problem in result.problems:
        click.echo(f"{problem.kind}: {one_line(problem.name)} {one_line(problem.detail)}")
    for name in result.unchecked:
        click.echo(f"not checked: {one_line(name)} exists only in the index", err=True)
    click.echo(f"{result.files:,} files, {result.passages:,} passages: {len(result.problems) or 'no'} problems")
    if result.problems:
        click.get_current_context().exit(FAILED)


@click.command()
@index_option
def repair(index: Path) -> None:
    """Make a damaged index whole again, from its database and its sources.

    Word and vector indexes are made anew from the database, files that belong to no build are removed, and sources
    whose passages have changed in the database are read again. `semsearch verify` says whether there is need to.
    """
    from semsearch.repair import repair as repair_index

    ticker = Ticker()
    try:
        done = repair_index(index, lambda step: ticker.show(f"{step.passages:,} passages  {step.name}"))
    finally:
        ticker.clear()
    for name in (*done.derived, *done.sources):
        click.echo(f"mended: {one_line(name)}")
    click.echo(f"{one_line(str(index))}: {f'{done.vectors:,} vectors computed anew' if done.vectors else 'whole'}")


@click.command()
@click.argument("target", type=click.Path(path_type=Path), metavar="DIR")
@index_option
def backup(target: Path, index: Path) -> None:
    """Copy an index to the new folder DIR, while it is asked and even built.

    The copy holds one build, whole, and is an index itself: `semsearch query --index DIR`.
    """
    from semsearch.backup import backup as copy_index

    click.echo(one_line(f"{target}: generation {copy_index(index, target)} of {index}"))


@click.command()
@click.argument("saved", type=click.Path(path_type=Path), metavar="DIR")
@index_option
def restore(saved: Path, index: Path) -> None:
    """Put the backup in DIR where there is no index, or none any more."""
    from semsearch.backup import restore as put_back

    click.echo(one_line(f"{index}: generation {put_back(saved, index)} of {saved}"))


@click.command()
@click.option("--card", is_flag=True, help="Print the model card of the bundled model: data, figures, limits.")
@click.option(
    "--export",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the bundled model for sentence-transformers.",
)
def models(card: bool, export: Path | None) -> None:
    """List the models that `build --model` knows by name.

    Any other sentence-transformers model works too, by hub name or by the path of its folder. With --export, the
    bundled model becomes such a folder, for programs without semsearch: SentenceTransformer("DIR").
    """
    if export:
        from semsearch.embedders.export import export as export_model

        export_model(export)
        click.echo(one_line(f'{export}: load it with sentence_transformers.SentenceTransformer("{export}")'))
        return
    if card:
        from semsearch.embedders.bundled import CARD_TEXT, DATA

        click.echo((DATA / CARD_TEXT).read_text(encoding="utf-8"), nl=False)
        return
    from semsearch.embedders.bundled import BundledModel

    click.echo(f"{BUNDLED:<62} {BundledModel().dimension:>5}  CC-BY-SA-4.0  in the package, no download, no torch")
    for model in KNOWN:
        prompts = "prompts: query" + (", passage" if model.passage_prompt else "") if model.query_prompt else ""
        click.echo(f"{model.name:<62} {model.dimension:>5}  {model.licence:<12}  {prompts}".rstrip())
