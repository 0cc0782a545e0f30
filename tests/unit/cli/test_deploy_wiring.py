"""From the command line's words to a deploy request, and back to an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context

import bunker.runs.start
import bunker.workflows.deploy
from bunker.cli import deploy as commands
from bunker.cli.kinds import COMMANDS
from bunker.errors import ExitCode
from bunker.runs.kinds.deploy import DEPLOY, Arguments
from bunker.runs.start import Intent
from bunker.runs.work import Work
from bunker.terminal.rich_reporter import RichReporter
from bunker.workflows.request import DeployRequest

GIVEN: dict[str, Any] = {
    "host": ["north,south"],
    "group": [],
    "tag": ["eu"],
    "fleet": "lab",
    "json": False,
    "debug": False,
    "yes": True,
}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """What the workflows were asked for; they answer that some hosts failed."""
    calls: list[Any] = []

    def answer(*arguments: Any, **more: Any) -> ExitCode:
        calls.append((*arguments, more) if more else arguments)
        return ExitCode.SOME_HOSTS_FAILED

    monkeypatch.setenv("BUNKER_ROOT", str(tmp_path))
    monkeypatch.setattr(bunker.runs.start, "begin", answer)
    for name in ("save_plan", "apply_plan"):
        monkeypatch.setattr(bunker.workflows.deploy, name, answer)
    return calls


def exit_code(task: Any, **values: Any) -> int:
    with pytest.raises(SystemExit) as ended:
        task(Context(), **values)
    return int(str(ended.value.code))


def test_deploy(seen: list[Any], tmp_path: Path) -> None:
    own = {"role": ["base,env"], "ref": "v2.1", "dry": True, "detailed_exitcode": True}
    own |= {"allow_downgrade": False, "app": "wiki", "set": ["services.web.dns=[a,b]"]}
    way = {"wait": "10m", "detach": False, "approve": "approval.json"}
    command = COMMANDS["deploy"]
    assert exit_code(command, **GIVEN, **own, **way, verbose=True) == 3
    intent, reporter = seen[0]
    settings = ("services.web.dns=[a,b]",)
    arguments = Arguments(("base", "env"), "v2.1", "wiki", settings)
    request = DeployRequest(
        root=tmp_path,
        fleet_name="lab",
        hosts=("north", "south"),
        tags=("eu",),
        work=Work(parts=("base", "env"), ref="v2.1", settings=settings, application="wiki"),
        words=("--role", "base,env", "--ref", "v2.1", "--app", "wiki", "--set", *settings),
        dry=True,
        yes=True,
        detailed_exitcode=True,
        verbose=True,
    )
    assert intent == Intent(
        request, DEPLOY, arguments, wait_seconds=600, approval_file=Path("approval.json")
    )
    assert isinstance(reporter, RichReporter)
    again = (
        "invoke deploy --fleet lab --role base,env --ref v2.1 --app wiki"
        " --set 'services.web.dns=[a,b]' --host x"
    )
    assert reporter.repeat.again("x") == again
    assert reporter.repeat.of_file == "invoke deploy --fleet lab"


def test_a_plan_is_shown_or_saved_but_never_applied(seen: list[Any]) -> None:
    own = {"role": [], "ref": "", "detailed_exitcode": False, "verbose": False}
    own |= {"allow_downgrade": False, "app": "", "set": []}
    assert exit_code(commands.plan, **GIVEN, **own, out=None) == 3
    assert exit_code(commands.plan, **GIVEN, **own, out="x.plan") == 3
    shown, saved = seen
    assert shown[0].request.dry
    assert saved[0].dry
    assert saved[1] == Path("x.plan")


@pytest.mark.parametrize(
    ("content", "fleet"),
    [
        ('{"fleet": "canary"}', "canary"),
        ('{"fleet": "../../etc"}', "production"),
        ("[]", "production"),
        ("not a plan", "production"),
    ],
)
def test_a_saved_plan_names_its_own_fleet(
    seen: list[Any], tmp_path: Path, content: str, fleet: str
) -> None:
    (tmp_path / "inventories").mkdir()
    (tmp_path / "inventories" / "canary.py").touch()
    (tmp_path / "x.plan").write_text(content)
    flags = {name: GIVEN[name] for name in ("json", "debug", "yes")}
    assert exit_code(commands.apply, **flags, file=str(tmp_path / "x.plan"), verbose=False) == 3
    file, request, _reporter = seen[0]
    assert file == tmp_path / "x.plan"
    assert request.fleet_name == fleet
    assert request.yes
