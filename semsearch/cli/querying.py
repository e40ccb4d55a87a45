"""`semsearch query`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from semsearch import settings
from semsearch.cli.options import aliases_option, index_option
from semsearch.cli.terminal import hit_head, hit_lines, paragraph, to_json
from semsearch.queries import Query
from semsearch.records import Hit
from semsearch.search import Index
from semsearch.wire import answer_json, hit_json

NOTHING_FOUND = 1


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="TEXT")
@index_option
@click.option("-k", default=settings.K.default, show_default=True, help=settings.K.help)
@click.option(
    "--mode", type=click.Choice(settings.MODE.choices), default=settings.MODE.default, show_default=True,
    help=settings.MODE.help,
)  # fmt: skip
@click.option("--lang", default="", metavar="ko,en,ja", help="Only passages in these languages.")
@click.option("--since", metavar="DATE", help="Only articles of this day or later, such as 2019-07-01.")
@click.option("--until", metavar="DATE", help="Only articles of this day or earlier.")
@click.option("--source", metavar="GLOB", help="Only sources that match, such as 'seeds/ja/*'; * crosses folders.")
@click.option("--min-score", type=float, metavar="S", help="Only passages with at least this score; 4 is a fair start.")
@click.option(
    "--balance", type=click.Choice(settings.BALANCE.choices), default=settings.BALANCE.default, show_default=True,
    help=settings.BALANCE.help,
)  # fmt: skip
@click.option(
    "--fusion", type=click.Choice(settings.FUSION.choices), default=settings.FUSION.default, show_default=True,
    help=settings.FUSION.help,
)  # fmt: skip
@click.option("--copies", is_flag=True, help="Show copies of a text as hits of their own.")
@click.option("--half-life", type=float, metavar="DAYS", help="Let scores fade with age: a quarter is lost in DAYS.")
@click.option("--rerank", metavar="MODEL", help="A CrossEncoder, by name or path, that reorders the best 50. Slow.")
@aliases_option
@click.option("--context", default=0, metavar="N", help="Show N passages before and behind each hit, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--jsonl", "as_lines", is_flag=True, help="One JSON object per hit and line.")
@click.option("--explain", is_flag=True, help="Say what each score is made of, and which words matched.")
def query(
    words: tuple[str, ...],
    index: Path,
    k: int,
    mode: str,
    lang: str,
    since: str | None,
    until: str | None,
    source: str | None,
    min_score: float | None,
    balance: str,
    fusion: str,
    copies: bool,
    half_life: float | None,
    rerank: str | None,
    aliases: Path | None,
    context: int,
    as_json: bool,
    as_lines: bool,
    explain: bool,
) -> None:
    """Find the passages that answer TEXT, in whichever language they are written.

    A score says how far a passage lies above unrelated text in the same two languages: around 0 it has nothing to do
    with TEXT, an answer lies at 6 on the average, and from about 4 a passage is worth reading.

    \b
    semsearch query Korea Japan normalization
    semsearch query "일본 수출 규제" --lang ja,en -k 5
    semsearch query "東京オリンピック" --until 1999-12-31 --json
    """
    started = time.perf_counter()
    bright = explain or (sys.stdout.isatty() and not (as_json or as_lines))
    asked = Query(
        " ".join(words), k, mode, lang, since, until, source, min_score, balance, not copies, fusion, half_life, rerank,
        bright, context,
    )  # fmt: skip
    with Index(index, aliases=aliases) as opened:
        answer = opened.answers([asked])[0]
    if as_json:
        took = round((time.perf_counter() - started) * 1000, 1)
        click.echo(to_json(answer_json(answer, took, explain), 2))
    else:
        for hit in answer.hits:
            line = to_json(hit_json(hit, explain)) if as_lines else _block(hit, explain)
            click.echo(line)
    if not answer.hits:
        click.echo("nothing found: widen the filters, or lower --min-score", err=True)
        click.get_current_context().exit(NOTHING_FOUND)


def _block(hit: Hit, explain: bool) -> str:
    if not hit.context:
        return hit_lines(hit, explain)
    texts = [paragraph(p.text, hit.highlights if p.id == hit.passage.id else ()) for p in hit.context]
    return "\n".join([*hit_head(hit, explain), "\n\n".join(texts), ""])
