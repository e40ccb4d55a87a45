"""No code runs but semsearch's own, and no network is asked: proved with traps and with sockets that refuse."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import numpy as np
import pytest

import semsearch
from semsearch.embedders.bundled import DATA, SCALES, VECTORS, BundledModel
from semsearch.embedders.reranker import CrossEncoderReranker
from semsearch.errors import ModelUnavailable, SemsearchError
from tests.conftest import ARTICLES, ROOT, write

_NO_NETWORK = """
import os, socket, sys

def refuse(*args, **kwargs):
    with open(os.environ["ASKED"], "a") as file:
        file.write(repr(args) + "\\n")
    raise OSError("no network in this test")

real = socket.socket
class Local(real):
    def connect(self, address):
        return real.connect(self, address) if self.family == socket.AF_UNIX else refuse(address)
    def connect_ex(self, address):
        return real.connect_ex(self, address) if self.family == socket.AF_UNIX else refuse(address)
    def sendto(self, *args):
        return refuse(*args)
socket.socket = Local
socket.create_connection = socket.getaddrinfo = socket.gethostbyname = socket.gethostbyname_ex = refuse
"""
"""Sockets that reach no farther than this machine's own files, and note who tried."""

_SERVED = """
import asyncio
from semsearch.service.app import Served, create_app
from semsearch.service.guard import Door
app = create_app(Served(Path("index"), Door.of("127.0.0.1", (), (), None)))
async def start():
    async with app.router.lifespan_context(app):
        pass
asyncio.run(start())
"""
"""A service as far as it goes without listening: the index opened, the model loaded, a question answered."""


_NOT_HERE = """
import os, semsearch
from semsearch.errors import ModelUnavailable
print("asked before:", os.path.exists(os.environ["ASKED"]))
try:
    semsearch.build(["archive"], "other", "somebody/some-model")
except ModelUnavailable as error:
    print(error)
"""
"""Last, a model that must be fetched: the one thing that may ask."""


def _run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Python code in a process whose network is shut; what it and its helpers ask for is written to `asked`."""
    site = write(folder / "site", {"sitecustomize.py": _NO_NETWORK})
    hub = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    paths = os.pathsep.join([str(site), str(ROOT)])
    env = {**hub, "PYTHONPATH": paths, "ASKED": str(folder / "asked"), "HF_HOME": str(folder / "hub")}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def _asked(folder: Path) -> str:
    path = folder / "asked"
    return path.read_text() if path.exists() else ""


def _archive(folder: Path) -> None:
    """Enough articles for the helper processes, which must not ask for anything either."""
    many = {
        f"many/{n}.txt": "\n\n".join(f"Paragraph {n} {m} on a boat of the harbour." for m in range(40))
        for n in range(60)
    }
    write(folder / "archive", {**ARTICLES, **many})


def test_the_shut_network_of_these_tests_is_shut(tmp_path: Path) -> None:
    code = """
import socket, urllib.request
for ask in (lambda: socket.create_connection(("127.0.0.1", 9)), lambda: socket.getaddrinfo("localhost", 80),
            lambda: socket.socket().connect(("127.0.0.1", 9)), lambda: urllib.request.urlopen("http://127.0.0.1:9/")):
    try:
        ask()
    except OSError as error:
        assert "no network" in str(error), error
    else:
        raise SystemExit("it was let through")
one, other = socket.socketpair()
one.send(b"x"); assert other.recv(1) == b"x"
"""
    _run(code, tmp_path)
    assert _asked(tmp_path).count("\n") == 4


def test_every_test_and_what_it_starts_is_shut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKED_BEYOND", str(tmp_path / "asked"))
    with pytest.raises(OSError, match="beyond this machine"):
        socket.create_connection(("192.0.2.1", 9), 1)
    code = "import socket; socket.getaddrinfo('localhost', 80); socket.getaddrinfo('news.example', 80)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "beyond this machine: news.example" in done.stderr
    assert [line.split()[0] for line in _asked(tmp_path).splitlines()] == ["192.0.2.1", "news.example"]


@pytest.mark.parametrize("model", ["bundled", "transformer"])
def test_building_asking_and_starting_a_service_ask_no_network(
    model: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    arguments: list[str] = []
    if model == "transformer":
        arguments = ["--model", str(request.getfixturevalue("tiny_transformer"))]
        write(tmp_path / "archive", ARTICLES)
    else:
        _archive(tmp_path)
    commands = [
        ["build", "archive", "--index", "index", *arguments],
        ["build", "--index", "index"],
        ["query", "wood kiln", "--index", "index", "--explain"],
        ["verify", "--index", "index"],
        ["repair", "--index", "index"],
        ["info", "--index", "index"],
    ]
    code = f"""
import json
from pathlib import Path
from semsearch.cli import main
for command in json.loads({json.dumps(json.dumps(commands))}):
    main(command, standalone_mode=False)
{_SERVED}
"""
    if model == "transformer":
        code += _NOT_HERE
    done = _run(code, tmp_path)
    assert "kiln" in done.stdout
    if model == "transformer":
        assert "asked before: False" in done.stdout
        assert "use `bundled`, which needs no download" in done.stdout
        assert "huggingface.co" in _asked(tmp_path)  # so these tests would have noticed
    else:
        assert _asked(tmp_path) == ""


# ---- traps


class Payload:
    """What a pickle runs when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.marker),))


def _code(marker: Path, name: str) -> str:
    """Python that leaves a marker as soon as it is imported."""
    return (
        f"import os\nos.makedirs({str(marker)!r}, exist_ok=True)\n"
        f"from transformers import BertConfig, BertModel\nclass {name}(BertModel):\n    pass\n"
    )


def _trapped(model: Path, folder: Path, marker: Path, trap: str) -> Path:
    """A copy of a model with one thing in it that would run code."""
    shutil.copytree(model, folder)
    config = json.loads((folder / "config.json").read_text())
    if trap == "pickled weights":
        (folder / "model.safetensors").unlink()
        (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Payload(marker)))
    elif trap == "pickle beside weights":
        for name in ("pytorch_model.bin", "training_args.bin", "optimizer.pt", "1_Pooling/pytorch_model.bin"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(pickle.dumps(Payload(marker)))
    elif trap == "auto_map":
        (folder / "modeling_x.py").write_text(_code(marker, "X"))
        config["auto_map"] = {"AutoModel": "modeling_x.X", "AutoConfig": "modeling_x.X"}
    elif trap == "auto_map of an unknown kind":
        (folder / "modeling_x.py").write_text(_code(marker, "X"))
        config |= {"auto_map": {"AutoModel": "modeling_x.X", "AutoConfig": "modeling_x.X"}, "model_type": "x"}
    elif trap == "tokenizer code":
        (folder / "tokenization_x.py").write_text(_code(marker, "T"))
        settings = json.loads((folder / "tokenizer_config.json").read_text())
        settings |= {"auto_map": {"AutoTokenizer": ["tokenization_x.T", None]}, "tokenizer_class": "T"}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    elif trap in ("module code", "installed module"):
        (folder / "modeling_x.py").write_text(_code(marker, "X"))
        modules = json.loads((folder / "modules.json").read_text())
        modules[1]["type"] = "modeling_x.X" if trap == "module code" else "os.mkdir"
        (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "config.json").write_text(json.dumps(config))
    return folder


TRAPS = (
    "pickled weights", "pickle beside weights", "auto_map", "auto_map of an unknown kind", "tokenizer code",
    "module code", "installed module",
)  # fmt: skip


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("trap", TRAPS)
def test_code_in_a_models_folder_is_refused_or_left_alone(
    trap: str, tiny_transformer: Path, archive: Path, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    model = _trapped(tiny_transformer, tmp_path / "model", marker, trap)
    try:
        semsearch.build([archive], tmp_path / "index", str(model))
        with semsearch.open(tmp_path / "index") as index:
            assert index.query("kiln")
    except ModelUnavailable as error:
        assert str(model) in str(error)
    assert not marker.exists()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("trap", TRAPS)
def test_code_in_a_rerankers_folder_is_refused_or_left_alone(trap: str, tiny_transformer: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    model = _trapped(tiny_transformer, tmp_path / "model", marker, trap)
    with contextlib.suppress(ModelUnavailable):
        CrossEncoderReranker(str(model))
    assert not marker.exists()


@pytest.mark.parametrize("name", [VECTORS, SCALES])
def test_numbers_that_are_a_pickle_are_refused_by_the_bundled_model(name: str, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    (tmp_path / "model").mkdir()
    for path in DATA.iterdir():
        if path.name != name:
            (tmp_path / "model" / path.name).symlink_to(path)
    np.save(tmp_path / "model" / name, np.array([Payload(marker)], object), allow_pickle=True)
    with pytest.raises((ValueError, SemsearchError)):
        BundledModel(tmp_path / "model")
    assert not marker.exists()


def test_nothing_in_the_package_runs_text_or_unpickles() -> None:
    forbidden = {"eval", "exec", "__import__", "torch.load", "pickle.load", "pickle.loads", "yaml.load", "os.system"}
    for path in sorted((ROOT / "semsearch").rglob("*.py")):
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        assert not {ast.unparse(call.func) for call in calls} & forbidden, path
        assert not any(keyword.arg == "shell" for call in calls for keyword in call.keywords), path


def test_the_traps_are_traps(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Payload(tmp_path / "pickled")))
    assert (tmp_path / "pickled").is_dir()
    exec(_code(tmp_path / "imported", "X"))
    assert (tmp_path / "imported").is_dir()


def test_code_that_lies_where_a_command_is_started_is_not_imported(tmp_path: Path) -> None:
    """The helpers of a build and the workers of a service are Python processes, which like to look where they are."""
    _archive(tmp_path)
    marker = tmp_path / "marker"
    trap = f"import os\nos.makedirs({str(marker)!r}, exist_ok=True)\nraise ImportError('a trap')\n"
    names = (
        "numpy",
        "json",
        "tokenizers",
        "tantivy",
        "faiss",
        "semsearch",
        "sitecustomize",
        "multiprocessing",
        "regex",
    )
    write(tmp_path / "archive", {f"{name}{end}": trap for name in names for end in (".py", "/__init__.py")})
    script = shutil.which("semsearch", path=str(Path(sys.executable).parent))
    assert script
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for arguments in (["build", ".", "--index", "../index"], ["query", "boat", "--index", "../index"]):
        done = subprocess.run([script, *arguments], cwd=tmp_path / "archive", env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert not marker.exists()
    command = [script, "serve", "--index", "../index", "--port", "0", "--workers", "2"]
    with subprocess.Popen(command, cwd=tmp_path / "archive", env=env, stderr=subprocess.PIPE, text=True) as service:
        try:
            assert service.stderr
            url = service.stderr.readline().partition(" is served at ")[2].partition(";")[0]
            httpx2.get(f"{url}/readyz", timeout=60).raise_for_status()
        finally:
            service.terminate()
            service.communicate(timeout=60)
    assert not marker.exists()


def test_a_folder_of_an_index_runs_nothing_whatever_is_in_it(built: Path, tmp_path: Path) -> None:
    """An index is data: pickles, modules and settings put into its folder are not looked at."""
    marker = tmp_path / "marker"
    payload = pickle.dumps(Payload(marker))
    trap = f"import os\nos.makedirs({str(marker)!r}, exist_ok=True)\n"
    for name in ("model.pkl", "index.pkl", "meta.pickle", "pytorch_model.bin", "vectors-1.pkl"):
        (built / name).write_bytes(payload)
    write(built, {"semsearch.py": trap, "sitecustomize.py": trap, "words-1.py": trap})
    with semsearch.open(built) as index:
        assert index.query("kiln")
    semsearch.verify(built)
    assert not marker.exists()


def test_an_index_that_names_a_model_full_of_traps_runs_none(
    tiny_transformer: Path, archive: Path, tmp_path: Path
) -> None:
    """The name of the model stands in the database: whoever wrote that chooses the folder that is loaded."""
    marker = tmp_path / "marker"
    model = shutil.copytree(tiny_transformer, tmp_path / "model")
    semsearch.build([archive], tmp_path / "index", str(model))
    shutil.rmtree(model)
    _trapped(tiny_transformer, model, marker, "module code")
    with semsearch.open(tmp_path / "index") as index, pytest.raises(ModelUnavailable):
        index.query("kiln")
    assert not marker.exists()
