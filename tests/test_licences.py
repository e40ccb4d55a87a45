"""What semsearch brings along: no copyleft, every licence stated and listed, and floors under what had known holes."""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.conftest import ROOT

AUDIT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts/audit"))
RUNTIME: dict[str, list[str]] = AUDIT["runtime"]()
WEAK_AND_KNOWN = {"tqdm", "certifi"}
"""Packages under the MPL that are taken: it binds changes to them, and nothing that uses them."""
FLOORS = {
    "faiss-cpu": "1.15",
    "starlette": "1.3.1",
    "torch": "2.6",
    "transformers": "5.3",
    "sentence-transformers": "6.0",
}
"""The oldest versions that may be installed. Before them torch ran code from weights that it was told to take for plain
numbers, and sentence-transformers ran code that lies in a model's folder; the others are the project's choice."""


@pytest.mark.parametrize("name", RUNTIME)
def test_no_dependency_is_copyleft_and_each_states_its_licence(name: str) -> None:
    licence = AUDIT["licence"](name)
    assert licence, f"{name} states no licence"
    assert not AUDIT["COPYLEFT"].search(licence), f"{name}: {licence}"
    if AUDIT["WEAK"].search(licence):
        assert name in WEAK_AND_KNOWN, f"{name}: {licence}"


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "AGPL-3.0-or-later", "GNU General Public License v2 (GPLv2)", "SSPL-1.0"]
)
def test_a_copyleft_licence_would_be_noticed(licence: str) -> None:
    assert AUDIT["COPYLEFT"].search(licence)


@pytest.mark.parametrize(
    "licence", ["LGPL-2.1-only", "MPL-2.0 AND MIT", "GNU Lesser General Public License v3", "EPL-2.0"]
)
def test_a_weak_copyleft_licence_would_be_noticed(licence: str) -> None:
    assert AUDIT["WEAK"].search(licence)
    assert not AUDIT["COPYLEFT"].search(licence)


def test_the_page_of_licences_lists_every_dependency_with_its_licence() -> None:
    """`python scripts/audit --licences` renews it; versions on it are those of that day."""
    page = (ROOT / "docs/licences.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| (\S+) \| [^|]+ \| ([^|]+) \|", page, re.MULTILINE))
    missing = {name for name in RUNTIME if listed.get(name) != AUDIT["licence"](name)}
    assert not missing


def test_heavy_and_served_dependencies_are_counted() -> None:
    assert {"torch", "transformers", "numpy", "starlette", "uvicorn", "pydantic", "click"} <= set(RUNTIME)
    assert not {"pytest", "ruff", "hypothesis", "schemathesis"} & set(RUNTIME)


@pytest.mark.parametrize(("name", "least"), FLOORS.items())
def test_versions_with_known_holes_cannot_be_installed(name: str, least: str) -> None:
    project = AUDIT["tomllib"].loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["serve"]]
    wanted = {each.name: each.specifier for each in map(Requirement, lines)}
    assert name in wanted, f"pyproject.toml sets no floor under {name}: {least} is needed"
    floors = [Version(part.version) for part in wanted[name] if part.operator in (">=", ">", "==", "~=")]
    assert floors
    assert max(floors) >= Version(least)
    assert Version(AUDIT["metadata"].version(name)) >= Version(least)


def test_an_audit_that_asked_nobody_does_not_pass(capsys: pytest.CaptureFixture[str]) -> None:
    skipped = {"name": "x", "skip_reason": "Dependency not found on PyPI and could not be audited: x (1)"}
    good = {"name": "y", "version": "1", "vulns": []}
    bad = {"name": "z", "version": "1", "vulns": [{"id": "CVE-2025-1", "fix_versions": ["2"]}]}
    assert AUDIT["told"]([skipped, skipped]) == AUDIT["NOT_ASKED"] == 3
    assert "NOTHING WAS AUDITED" in capsys.readouterr().err
    assert AUDIT["told"]([skipped, good]) == 0
    assert AUDIT["told"]([good, bad]) == AUDIT["VULNERABLE"] == 1
    assert "CVE-2025-1" in capsys.readouterr().out
