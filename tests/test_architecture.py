"""The shape of the code: one direction of imports, one importer of each heavy library, and what an import costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "semsearch"

RANKS = {
    0: ["errors", "records"],
    1: [
        *("settings", "protocols", "offsets", "sqlite", "graphemes", "sentences", "patterns", "files", "helper"),
        *("analysis", "analysing", "context", "checksums", "filtering"),
    ],
    2: [
        "sources",
        "readers",
        "chunking",
        "languages",
        "embedders",
        "bilingual",
        "database",
        "traits",
        "vectors",
        "words",
    ],
    3: ["changes", "ranking", "wording", "calibration", "queries", "wire"],
    4: ["index", "explaining"],
    5: ["retrieval"],
    6: ["build", "search", "verify", "evaluate", "backup"],
    7: ["client", "service", "repair"],
    8: ["cli"],
    9: ["__main__"],
}
RANK = {name: rank for rank, names in RANKS.items() for name in names}
FAMILIES = {
    ("graphemes", "sentences"),
    ("records", "settings"),
    ("records", "protocols"),
    ("analysis", "analysing"),
    ("helper", "analysing"),
}
ONLY_IMPORTER = {
    "torch": "embedders/transformer.py",
    "sentence_transformers": "embedders/transformer.py",
    "tokenizers": "embedders/subwords.py",
    "safetensors": "embedders/export.py",
    "faiss": "vectors.py",
    "tantivy": "words.py",
    "ir_measures": "evaluate.py",
    "sqlite3": "sqlite.py",
    "httpx2": "client.py",
    **dict.fromkeys(("fastapi", "starlette", "uvicorn", "prometheus_client", "pydantic"), "service"),
    "click": "cli",
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Every module a file imports, deferred and TYPE_CHECKING imports counted."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part_of(module: str) -> str:
    """The ranked part a dotted name belongs to: `semsearch.readers.text` is `readers`."""
    return module.split(".")[1] if module.startswith("semsearch.") else ""


def test_every_module_has_a_rank() -> None:
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in modules()} - {"__init__"}
    assert parts == set(RANK)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_lower_ranks(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    for name in imported(path):
        part = part_of(name)
        if part in RANK and part != own and (part, own) not in FAMILIES:
            assert RANK[part] < RANK[own], f"{path.name} (rank {RANK[own]}) imports {name} (rank {RANK[part]})"


@pytest.mark.parametrize(("library", "home"), ONLY_IMPORTER.items())
def test_each_heavy_library_has_one_importer(library: str, home: str) -> None:
    users = {
        str(path.relative_to(PACKAGE)) for path in modules() if any(n.split(".")[0] == library for n in imported(path))
    }
    assert users
    assert all(user == home or user.startswith(home + "/") for user in users), users


def loaded_after(code: str) -> set[str]:
    code += "; import sys; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_importing_semsearch_loads_neither_torch_nor_faiss() -> None:
    assert not loaded_after("import semsearch") & {"torch", "faiss", "sentence_transformers", "transformers"}


def test_help_loads_neither_torch_nor_faiss() -> None:
    code = "from semsearch.cli import main; main(['--help'], standalone_mode=False)"
    assert not loaded_after(code) & {"torch", "faiss", "sentence_transformers", "transformers"}


def test_a_query_with_the_bundled_model_never_loads_torch(built: Path) -> None:
    code = f"import semsearch; assert semsearch.open({str(built)!r}).query('kiln')"
    assert not loaded_after(code) & {"torch", "sentence_transformers", "transformers"}


def test_house_limits_hold() -> None:
    for path in modules():
        source = path.read_text(encoding="utf-8")
        assert source.count("\n") <= 400, path
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 60, f"{path}:{node.name}"


def test_nothing_is_unpickled_or_run_from_a_model() -> None:
    for path in modules():
        names = imported(path)
        assert not any(name.split(".")[0] in {"pickle", "dill", "marshal", "shelve"} for name in names), path
        calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.keyword)]
        assert not any(keyword.arg in {"trust_remote_code", "allow_pickle"} for keyword in calls), path
