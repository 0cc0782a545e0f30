"""What has to be settled before a deploy: one list, whatever is missing on this side or on that."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bunker.workflows.preflight
from bunker import secrets
from bunker.terminal.lines import plain
from bunker.terminal.preflight_text import preflight_lines
from bunker.terminal.recap_text import Repeat
from bunker.workflows.preflight import Finding, look_before
from bunker.workflows.request import DeployRequest, worker_request
from tests.fake.bare_host import RESPONSES

CHECKOUT = Path(__file__).parents[2]
MAX_COMMANDS = 7
HOST = (
    "host: north\naddress: 192.0.2.1\ndomain: north.example.org\ntier: 1\ngroups: [changemaker]\n"
)
Look = Callable[..., Finding]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fleet of one host that was never deployed, with its secrets, and a repository."""
    from bunker.application.table import SECRET_SPECS

    folder = tmp_path / "inventories" / "production"
    folder.mkdir(parents=True)
    shutil.copy(CHECKOUT / "inventories" / "production.py", tmp_path / "inventories")
    key = tmp_path / "operator.age"
    monkeypatch.setenv("BUNKER_AGE_KEY_FILE", str(key))
    secrets.init(folder, key_file=key)
    host = HOST + f"application:\n  repository: {tmp_path}/nowhere\n  ref: {'c' * 40}\n"
    (folder / "north.yml").write_text(host)
    secrets.create_host_secrets(folder, "north", specs=SECRET_SPECS)
    return tmp_path


def unasked(name: str) -> Any:
    """Examples lead nowhere, so nothing is asked about them."""
    raise AssertionError(name)


@pytest.fixture
def look(root: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """A preflight whose worker speaks to pyinfra's fake hosts."""

    def found(resolve: Any = None, **responses: list[str]) -> Finding:
        def faked(*arguments: Any, **more: Any) -> dict[str, Any]:
            message = worker_request(*arguments, **more)
            for item in message["hosts"]:
                item["connector"] = "@fake"
                item["data"] |= {"fake_responses": RESPONSES | responses, "fake_delay": 0}
            return message

        monkeypatch.setattr(bunker.workflows.preflight, "worker_request", faked)
        request = DeployRequest(root, "production", ("north",))
        (finding,) = look_before(request, lambda _event: None, resolve or unasked)
        return finding

    return found


def test_a_bare_host_is_ready_and_costs_a_handful_of_commands(look: Look) -> None:
    finding = look()
    assert finding.problems == []
    assert finding.verdict == "ready to deploy"
    assert 0 < finding.commands <= MAX_COMMANDS


def test_a_repository_out_of_reach_is_one_problem_with_gits_own_reason(
    look: Look, root: Path
) -> None:
    file = root / "inventories/production/north.yml"
    file.write_text(file.read_text().replace("c" * 40, "v2"))
    finding = look()
    (problem,) = finding.problems
    assert f"'{root}/nowhere' does not appear to be a git repository" in problem.problem
    assert problem.where == f"{root}/nowhere"
    assert finding.commands > 0, "the host is looked at all the same"
    assert finding.verdict == "1 thing to settle first"


def test_no_repository_yet_is_one_problem(look: Look, root: Path) -> None:
    (root / "inventories/production/north.yml").write_text(HOST)
    (problem,) = look().problems
    assert problem.problem == "no repository is set"
    assert "group_data/all.py" in str(problem.remedy)


def test_missing_secrets_are_one_problem(look: Look, root: Path) -> None:
    folder = root / "inventories/production"
    (folder / "north.sops.yml").unlink()
    gone = {"REDIS_PASSWORD", "JWT_ACCESS_SECRET"}
    from bunker.application.table import SECRET_SPECS

    kept = [spec for spec in SECRET_SPECS if spec.key not in gone]
    secrets.create_host_secrets(folder, "north", specs=kept)
    finding = look()
    (problem,) = finding.problems
    assert problem.problem.startswith("2 secrets are missing: ")
    assert all(key in problem.problem for key in gone)
    assert finding.commands > 0


def test_secrets_that_cannot_be_opened_are_one_problem(look: Look, root: Path) -> None:
    (root / "inventories/production/north.sops.yml").unlink()
    (problem,) = (finding := look()).problems
    assert problem.problem == "the host has no secrets file"
    assert finding.commands > 0


def test_what_a_role_refuses_comes_in_its_parts(look: Look) -> None:
    packages = [line.replace('"13"', '"9"') for line in RESPONSES["dpkg-query"]]
    finding = look(**{"dpkg-query": packages})
    for problem in finding.to_json()["problems"]:
        assert problem["problem"].startswith("the system is")
        assert problem["where"] == "/etc/os-release"
        assert "Debian 13" in problem["expected"]
        assert problem["remedy"].startswith("Install one of these")
    assert not finding.ready


def test_a_domain_that_leads_elsewhere_is_a_note_and_stops_nothing(look: Look, root: Path) -> None:
    file = root / "inventories/production/north.yml"
    text = file.read_text().replace("north.example.org", "north.city.org.uk")
    file.write_text(text.replace("192.0.2.1", "185.199.1.7"))
    finding = look(resolve=lambda _name: {"104.16.0.9"})
    (note,) = finding.notes
    assert note.startswith("north.city.org.uk resolves to 104.16.0.9, not to 185.199.1.7: ")
    assert finding.ready
    assert note in plain(preflight_lines([finding], Repeat())).replace("\n          ", " ")


def test_a_clock_that_is_wrong_is_a_note_of_the_same_answer(look: Look) -> None:
    answer = RESPONSES["dpkg-query"]
    before = look().commands
    late = look(**{"dpkg-query": [*answer[:-1], "@@bunker clock", "1000000000", answer[-1]]})
    (note,) = late.notes
    assert note.startswith("base: the clock of the host is ")
    assert " behind that of this machine: " in note
    assert (late.ready, late.commands) == (True, before)


def test_an_operator_reads_problems_first_and_the_command_last(look: Look, root: Path) -> None:
    (root / "inventories/production/north.yml").write_text(HOST)
    text = plain(preflight_lines([look()], Repeat()))
    assert text.startswith("north: 1 thing to settle first\n  1. north: application.repository: no")
    assert "     → Set it in group_data/all.py" in text
    assert text.endswith("Preflight: 0 of 1 host ready to deploy; nothing was changed\n")
    (root / "inventories/production/north.yml").write_text(
        HOST + f"application:\n  repository: {root}\n  ref: {'c' * 40}\n"
    )
    assert plain(preflight_lines([look()], Repeat())).endswith(
        "Preflight: 1 of 1 host ready to deploy; nothing was changed\n"
        "Deploy with: invoke deploy --host north\n"
    )
