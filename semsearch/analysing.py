"""Cutting many texts into index words with both hands: every other batch goes to a second process.

As in `embedders/pipeline.py`, threads would not help. Where there is one core, few texts, or the second process dies,
the work is done here; the words are the same.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from semsearch import helper
from semsearch.analysis import index_words
from semsearch.records import WordEntry

_BATCH: Final = 512
_ENOUGH: Final = 2_048
"""Texts after which a second process pays, if there are many more."""


def analysed(entries: Iterable[WordEntry]) -> Iterator[tuple[WordEntry, str]]:
    """Each entry with its index words, parted by spaces; in the order of `entries`."""
    waiting, done = iter(entries), 0
    second: subprocess.Popen[bytes] | None = None
    try:
        while batch := list(islice(waiting, _BATCH)):
            if second is None and done >= _ENOUGH:
                second = helper.start("semsearch.analysing")
            sent = second is not None and helper.send(second, [entry.text for entry in batch])
            mine = list(islice(waiting, _BATCH)) if sent else []
            words_of_mine = _words([entry.text for entry in mine])
            received = _receive(second) if sent and second else None
            yield from zip(batch, received or _words([entry.text for entry in batch]), strict=True)
            yield from zip(mine, words_of_mine, strict=True)
            done += len(batch)
    finally:
        if second:
            helper.end(second)


def _words(texts: Sequence[str]) -> list[str]:
    return [" ".join(index_words(text)) for text in texts]


def _receive(second: subprocess.Popen[bytes]) -> list[str] | None:
    assert second.stdout
    line = second.stdout.readline()
    if not line.endswith(b"\n"):
        return None
    words: list[str] = json.loads(line)
    return words


def _serve() -> None:
    """The second process: a line of JSON in, a line of JSON out, until the input ends with the build."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_words(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
