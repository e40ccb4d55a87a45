"""The wheel alone is a working semsearch: the model is inside, and nothing of the source tree is needed.

`scripts/wheel` proves the same in an empty virtual environment with the dependencies installed anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT, SEEDS

LIMIT = 24_000_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from this source tree."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # pip may fetch the build backend
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode and "hatchling" in done.stderr:
        pytest.skip(f"the build backend cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def test_model_licence_and_types_are_inside_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        model = sum(item.file_size for item in archive.infolist() if "/embedders/data/" in item.filename)
    assert 0 < model <= LIMIT
    assert "semsearch/py.typed" in names
    assert any(name.endswith("licenses/NOTICE") for name in names)
    assert all(name.startswith(("semsearch/", "semsearch-")) for name in names)


def test_it_builds_and_answers_far_from_the_source_tree(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    code = (
        "import semsearch, sys; assert semsearch.__file__.startswith(sys.argv[1]), semsearch.__file__; "
        "semsearch.build([sys.argv[2]], 'index'); "
        "print(semsearch.open('index').query('한일 국교 정상화', k=1)[0].passage.source)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "installed"), str(SEEDS / "en")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(".txt")
