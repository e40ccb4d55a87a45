"""The command line: click only, no logic."""

from __future__ import annotations

from typing import Any

import click

from semsearch import __version__
from semsearch.cli.building import build
from semsearch.cli.inspecting import info, models, show, verify
from semsearch.cli.querying import query
from semsearch.errors import SemsearchError

INTERRUPTED = 130


class _Failure(click.ClickException):
    """An error as one line on stderr; exit status 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(f"{click.style('semsearch:', fg='red', bold=True)} {self.format_message()}", err=True)


class _Commands(click.Group):
    """Turns errors into one line, and Ctrl-C into an orderly end."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SemsearchError as error:
            raise _Failure(" ".join(str(error).split())) from error
        except KeyboardInterrupt:
            click.echo("\nsemsearch: interrupted: the index is as it was; the same command goes on from here", err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="semsearch")
def main() -> None:
    """Search articles in Korean, English and Japanese by meaning, across the three languages.

    \b
    semsearch build articles/                     index a folder (again: only what changed)
    semsearch query "한일 국교 정상화"              ask in one language, find in all three
    semsearch query "trade dispute" --lang ja --since 2019-07-01
    semsearch query "trade dispute" --json        for programs, with exact source offsets

    Exit status: 0 found, 1 nothing found or a failed check, 2 wrong use or unusable input.
    """


for command in (build, query, show, verify, info, models):
    main.add_command(command)
