"""`semsearch serve`."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import click

from semsearch import settings
from semsearch.cli.options import aliases_option, index_option
from semsearch.cli.terminal import one_line
from semsearch.errors import UsageError


@click.command()
@index_option
@click.option("--host", default=settings.HOST.default, show_default=True, metavar="ADDRESS", help=settings.HOST.help)
@click.option("--port", default=settings.PORT.default, show_default=True, help=settings.PORT.help)
@click.option(
    "--api-key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=f"File with the key that clients must show. [env var: {settings.API_KEY.env}, the key itself]",
)
@click.option("--no-key", is_flag=True, help="Let everyone who can reach ADDRESS read the whole archive.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="Another name the service is called by; repeatable.")
@click.option(
    "--allow-origin", multiple=True, metavar="ORIGIN", help="A site whose pages may ask, such as https://a.b."
)
@click.option("--workers", type=click.IntRange(1, 64), help="Processes. [default: one per core, at most 4]")
@click.option("--rerank", metavar="MODEL", help="A CrossEncoder, by name or path, for queries that want it. Slow.")
@click.option("--log-requests", is_flag=True, help="Log a line per request: never what was asked.")
@aliases_option
def serve(
    index: Path,
    host: str,
    port: int,
    api_key_file: Path | None,
    no_key: bool,
    allow_host: tuple[str, ...],
    allow_origin: tuple[str, ...],
    workers: int | None,
    rerank: str | None,
    log_requests: bool,
    aliases: Path | None,
) -> None:
    """Serve an index: a web page to search with, and an HTTP API under /v1 (described by /openapi.json).

    Only this machine can reach it, unless told otherwise. New builds are picked up as they are published. Ctrl-C ends
    it when what is being answered has been answered.

    \b
    semsearch serve
    SEMSEARCH_API_KEY=... semsearch serve --host 0.0.0.0 --allow-host search.example.org
    """
    if importlib.util.find_spec("fastapi") is None or importlib.util.find_spec("uvicorn") is None:
        raise UsageError("serving needs more packages: pip install 'semsearch[serve]'")
    from semsearch.search import Index
    from semsearch.service.app import Served
    from semsearch.service.guard import Door, is_loopback
    from semsearch.service.server import serve as listen

    key = _key(api_key_file)
    if not is_loopback(host) and key is None and not no_key:
        raise UsageError(
            f"{host} can be reached from other machines: set {settings.API_KEY.env} or --api-key-file, or say --no-key "
            "to let everyone read the archive"
        )
    with Index(index, aliases=aliases) as opened:
        opened.query("ready", k=1)  # an index or a model that cannot be served is told now
    door = Door.of(host, allow_host, allow_origin, key)
    served = Served(index, door, None, aliases, rerank, log_requests)
    listen(served, host, port, workers or min(4, os.cpu_count() or 1), lambda url: _announce(index, url, key))


def _announce(index: Path, url: str, key: str | None) -> None:
    guarded = "" if key is None else ", with a key"
    click.echo(
        f"semsearch: {one_line(str(index))} is served at {click.style(url, bold=True)}{guarded}; Ctrl-C ends it",
        err=True,
    )


def _key(file: Path | None) -> str | None:
    """The key, from the file or else the environment. Raises UsageError for one too short to be one."""
    name = str(settings.API_KEY.env)
    try:
        key = file.read_text(encoding="utf-8").strip() if file else os.environ.get(name)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    if key is not None and len(key) < 16:
        raise UsageError(f"the API key has {len(key)} characters, at least 16 are needed: try `openssl rand -hex 24`")
    return key
