"""Every script that is sent to a host, or left there, has the functions that it calls."""

from __future__ import annotations

import base64
import io
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyinfra.api.command import StringCommand

from bunker.applications.of_host import application_of
from bunker.bundle import Bundle, BundleFile
from bunker.fleet.models import Host
from deploys.changemaker.deploy import CHANGEMAKER
from deploys.compose.deploy import COMPOSE
from deploys.stack import armed, deploy, gate
from deploys.stack.decision import Decision
from deploys.stack.stack import Stack

ROOT = Path(__file__).parents[3]
DEFINED = re.compile(r"^ *([a-z_]+)\(\)", re.MULTILINE)
CALLED = re.compile(
    r"(?:^|[;&|({!]|\$\(|\b(?:if|then|do|else|while|until)\b) *([a-z_]+)(?=[ ;)\n|]|$)",
    re.MULTILINE,
)
OURS = {
    name
    for folder in ("deploys/stack", "deploys/changemaker", "deploys/compose", "bunker/application")
    for path in (ROOT / folder).rglob("*.sh")
    for name in DEFINED.findall(path.read_text())
}
HOST = Host.model_validate(
    {
        **{"name": "north", "address": "192.0.2.1", "domain": "north.example.org"},
        **{"groups": ["changemaker"]},
        **{"applications": {"wiki": {"kind": "compose", "folder": "wiki"}}},
    }
)
BUNDLE = Bundle("x", (BundleFile("/opt/x/.env", b"A=1\n"),))


def missing(text: str) -> set[str]:
    """Functions of ours that a script calls and does not have."""
    code = re.sub(r"^ *#.*$", "", text, flags=re.MULTILINE)
    return (set(CALLED.findall(code)) & OURS) - set(DEFINED.findall(code))


def test_a_missing_function_is_seen() -> None:
    assert "front_door" in OURS
    assert missing("cd /\nfront_door\n") == {"front_door"}
    assert missing("if ! front_door; then :; fi") == {"front_door"}
    assert missing("front_door() { :; }\nx=$(front_door)") == set()


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The text of each declared step, by its title."""
    texts: dict[str, str] = {}

    def step(title: str, commands: Any) -> None:
        texts[title] = "\n".join(_texts(commands() if callable(commands) else commands))

    def plain(text: str, **_variables: Any) -> str:
        return text

    monkeypatch.setattr(deploy, "step", step)
    monkeypatch.setattr(deploy, "wants", lambda _part: True)
    for module in (deploy, armed, gate):
        monkeypatch.setattr(module, "changing", plain)
    return texts


def _texts(commands: Any) -> Iterator[str]:
    for one in commands:
        if isinstance(one, StringCommand):
            yield one.get_raw_value()
        else:  # the question about pending migrations
            yield one.args[0]


@pytest.mark.parametrize(("stack", "name"), [(CHANGEMAKER, "changemaker"), (COMPOSE, "wiki")])
@pytest.mark.parametrize("code", [None, "bundle"])
def test_of_each_step_of_an_upgrade(
    stack: Stack, name: str, code: str | None, declared: dict[str, str]
) -> None:
    view = application_of(HOST, name).host
    decision = Decision((), switch=True, migrate=True, build=True)
    database = SimpleNamespace(new=False)
    instance: Any = SimpleNamespace(generation={"number": 1}, armed=True, database=database)
    variables: dict[str, str | int] = {"APP_NAME": name}
    deploy._declare(
        *(stack, view, BUNDLE, "c" * 40, decision, instance), variables=variables, code=code
    )
    assert len(declared) >= 8
    found = {title: missing(text) for title, text in declared.items()}
    assert {title: names for title, names in found.items() if names} == {}


@pytest.mark.parametrize(("stack", "name"), [(CHANGEMAKER, "changemaker"), (COMPOSE, "wiki")])
def test_of_what_is_left_on_the_host_and_of_the_gate_after_a_boot(
    stack: Stack, name: str, declared: dict[str, str]
) -> None:
    left = armed.armed_files(stack, {"APP_NAME": name}, ())
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(left))) as archive:
        files = {one.name: archive.extractfile(one) for one in archive.getmembers()}
    for path in ("undo", "deadman"):
        file = next(file for at, file in files.items() if at.endswith(path))
        assert file
        assert missing(file.read().decode()) == set()
    assert missing(gate.gate_after_boot(stack, application_of(HOST, name).host)) == set()
