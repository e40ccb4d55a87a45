"""A second process of Python that does part of a build's work, where there is a second core for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any


def start(module: str, *arguments: str) -> subprocess.Popen[bytes] | None:
    """Run `python -m module arguments`, with pipes to talk through; None where there is one core, or no interpreter."""
    if len(os.sched_getaffinity(0)) < 2 or not sys.executable:
        return None
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],  # -P: nothing is imported from the current folder
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,  # Ctrl-C is for the build, which then ends its helper
    )


def send(helper: subprocess.Popen[bytes], work: Any) -> bool:
    """Hand over `work` as a line of JSON; False where the helper has died."""
    try:
        assert helper.stdin
        helper.stdin.write(json.dumps(work).encode("ascii") + b"\n")
        helper.stdin.flush()
    except BrokenPipeError:
        return False
    return True


def end(helper: subprocess.Popen[bytes]) -> None:
    """Stop a helper, whatever it is doing."""
    helper.kill()
    helper.communicate()
