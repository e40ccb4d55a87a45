"""File patterns with `*`, `?`, `[...]` and `**`, matched against paths instead of searching the disk."""

from __future__ import annotations

import os
import re
from functools import lru_cache

_SIGN = re.compile(r"\*+|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)


def is_pattern(path: str) -> bool:
    """Whether `path` holds a wildcard."""
    return any(sign in path for sign in "*?[")


class Pattern:
    """A pattern, divided into `base`, the folder before its first wildcard ("" for the current one), and the rest."""

    __slots__ = ("_parts", "any_suffix", "base")

    def __init__(self, pattern: str) -> None:
        parts = pattern.replace(os.sep, "/").split("/")
        first = next(at for at, part in enumerate(parts) if is_pattern(part))
        self.base = "/".join(parts[:first]) or ("/" if first else "")
        self._parts = tuple(part for part in parts[first:] if part not in ("", "."))
        self.any_suffix = "." not in self._parts[-1]

    def matches(self, path: str, is_folder: bool = False) -> bool:
        """Whether `path`, relative to `base`, fits; a final `**` stands for files only."""
        if is_folder and self._parts[-1] == "**":
            return False
        return _matcher(self._parts).fullmatch(path.replace(os.sep, "/")) is not None

    def may_hold(self, folder: str) -> bool:
        """Whether anything inside `folder`, relative to `base`, could fit; if not, it need not be entered."""
        names = folder.replace(os.sep, "/").split("/")
        for name, part in zip(names, self._parts, strict=False):
            if part == "**":
                return True
            if _matcher((part,)).fullmatch(name) is None:
                return False
        return len(names) < len(self._parts)


@lru_cache(maxsize=64)
def _matcher(parts: tuple[str, ...]) -> re.Pattern[str]:
    last = len(parts) - 1
    expression = "".join(_translated(part, at == last) for at, part in enumerate(parts))
    try:
        return re.compile(expression, re.DOTALL)
    except re.error:  # a bracket that means nothing, such as [z-a]
        return re.compile(r"(?!)")


def _translated(part: str, is_last: bool) -> str:
    if part == "**":
        return ".*" if is_last else "(?:[^/]+/)*"
    inside = _SIGN.sub(lambda sign: _meaning(sign[0]), part)
    return inside if is_last else f"{inside}/"


def _meaning(sign: str) -> str:
    if sign.startswith("*"):
        return "[^/]*"
    if sign == "?":
        return "[^/]"
    if len(sign) > 2 and sign.startswith("["):
        negated = sign[1] == "!"
        letters = re.sub(r"([\\\[\]^&~|])", r"\\\1", sign[1 + negated : -1])
        return f"(?!/)[{'^' if negated else ''}{letters}]"
    return re.escape(sign)
