"""Commands about one application: which one is meant, and what they are told of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context

from bunker.cli import env, generations, hosts
from bunker.cli.options import Options
from bunker.remote import Completed, Remote

COMMON: dict[str, Any] = {"json": True, "debug": False, "yes": False}
HOST = """\
host: {name}
address: 192.0.2.{number}
domain: {name}.example.org
groups: [changemaker]
"""
APPLICATIONS = """\
applications:
  wiki: {kind: compose, folder: wiki, directory: /srv/wiki}
  staging:
    kind: changemaker
    environment:
      {NGINX_HTTP_PORT: "8080", NGINX_HTTPS_PORT: 8443, API_PORT: 4010, ADMIN_PORT: 3100,
       V2_POSTGRES_PORT: 5443, REDIS_PORT: 6389}
"""


@pytest.fixture(autouse=True)
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """north has three applications, south one."""
    folder = tmp_path / "inventories" / "production"
    folder.mkdir(parents=True)
    folder.with_suffix(".py").touch()
    (folder / "north.yml").write_text(HOST.format(name="north", number=1) + APPLICATIONS)
    (folder / "south.yml").write_text(HOST.format(name="south", number=2))
    monkeypatch.setenv("BUNKER_ROOT", str(tmp_path))
    monkeypatch.delenv("BUNKER_FLEET", raising=False)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The script that each host was sent; every one answers that it has no generation."""
    found: dict[str, str] = {}

    def run(self: Remote, script: str, **_options: Any) -> Completed:
        found[self.host.name] = script
        return Completed(self.host.name, 0, "@@bunker generations\n@@bunker end\n", "")

    monkeypatch.setattr(Remote, "run", run)
    return found


def chosen(*names: str) -> dict[str, Any]:
    return {"host": list(names), "group": [], "tag": [], "fleet": "production", **COMMON}


def refused(capsys: pytest.CaptureFixture[str], task: Any, **values: Any) -> str:
    with pytest.raises(SystemExit):
        task(Context(), **values)
    return capsys.readouterr().err


def test_a_host_is_asked_about_the_named_application(asked: dict[str, str]) -> None:
    generations.history(Context(), app="wiki", **chosen("north"))
    assert asked["north"].startswith("APP_NAME=wiki\n")
    generations.history(Context(), app="", **chosen("south"))
    assert asked["south"].startswith("APP_NAME=changemaker\n")


def test_of_several_hosts_those_that_have_it_are_asked(
    asked: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    both = chosen() | {"group": ["changemaker"]}
    generations.history(Context(), app="wiki", **both)
    assert list(asked) == ["north"]
    assert "Left out, as they have no application 'wiki': south" in capsys.readouterr().err


@pytest.mark.parametrize("task", [generations.history, hosts.logs, env.check])
def test_it_has_to_be_named_where_there_are_several(
    task: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    own = {"service": "", "lines": "5", "follow": False} if task is hosts.logs else {}
    said = refused(capsys, task, app="", **own, **chosen("north"))
    assert "the host has 3 applications" in said
    assert "Name it with --app: changemaker, wiki, staging" in said
    said = refused(capsys, task, app="wikki", **own, **chosen("north"))
    assert "the host has no application 'wikki'" in said
    assert "Perhaps wiki was meant" in said


def test_a_kind_without_an_environment_table_says_so(
    asked: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        env.check(Context(), app="wiki", **chosen("north"))
    answer = json.loads(capsys.readouterr().out)
    assert "wiki is of the kind compose" in answer["north"]["error"]
    assert asked["north"] == "cat -- /srv/wiki/.env.example"


def test_one_host_is_chosen_as_the_application_sees_it() -> None:
    options = Options(fleet_given="production", hosts=("north",))
    assert options.select_one(app="wiki")[1].application.directory == "/srv/wiki"
    assert options.select_one(app="staging")[1].environment["NGINX_HTTP_PORT"] == "8080"
    assert options.select_one()[1].application.name == "changemaker"
