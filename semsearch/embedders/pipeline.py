"""Embedding beside reading: a build hands over one batch and goes on with the next.

The bundled model is so quick that reading, chunking and storing take longer. Threads would not help, as both sides
need the interpreter; a second process does, where there is a second core and enough to do. It gives the same vectors.
Other models embed in the build's own process, where their library keeps all cores busy.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np

from semsearch.embedders.bundled import BundledModel
from semsearch.protocols import Embedder, Vectors

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
            self._helper.kill()
            self._helper.communicate()

    def submit(self, texts: Sequence[str], contexts: Sequence[str]) -> None:
        """Hand over a batch of passages with their headlines; the result of the one before must have been taken."""
        self._batch = (texts, contexts)
        if self._helper is None and self._submitted >= self._enough:
            self._helper = _start(self._embedder)
        self._submitted += len(texts)
        self._sent = self._helper is not None and self._is_ready(self._helper) and _send(self._helper, self._batch)

    def result(self) -> Vectors:
        """The vectors of the batch that was submitted, as `Embedder.embed_passages` returns them."""
        if self._sent and self._helper and self._helper.stdout:
            rows, columns = len(self._batch[0]), self._embedder.dimension
            data = self._helper.stdout.read(4 * rows * columns)
            if len(data) == 4 * rows * columns:
                return np.frombuffer(data, np.float32).reshape(rows, columns)
        return self._embedder.embed_passages(*self._batch)

    def _is_ready(self, helper: subprocess.Popen[bytes]) -> bool:
        """Whether the helper has said so; it is not waited for."""
        if not self._ready and helper.stdout and select.select([helper.stdout], [], [], 0)[0]:
            self._ready = helper.stdout.read(1) == _READY
        return self._ready and helper.poll() is None


def _send(helper: subprocess.Popen[bytes], batch: tuple[Sequence[str], Sequence[str]]) -> bool:
    try:
        assert helper.stdin
        helper.stdin.write(json.dumps(batch).encode("ascii") + b"\n")
        helper.stdin.flush()
    except BrokenPipeError:
        return False
    return True


def _start(embedder: Embedder) -> subprocess.Popen[bytes] | None:
    if type(embedder) is not BundledModel or len(os.sched_getaffinity(0)) < 2 or not sys.executable:
        return None
    return subprocess.Popen(
        [sys.executable, "-m", "semsearch.embedders.pipeline", str(embedder.directory), str(embedder.dimension)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,  # Ctrl-C is for the build, which then ends its helper
    )


def _serve(directory: Path, dimension: int) -> None:
    """The second process: a line of JSON in, float32 vectors out, until the input ends with the build."""
    model = BundledModel(directory, dimension)
    sys.stdout.buffer.write(_READY)
    sys.stdout.buffer.flush()
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(model.embed_passages(*json.loads(line)).tobytes())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
