"""The demo's own words and exits; the demo as a whole runs in the lab."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunker.errors import BunkerError, ExitCode
from bunker.lab import demo
from bunker.lab.models import LabHost

HOST = LabHost(name="north", address="10.1.2.11", base="debian:trixie")


def test_commands_to_try_next_exist() -> None:
    import tasks

    lines = demo.next_text(Path("/nowhere"), HOST).splitlines()
    commands = [line.split("#")[0].split() for line in lines if "invoke " in line]
    assert len(commands) >= 5
    for words in commands:
        assert words[0] == "invoke"
        flags = {f"--{n}" for a in tasks.namespace[words[1]].get_arguments() for n in a.names}
        assert {word for word in words if word.startswith("--")} <= flags


def test_the_environment_is_named_relative_to_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo.sys, "prefix", str(tmp_path / ".nox" / "demo"))
    assert "source .nox/demo/bin/activate\n" in demo.next_text(tmp_path, HOST)


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "interrupted. Go on with: nox -s demo\n"),
        (ValueError("canary"), ExitCode.ERROR, "error: internal error (ValueError"),
        (BunkerError("no engine", remedy="Start it"), ExitCode.ERROR, "error: no engine. Start it"),
    ],
)
def test_every_end_is_one_sentence(
    *,
    raised: BaseException,
    code: ExitCode,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_given: object, **_named: object) -> None:
        raise raised

    monkeypatch.setattr(demo, "fleet_up", fail)
    assert demo.main(tmp_path) == code
    printed = capsys.readouterr()
    assert printed.err.startswith(said)
    assert "Traceback" not in printed.err
    assert "canary" not in printed.err
    assert "nox -s demo" in printed.err or isinstance(raised, BunkerError)
    assert printed.out.startswith("1/3 ")


def test_a_deploy_that_fails_stops_the_demo_with_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class State:
        hosts = (HOST,)

    asked = []

    def begin(intent: object, _reporter: object) -> ExitCode:
        asked.append(intent)
        return ExitCode.SOME_HOSTS_FAILED

    monkeypatch.setenv(demo.KEY_VARIABLE, "/somebody/else")
    monkeypatch.setattr(demo, "fleet_up", lambda *_a, **_n: (State(), tmp_path))
    monkeypatch.setattr(demo, "begin", begin)
    assert demo.main(tmp_path) == ExitCode.SOME_HOSTS_FAILED
    [intent] = asked
    request = intent.request
    assert (intent.kind.name, request.hosts, request.yes) == ("deploy", ("north",), True)
    assert request.work.parts == ()
    assert demo.os.environ[demo.KEY_VARIABLE] == str(tmp_path / ".lab" / "lab" / "operator.age")
    assert "was not deployed" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "code"), [(["--help"], 0), (["--hosts", "3"], 2)])
def test_help_and_a_wrong_option_start_nothing(
    words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        demo.parse(words)
    assert ended.value.code == code
    assert "python -m bunker.lab.demo" in "".join(capsys.readouterr())
