"""The user's own names for things: a text file, one group of forms a line.

이재명 | Lee Jae-myung | 李在明     # separated by `|`, a tab, or ` = `
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import regex

from semsearch.errors import UsageError

from .keys import NOUN, plain_key, reach_prefix, size_of
from .normal import SCRIPTS
from .table import Found
from .values import LANGS, Form

_SEPARATOR = regex.compile(r"\||\t| = ")
_COMMENT = regex.compile(r"(?:^|\s)#.*")


class Aliases:
    """An alias file, read whole."""

    def __init__(self, path: Path) -> None:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read the alias file {path}: {error}") from None
        self._found: dict[tuple[str, str], list[Found]] = defaultdict(list)
        self._reach: dict[tuple[str, str], int] = defaultdict(int)
        self._groups: list[dict[str, list[str]]] = []
        for number, line in enumerate(lines, start=1):
            text = _COMMENT.sub("", line).strip()
            if text:
                self._add(_group(text, f"{path}:{number}"))

    def find(self, key: str, lang: str) -> list[Found]:
        """Groups with exactly this key."""
        return self._found.get((lang, key), [])

    def reach(self, prefix: str, lang: str) -> int:
        """A bit for each length that a key beginning with `prefix` may have."""
        return self._reach.get((lang, reach_prefix(prefix, lang)), 0)

    def forms(self, lang: str, heads: tuple[tuple[int, float], ...]) -> tuple[Form, ...]:
        """Every form of the groups but the matched ones, those of a language alike in weight."""
        made: list[Form] = []
        matched = {text for head, _ in heads for text in self._groups[head][lang]} if len(heads) == 1 else set()
        for tongue in LANGS:
            texts = list(dict.fromkeys(text for head, _ in heads for text in self._groups[head][tongue]))
            if tongue != lang or len(matched) > 1:
                made += [Form(text, tongue, 1 / len(texts), "alias") for text in texts]
        return tuple(made)

    def _add(self, group: dict[str, list[str]]) -> None:
        number = len(self._groups)
        self._groups.append(group)
        for lang, texts in group.items():
            for text in texts:
                key = plain_key(text, lang) or ""
                self._found[lang, key].append((number, NOUN, text))
                self._reach[lang, reach_prefix(key, lang)] |= 1 << size_of(key, lang)


def _group(text: str, where: str) -> dict[str, list[str]]:
    forms = [form.strip() for form in _SEPARATOR.split(text)]
    if len(forms) < 2 or not all(forms):
        raise UsageError(f"{where}: {text!r} is no group of aliases: expected forms separated by `|`, a tab or ` = `")
    group: dict[str, list[str]] = {lang: [] for lang in LANGS}
    for form in forms:
        lang = next((lang for lang, script in SCRIPTS.items() if script.search(form)), None)
        if lang is None:
            raise UsageError(f"{where}: {form!r} is in none of Korean, English and Japanese")
        if plain_key(form, lang) is None:
            raise UsageError(f"{where}: {form!r} is too long for an alias (6 English words, 15 characters otherwise)")
        group[lang].append(form)
    return group
