"""The README's example runs as written, and every command and option it names exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from semsearch.cli import commands
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    command = [sys.executable, "-W", "ignore::ResourceWarning", "-c", example]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 5


def test_every_command_and_option_shown_exists() -> None:
    lines = re.findall(r"^    semsearch (.+)$", README, re.MULTILINE)
    assert len(lines) > 6
    for line in lines:
        name, *rest = line.split("#")[0].split()
        options = {option for parameter in commands()[name].params for option in parameter.opts}
        assert {word for word in rest if word.startswith("-")} <= options, line


def test_every_command_is_in_the_readme() -> None:
    assert all(f"semsearch {name}" in README for name in commands())
