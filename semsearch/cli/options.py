"""Options that several commands share, made from the settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from semsearch import settings

F = TypeVar("F", bound=Callable[..., Any])


def index_option(command: F) -> F:
    """`--index DIR`."""
    return click.option(
        "--index",
        type=click.Path(path_type=Path),
        default=settings.INDEX.default,
        envvar=settings.INDEX.env,
        show_default=True,
        show_envvar=True,
        help=settings.INDEX.help,
    )(command)


def aliases_option(command: F) -> F:
    """`--aliases FILE`."""
    return click.option(
        "--aliases",
        type=click.Path(path_type=Path),
        metavar="FILE",
        envvar=settings.ALIASES.env,
        show_envvar=True,
        help=settings.ALIASES.help,
    )(command)
