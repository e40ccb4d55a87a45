"""From arguments to files: folders, patterns, single files and standard input, each file once, in a fixed order.

Nothing is opened here but by `open_source`, and nothing that could block: pipes, devices and sockets are left out.
"""

from __future__ import annotations

import difflib
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from semsearch.errors import Refused, SourceNotFound
from semsearch.patterns import Pattern, is_pattern
from semsearch.records import Skipped, Source
from semsearch.settings import SUFFIXES

STDIN: Final = "-"
IGNORE: Final = ".semsearchignore"
"""A file of this name lists what is left out of the folder it lies in: names or patterns such as `draft-*`."""
_MAX_IGNORE: Final = 64 << 10
_SKIPPED_FOLDERS: Final = frozenset({"node_modules", "__pycache__"})
_OPEN_FLAGS: Final = (
    os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)

_Identity: TypeAlias = tuple[int, int]


def walk(arguments: Sequence[str]) -> Iterator[Source | Skipped]:
    """The files that `arguments` (files, folders, patterns, `-`) stand for, each once.

    Folders are read to any depth in the order of their names, following links but entering no folder twice; in
    them only names with a suffix in `SUFFIXES` count, and names that begin with a dot or stand in the folder's
    `.semsearchignore` are left out. Raises `SourceNotFound`, before anything is yielded, for a path that does not
    exist or a pattern without a match.
    """
    arguments = [os.fspath(argument) for argument in arguments]
    for argument in arguments:
        _require(argument)
    return _walk(arguments)


def open_source(source: Source) -> BinaryIO:
    """The bytes of `source`, opened for reading; the caller closes it.

    Raises `Refused("unreadable")` where it cannot be opened or is no longer a regular file. Never blocks on a pipe.
    """
    if source.path is None:
        return sys.stdin.buffer
    try:
        descriptor = os.open(source.path, _OPEN_FLAGS)
    except (OSError, ValueError) as error:
        raise Refused("unreadable", f"cannot be opened: {_reason(error)}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused("unreadable", "is no regular file any more")
    return os.fdopen(descriptor, "rb")


def _walk(arguments: Sequence[str]) -> Iterator[Source | Skipped]:
    seen: set[_Identity] = set()
    for argument in arguments:
        for found in _found(argument):
            if isinstance(found, Skipped):
                yield found
            elif found.identity not in seen:
                seen.add(found.identity)
                yield found.source


@dataclass(frozen=True, slots=True)
class _File:
    source: Source
    identity: _Identity


def _found(argument: str) -> Iterator[_File | Skipped]:
    if argument == STDIN:
        yield _File(Source(STDIN, None, STDIN, 0, 0), (-1, -1))
    elif os.path.lexists(argument):
        yield from _at(argument, os.path.abspath(argument))
    else:
        pattern = Pattern(argument)
        for path, failure in _matches(pattern):
            if failure is not None:
                yield failure
            elif os.path.isdir(path) or not pattern.any_suffix or _has_known_suffix(path):
                yield from _at(path, os.path.abspath(argument))


def _at(path: str, root: str) -> Iterator[_File | Skipped]:
    """The file at `path`, whatever its suffix, or the files of known suffixes in the folder there."""
    if not os.path.isdir(path):
        yield _examined(path, root)
        return
    for inside, is_folder, failure in _tree(path):
        if failure is not None:
            yield failure
        elif not is_folder and _has_known_suffix(inside):
            yield _examined(inside, root)


def _everywhere(_: str) -> bool:
    return True


def _tree(
    folder: str, worth_entering: Callable[[str], bool] = _everywhere
) -> Iterator[tuple[str, bool, Skipped | None]]:
    """Every path below `folder`, whether it is a folder, and what could not be listed. Enters no folder twice."""
    entered: set[_Identity] = set()
    pending = [folder]
    while pending:
        path = pending.pop()
        is_folder = os.path.isdir(path)
        if path != folder:
            yield path, is_folder, None
            is_folder = is_folder and worth_entering(path)
        if not is_folder:
            continue
        try:
            identity = _identity(os.stat(path))
            names = sorted(os.listdir(path), reverse=True) if identity not in entered else []
            entered.add(identity)
        except OSError as error:
            yield path, True, Skipped(shown(path), "unreadable", f"the folder cannot be read: {_reason(error)}")
            continue
        ignored = _ignored(path) if IGNORE in names else ()
        pending += [os.path.join(path, name) for name in names if _is_visible(name) and not _fits(name, ignored)]


def _examined(path: str, root: str) -> _File | Skipped:
    name = shown(path)
    try:
        status = os.stat(path)
    except OSError as error:
        broken = os.path.islink(path) and isinstance(error, FileNotFoundError)
        why = "a link to nothing" if broken else f"cannot be examined: {_reason(error)}"
        return Skipped(name, "unreadable", why)
    if not stat.S_ISREG(status.st_mode):
        return Skipped(name, "not-a-file", f"{_kind(status.st_mode)}, not a file")
    source = Source(name, Path(os.path.abspath(path)), root, status.st_size, status.st_mtime_ns)
    return _File(source, _identity(status))


def shown(path: str) -> str:
    """The name of a source: POSIX separators, no `./`, bytes that are no UTF-8 as `\\xff`."""
    return _legible(os.path.normpath(path).replace(os.sep, "/"))


def _legible(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name not in _SKIPPED_FOLDERS


def _ignored(folder: str) -> list[str]:
    """The patterns of a folder's ignore file, a line each; `#` begins a comment. Unreadable, it ignores nothing."""
    try:
        path = os.path.join(folder, IGNORE)
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would never end
            return []
        with open(path, encoding="utf-8", opener=lambda name, _: os.open(name, _OPEN_FLAGS)) as file:
            lines = [line.strip() for line in file.read(_MAX_IGNORE).splitlines()]
    except (OSError, ValueError):
        return []
    return [line for line in lines if line and not line.startswith("#")]


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _has_known_suffix(path: str) -> bool:
    return path.lower().endswith(SUFFIXES.default)


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"))
    return next((name for test, name in kinds if test(mode)), "something special")


def _reason(error: Exception) -> str:
    return error.strerror.lower() if isinstance(error, OSError) and error.strerror else "the name is not usable"


def _matches(pattern: Pattern) -> Iterator[tuple[str, Skipped | None]]:
    """The paths that fit, and the folders that could not be searched."""
    base = pattern.base or "."
    if os.path.isdir(base):
        for path, is_folder, failure in _tree(base, lambda path: pattern.may_hold(os.path.relpath(path, base))):
            if failure is not None or pattern.matches(os.path.relpath(path, base), is_folder):
                yield path, failure


def _require(argument: str) -> None:
    """Raises `SourceNotFound` where `argument` stands for nothing."""
    if argument == STDIN or os.path.lexists(argument):
        return
    if is_pattern(argument) and "\0" not in argument:
        if all(failure is not None for _, failure in _matches(Pattern(argument))):
            raise SourceNotFound(f"no file matches {_quoted(argument)}; check the folder and the suffix of the pattern")
        return
    what = f"{_quoted(argument)} does not exist" if argument else "an empty path names nothing"
    raise SourceNotFound(f"{what}; expected a file, a folder, a pattern such as 'news/**/*.txt' or -{_hint(argument)}")


def _hint(argument: str) -> str:
    """`: did you mean 'articles'?`, from what lies beside the missing path; or where the path breaks off."""
    folder, name = os.path.split(argument.rstrip("/" + os.sep))
    try:
        names = sorted(os.listdir(folder or "."))
    except (OSError, ValueError):
        return f" (there is no folder {_quoted(folder)})" if folder else ""
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {_quoted(os.path.join(folder, close[0]))}?" if close else ""


def _quoted(path: str) -> str:
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in _legible(path))
    return f"'{printable}'"
