"""Cutting many texts into index words with both hands: every other batch goes to a second process.

As in `embedders/pipeline.py`, threads would not help. Where there is one core, few texts, or the second process dies,
the work is done here; the words are the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from semsearch.analysis import index_words
from semsearch.records import WordEntry

_BATCH: Final = 512
_ENOUGH: Final = 2_048
"""Texts after which a second process pays, if there are many more."""


def analysed(entries: Iterable[WordEntry]) -> Iterator[tuple[WordEntry, str]]:
    """Each entry with its index words, parted by spaces; in the order of `entries`."""
    waiting, done = iter(entries), 0
    helper: subprocess.Popen[str] | None = None
    try:
        while batch := list(islice(waiting, _BATCH)):
            if helper is None and done >= _ENOUGH and len(os.sched_getaffinity(0)) > 1 and sys.executable:
                helper = _start()
            sent = helper is not None and _send(helper, batch)
            mine = list(islice(waiting, _BATCH)) if sent else []
            words_of_mine = _words([entry.text for entry in mine])
            received = _receive(helper) if sent and helper else None
            yield from zip(batch, received or _words([entry.text for entry in batch]), strict=True)
            yield from zip(mine, words_of_mine, strict=True)
            done += len(batch)
    finally:
        if helper:
            helper.kill()
            helper.communicate()


def _words(texts: Sequence[str]) -> list[str]:
    return [" ".join(index_words(text)) for text in texts]


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "semsearch.analysing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,  # Ctrl-C is for the build, which then ends its helper
        text=True,
        encoding="utf-8",
    )


def _send(helper: subprocess.Popen[str], batch: Sequence[WordEntry]) -> bool:
    try:
        assert helper.stdin
        helper.stdin.write(json.dumps([entry.text for entry in batch]) + "\n")
        helper.stdin.flush()
    except BrokenPipeError:
        return False
    return True


def _receive(helper: subprocess.Popen[str]) -> list[str] | None:
    assert helper.stdout
    line = helper.stdout.readline()
    if not line.endswith("\n"):
        return None
    words: list[str] = json.loads(line)
    return words


def _serve() -> None:
    """The second process: a line of JSON in, a line of JSON out, until the input ends with the build."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_words(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    _serve()
