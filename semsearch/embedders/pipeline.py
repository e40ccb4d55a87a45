"""Embedding beside reading: a build hands over one batch and goes on with the next.

The bundled model is so quick that reading, chunking and storing take longer. Threads would not help, as both sides
need the interpreter; a second process does, where there is a second core and enough to do. It gives the same vectors.
Other models embed in the build's own process, where their library keeps all cores busy.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, Self

import numpy as np

from semsearch import helper
from semsearch.embedders.bundled import BundledModel
from semsearch.protocols import Embedder, TokenModel, Vectors

ENOUGH: Final = 1_024
"""Passages after which a second process pays, if there are many more."""
_READY: Final = b"\n"


class Pipeline:
    """Embeds batch after batch: `submit` one, do something else, then take its `result`."""

    def __init__(self, embedder: Embedder, enough: int = ENOUGH) -> None:
        self._embedder, self._enough = embedder, enough
        self._helper: subprocess.Popen[bytes] | None = None
        self._submitted, self._ready, self._sent = 0, False, False
        self._batch: tuple[Sequence[str], Sequence[str]] = ((), ())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._helper:
            helper.end(self._helper)

    def submit(self, texts: Sequence[str], contexts: Sequence[str]) -> None:
        """Hand over a batch of passages with their headlines; the result of the one before must have been taken."""
        self._batch = (texts, contexts)
        if self._helper is None and self._submitted >= self._enough:
            self._helper = _start(self._embedder)
        self._submitted += len(texts)
        self._sent = (
            self._helper is not None and self._is_ready(self._helper) and helper.send(self._helper, self._batch)
        )

    def result(self) -> tuple[Vectors, list[bytes]]:
        """The vectors of the batch that was submitted, and its tokens, as `embed_with_tokens` returns them.

        The tokens of a model that has none to give are empty.
        """
        rows = len(self._batch[0])
        if self._sent and self._helper and self._helper.stdout:
            vectors = self._helper.stdout.read(4 * rows * self._embedder.dimension)
            lengths = np.frombuffer(self._helper.stdout.read(4 * rows), np.uint32)
            tokens = self._helper.stdout.read(int(lengths.sum()))
            if len(lengths) == rows and len(tokens) == lengths.sum():
                ends = np.cumsum(lengths).tolist()
                parts = [tokens[start:end] for start, end in pairwise([0, *ends])]
                return np.frombuffer(vectors, np.float32).reshape(rows, -1), parts
        if isinstance(self._embedder, TokenModel):
            return self._embedder.embed_with_tokens(*self._batch)
        return self._embedder.embed_passages(*self._batch), [b""] * rows

    def _is_ready(self, second: subprocess.Popen[bytes]) -> bool:
        """Whether the helper has said so; it is not waited for."""
        if not self._ready and second.stdout and select.select([second.stdout], [], [], 0)[0]:
            self._ready = second.stdout.read(1) == _READY
        return self._ready and second.poll() is None


def _start(embedder: Embedder) -> subprocess.Popen[bytes] | None:
    if type(embedder) is not BundledModel:
        return None
    return helper.start("semsearch.embedders.pipeline", str(embedder.directory), str(embedder.dimension))


def _serve(directory: Path, dimension: int) -> None:
    """The second process: a line of JSON in; vectors, lengths and tokens out; until the input ends with the build."""
    model = BundledModel(directory, dimension)
    sys.stdout.buffer.write(_READY)
    sys.stdout.buffer.flush()
    for line in sys.stdin.buffer:
        vectors, tokens = model.embed_with_tokens(*json.loads(line))
        lengths = np.array([len(own) for own in tokens], np.uint32)
        sys.stdout.buffer.write(vectors.tobytes() + lengths.tobytes() + b"".join(tokens))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
