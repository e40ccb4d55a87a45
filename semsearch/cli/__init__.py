"""The command line: click only, no logic."""

from __future__ import annotations

import errno
import os
from importlib import import_module
from typing import Any

import click

from semsearch import __version__
from semsearch.cli.terminal import one_line
from semsearch.errors import SemsearchError

_COMMANDS = {
    "backup": "inspecting",
    "build": "building",
    "eval": "evaluating",
    "info": "inspecting",
    "models": "inspecting",
    "query": "querying",
    "repair": "inspecting",
    "restore": "inspecting",
    "serve": "serving",
    "show": "inspecting",
    "verify": "inspecting",
}
INTERRUPTED = 130

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""Numpy's products here are small: a second thread makes none of them faster, and spins, which takes half of a core."""


class _Failure(click.ClickException):
    """An error as one line on stderr; exit status 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(f"{click.style('semsearch:', fg='red', bold=True)} {self.format_message()}", err=True)


class _Commands(click.Group):
    """Loads a command when it is named, turns errors into one line and Ctrl-C into an orderly end."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{_COMMANDS[cmd_name]}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SemsearchError as error:
            raise _Failure(one_line(" ".join(str(error).split()))) from error
        except click.UsageError as error:
            raise click.UsageError(one_line(error.format_message()), error.ctx) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # whoever read the output has gone: click ends quietly
            raise _Failure(one_line(f"{error.filename or 'the system'}: {error.strerror or error}")) from error
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


def commands() -> dict[str, click.Command]:
    """Every command by its name, loaded."""
    context = click.Context(main)
    return {name: command for name in main.list_commands(context) if (command := main.get_command(context, name))}
