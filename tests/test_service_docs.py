"""The service's manual is true: its examples run as written, in order, and answer what it shows.

Also what can be known of the Dockerfile, compose.yaml and the systemd unit without Docker and systemd.
"""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from semsearch import settings
from semsearch.cli import commands
from tests.conftest import ROOT
from tests.serving import serving

ADDRESS = "http://127.0.0.1:8765"
MANUAL = (ROOT / "docs/service.md").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
UNIT = (ROOT / "packaging/semsearch.service").read_text(encoding="utf-8")
SHELL = re.compile(r"```sh\n(.*?)```(?:\n\n```(json|text)\n(.*?)```)?", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
TABLED = {
    "hits of one question": settings.MAX_SERVED_K,
    "hits of a stream": settings.MAX_K,
    "characters of a question": settings.MAX_QUERY_CHARS,
    "questions in one request": settings.MAX_BATCH,
    "passages around a hit, on each side": settings.MAX_CONTEXT,
    "bytes of a request": settings.MAX_BODY_BYTES,
    "bytes of a request's head": settings.MAX_HEADER_BYTES,
    "seconds until a request is there, whole": settings.RECEIPT_SECONDS,
    "connections without a whole request": settings.MAX_HALF_OPEN,
    "questions at a time": settings.MAX_RUNNING,
    "seconds until an answer": settings.QUERY_SECONDS,
    "answers kept in memory": settings.REMEMBERED_ANSWERS,
}


@pytest.fixture(scope="module")
def service(seeds_index: Path) -> Iterator[str]:
    """The address of a service over the sample archive."""
    with serving(seeds_index) as running:
        yield running.url


def test_every_shell_example_answers_as_shown(service: str) -> None:
    if not shutil.which("curl") or not shutil.which("bash"):
        pytest.skip("the examples need curl and bash")
    examples = SHELL.findall(MANUAL)
    assert len(examples) > 12
    script = "set -eu\n" + "".join(f"{example}printf '\\0'\n" for example, _, _ in examples)
    done = subprocess.run(
        ["bash", "-c", script.replace(ADDRESS, service)],
        capture_output=True, check=False, timeout=120,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "no_proxy": "*"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    answers = done.stdout.decode().split("\0")[:-1]
    assert len(answers) == len(examples)
    for (example, kind, shown), answer in zip(examples, answers, strict=True):
        if kind == "json":
            expected, given = json.loads(shown), json.loads(answer)
            assert is_like(given, expected), f"{example}\n{answer}"
            assert "error" not in expected or given == expected, f"{example}\n{answer}"
        else:
            assert answer.strip() == shown.strip(), example


def is_like(given: Any, shown: Any) -> bool:
    """Whether an answer has every field shown, of the same kind. Of the values only `status` is compared."""
    if isinstance(shown, dict):
        return isinstance(given, dict) and all(
            name in given and (given[name] == value if name == "status" else is_like(given[name], value))
            for name, value in shown.items()
        )
    if isinstance(shown, list):
        return isinstance(given, list) and (not shown or (bool(given) and is_like(given[0], shown[0])))
    if shown is None or given is None:
        return given is shown or isinstance(given, str)
    return isinstance(given, type(shown)) or (isinstance(shown, float) and isinstance(given, int))


def test_is_like_tells_answers_apart() -> None:
    assert is_like({"a": 1, "b": [{"c": "x"}]}, {"b": [{"c": "y"}]})
    assert not is_like({"a": 1}, {"b": 1})
    assert not is_like({"b": []}, {"b": [{"c": "y"}]})
    assert not is_like({"a": "1"}, {"a": 1})
    assert not is_like({"status": "no"}, {"status": "ok"})


def test_every_python_example_runs(service: str) -> None:
    examples = PYTHON.findall(MANUAL)
    assert examples
    for example in examples:
        command = [sys.executable, "-c", example.replace(ADDRESS, service)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 5


def test_the_whole_answer_and_every_field_of_a_question_are_shown() -> None:
    schemas = pytest.importorskip("semsearch.service.schemas")
    (shown,) = (json.loads(text) for _, kind, text in SHELL.findall(MANUAL) if kind == "json" and '"hits"' in text)
    assert set(shown) == set(schemas.AnswerOut.model_fields)
    (hit,) = shown["hits"]
    assert set(hit) == set(schemas.HitOut.model_fields) - {"context"}
    table = MANUAL.partition("| field | default |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| (`.*?`) \| (.*?) ?\|", table, re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == set(schemas.Asked.model_fields)
    for names, default in rows.items():
        for name in re.findall(r"`(\w+)`", names):
            field = schemas.Asked.model_fields[name]
            usual = "" if field.is_required() or field.default is None else str(field.default)
            assert default.strip("`").lower() == {"[]": "all"}.get(usual, usual.lower()), name


def test_every_path_is_described() -> None:
    app = pytest.importorskip("semsearch.service.app")
    door = app.Door.of("127.0.0.1")
    paths = app.create_app(app.Served(Path("index"), door)).openapi()["paths"]
    assert {path for path in paths if f"{path.partition('{')[0]}" not in MANUAL} == set()


def test_every_limit_is_as_set() -> None:
    table = MANUAL.partition("| what | limit |")[2].partition("\n\n")[0]
    shown = dict(re.findall(r"^\| (\w.*?) \| ([\d,]+) \|", table, re.MULTILINE))
    assert shown == {what: f"{setting.default:,g}" for what, setting in TABLED.items()}


def test_every_error_has_its_row() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "semsearch/service").glob("*.py"))
    raised = set(re.findall(r'(?:Refusal|_error)\((\d{3}), "([a-z-]+)"', source))
    shown = set(re.findall(r"^\| (\d{3}) \| `([a-z-]+)`", MANUAL, re.MULTILINE))
    assert len(raised) > 7
    assert raised <= shown
    assert shown - raised == {("404", "not-found"), ("405", "method")}


def calls(text: str) -> Iterator[list[str]]:
    """Every call of semsearch in lines of shell: the command and what follows."""
    for line in text.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        try:
            words = list(lexer)
        except ValueError:  # a quoted text that goes on in the next line
            continue
        for at, word in enumerate(words[:-1]):
            if word.rpartition("/")[2] == "semsearch" and re.fullmatch("[a-z]+", words[at + 1]):
                rest = words[at + 1 :]
                yield rest[: next((i for i, each in enumerate(rest) if set(each) <= set("|<>&;()")), len(rest))]


def check(call: list[str]) -> None:
    """A command that exists, with options that it has."""
    name, *rest = call
    assert name in commands(), call
    options = {option for parameter in commands()[name].params for option in parameter.opts}
    assert {word for word in rest if word.startswith("-")} <= options, call


def test_every_command_shown_exists() -> None:
    indented = "\n".join(line for line in MANUAL.splitlines() if line.startswith("    "))
    shown = [*calls(indented), *calls("\n".join(re.findall("`(semsearch [^`]+)`", MANUAL)))]
    assert len(shown) > 8
    for call in shown:
        check(call)
    known = {option for command in commands().values() for parameter in command.params for option in parameter.opts}
    named = {option for text in re.findall("`([^`\n]+)`", MANUAL) for option in re.findall(r"(?<!\S)--[a-z-]+", text)}
    assert named - known == {"--build-arg"}


def test_the_unit_starts_what_exists_and_guards_it() -> None:
    started = dict(re.findall(r"^(Exec\w+)=(.*)$", UNIT, re.MULTILINE))
    (call,) = calls(started["ExecStart"])
    check(call)
    assert call[0] == "serve"
    assert "--api-key-file" in call
    directives = set(re.findall(r"^(\w+=\S*)", UNIT, re.MULTILINE))
    assert directives >= {"User=semsearch", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes"}
    assert directives >= {"MemoryDenyWriteExecute=yes", "CapabilityBoundingSet=", "IPAddressDeny=any"}


def instructions(name: str) -> list[str]:
    """What follows an instruction in the Dockerfile, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    return [text.strip() for text in re.findall(rf"^{name} (.+)$", joined, re.MULTILINE)]


def test_the_image_runs_as_nobody_in_particular_and_tells_its_health() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.+)$", final, re.MULTILINE) == ["10001:10001"]
    (health,) = instructions("HEALTHCHECK")
    program = json.loads(health.partition(" CMD ")[2])
    assert program[:2] == ["python", "-c"]
    assert "/healthz" in program[2]
    assert str(settings.PORT.default) in program[2]
    assert instructions("EXPOSE") == [str(settings.PORT.default)]
    assert re.search(rf"{settings.INDEX.env}=/index", final)
    assert "API_KEY=" not in DOCKERFILE


def test_the_image_serves_and_needs_a_key(seeds_index: Path) -> None:
    (entry,), (command,) = map(json.loads, instructions("ENTRYPOINT")), map(json.loads, instructions("CMD"))
    assert entry == ["semsearch"]
    check(command)
    env = {name: value for name, value in os.environ.items() if name != "SEMSEARCH_API_KEY"}
    done = subprocess.run(
        [sys.executable, "-m", *entry, *command],
        env={**env, "SEMSEARCH_INDEX": str(seeds_index)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "SEMSEARCH_API_KEY" in done.stderr


def test_the_health_check_tells_a_service_from_none(service: str) -> None:
    program = json.loads(instructions("HEALTHCHECK")[0].partition(" CMD ")[2])[2]
    port = str(settings.PORT.default)
    for instead, status in ((service.rpartition(":")[2], 0), ("1", 1)):
        done = subprocess.run([sys.executable, "-c", program.replace(port, instead)], capture_output=True, check=False)
        assert done.returncode == status


def test_the_bases_are_pinned_and_new_enough() -> None:
    bases = {base.split()[0] for base in instructions("FROM")}
    (base,) = bases
    found = re.fullmatch(r"python:(\d+)\.(\d+)-slim-\w+", base)
    assert found
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert (int(found[1]), int(found[2])) >= tuple(map(int, wanted.removeprefix(">=").split(".")))


def test_what_the_image_copies_is_let_through() -> None:
    through = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [word for text in instructions("COPY") if not text.startswith("--from") for word in text.split()[:-1]]
    assert len(copied) > 4
    assert {f"!{word}" for word in copied} == {line for line in through if line.startswith("!")}
    assert all((ROOT / word).exists() for word in copied)


def test_the_image_needs_no_torch() -> None:
    """PyTorch and what is built on it are left out, and nothing that is asked for brings them back."""
    (program,) = re.findall(r"^    python -c '(.+)' >needed.txt", DOCKERFILE, re.MULTILINE)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {*project["dependencies"], *project["optional-dependencies"]["serve"]}
    needed = set(done.stdout.splitlines())
    assert needed < wanted
    heavy = {"sentence-transformers", "torch", "transformers"}
    assert {Requirement(each).name for each in wanted - needed} == heavy
    brought = runpy.run_path(str(ROOT / "scripts/audit"))["brought"](needed)
    assert len(brought) > len(needed)
    assert not heavy & {canonicalize_name(name) for name in brought}


def test_compose_is_closed_but_for_what_it_needs() -> None:
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load(COMPOSE)["services"]
    assert set(services) == {"serve", "build"}
    for service in services.values():
        check(service["command"])
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert any(mount.startswith("/tmp") for mount in service["tmpfs"])
    serve, build = services["serve"], services["build"]
    assert serve["ports"] == [f"127.0.0.1:{settings.PORT.default}:{settings.PORT.default}"]
    assert f"/run/secrets/{serve['secrets'][0]}" in serve["command"]
    assert build["profiles"] == ["build"]
    assert [mount["read_only"] for mount in build["volumes"] if isinstance(mount, dict)] == [True]
