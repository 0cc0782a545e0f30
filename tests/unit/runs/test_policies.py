"""Windows and approvals stand before every change but a rollback."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bunker.approvals.approval import give_approval
from bunker.approvals.requests import read_request
from bunker.errors import BunkerError
from bunker.events import RunBatch
from bunker.fleet import Fleet, load_fleet
from bunker.fleet.settings import load_settings
from bunker.journal.records import Pace, RunRequest
from bunker.runs import batch_change, start
from bunker.runs.batch_change import BatchChange
from bunker.runs.context import RunContext
from bunker.runs.inputs import fingerprints
from bunker.runs.kinds import KINDS
from bunker.runs.policies import check_approval, check_windows
from bunker.runs.resume_state import ResumeState
from bunker.runs.start import Intent, begin
from bunker.runs.work import EVERYTHING, rollback
from bunker.workflows import deploy
from bunker.workflows.request import DeployRequest, Target

HOST = (
    "host: north\naddress: 192.0.2.7\ndomain: north.example.org\ntier: 1\n"
    "groups: [careful, changemaker]\n"
)


def settings_with(policy: str) -> str:
    return f"policies:\n  careful:\n{policy}"


def closed_now() -> str:
    """A window of one hour on the day after tomorrow."""
    day = (datetime.now(UTC) + timedelta(days=2)).strftime("%a").lower()
    return f'    window: {{days: [{day}], from: "10:00", to: "11:00", timezone: UTC}}\n'


def make_fleet(root: Path) -> Fleet:
    folder = root / "inventories" / "production"
    folder.mkdir(parents=True)
    (root / "inventories" / "production.py").write_text("")
    (folder / "north.yml").write_text(HOST)
    (folder / "north.sops.yml").write_text("ciphertext\n")
    return loaded(root)


def loaded(root: Path) -> Fleet:
    return load_fleet(root, "production", require_secrets=False)


def targets(fleet: Fleet) -> list[Target]:
    return [Target(fleet.hosts["north"], {}, {"changemaker": "c" * 40})]


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    found = make_fleet(tmp_path / "root")
    monkeypatch.setattr(start, "select_targets", lambda _request: (found, targets(found)))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("SSH_AUTH_SOCK", "BUNKER_OPERATOR_SSH_KEY", "SUDO_USER"):
        monkeypatch.delenv(name, raising=False)
    return found


def intent(fleet: Fleet, name: str = "rollout", **how: Any) -> Intent:
    """A change as an operator asks for it; ``how`` are arguments, the pace, and the rest."""
    kind = KINDS[name]
    pace = Pace(**{key: how.pop(key) for key in Pace.__dataclass_fields__ if key in how})
    given = {one.name: how.pop(one.name) for one in kind.fields if one.name in how}
    arguments = kind.make(given)
    work = kind.work(arguments)
    request = DeployRequest(fleet.root, "production", hosts=("north",), work=work, yes=True)
    return Intent(request, kind, arguments, pace, **how)


def approval(fleet: Fleet, wanted: Intent) -> Any:
    """Who approved, with the fleet as its files are now."""
    now = loaded(fleet.root)
    return check_approval(wanted, now, targets(now), ["the plan"])[0]


def test_a_closed_window_refuses_before_any_host_is_asked_and_names_the_next(fleet: Fleet) -> None:
    (fleet.folder / "fleet.settings.yaml").write_text(settings_with(closed_now()))
    with pytest.raises(BunkerError, match=r"next window opens .* in \d+ day"):
        begin(intent(fleet), None)  # type: ignore[arg-type] # nobody is told anything


def test_a_rollback_waits_for_no_window_and_for_no_second_person(fleet: Fleet) -> None:
    text = settings_with("    approval: true\n" + closed_now())
    (fleet.folder / "fleet.settings.yaml").write_text(text)
    check_windows(KINDS["rollback"], fleet, fleet.hosts)
    assert approval(fleet, intent(fleet, "rollback")) is None


def test_a_group_that_asks_for_an_approval_refuses_without_one(fleet: Fleet) -> None:
    (fleet.folder / "fleet.settings.yaml").write_text(settings_with("    approval: true\n"))
    with pytest.raises(BunkerError, match="approv"):
        approval(fleet, intent(fleet))


def test_a_saved_plan_is_no_way_around_a_policy(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fleet.folder / "fleet.settings.yaml").write_text(settings_with(closed_now()))

    class Saved:
        fleet, plans, tags_wanted, ref, downgrade = "production", (), (), None, False
        application, settings = "", ()

    monkeypatch.setattr(deploy, "load_plan", lambda _file: Saved)
    request = DeployRequest(fleet.root, "production", yes=True)
    with pytest.raises(BunkerError, match="next window opens"):
        deploy.apply_plan(Path("saved.plan"), request, None)  # type: ignore[arg-type]


def test_without_policies_nothing_is_asked(fleet: Fleet) -> None:
    (fleet.folder / "fleet.settings.yaml").write_text("rollout: {soak: 1m}\n")
    check_windows(KINDS["rollout"], fleet, fleet.hosts)
    assert approval(fleet, intent(fleet)) is None


@pytest.fixture
def approved(fleet: Fleet, tmp_path: Path) -> Fleet:
    """A fleet whose rollout anna asked for and bob approved."""
    for folder, name in (("home/.ssh", "anna"), ("elsewhere", "bob")):
        place = tmp_path / folder
        place.mkdir(parents=True)
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name}@example.org"]
        subprocess.run([*words, "-f", str(place / name)], check=True)
    shutil.move(tmp_path / "home" / ".ssh", tmp_path / ".ssh")
    (tmp_path / ".ssh" / "anna").rename(tmp_path / ".ssh" / "id_ed25519")
    line = (tmp_path / "elsewhere" / "bob.pub").read_text()
    text = settings_with("    approval: true\n") + f"approvers:\n  - {line}"
    (fleet.folder / "fleet.settings.yaml").write_text(text)
    with pytest.raises(BunkerError, match="needs an approval by a second operator") as refused:
        approval(fleet, intent(fleet))
    request = read_request(fleet.root, str(refused.value.where))
    assert request.shown == ("the plan",)
    give_approval(request, tmp_path / "elsewhere" / "bob", load_settings(fleet.folder))
    return fleet


def test_what_was_approved_may_start(approved: Fleet) -> None:
    assert approval(approved, intent(approved))["approver"] == "bob@example.org"


@pytest.mark.promise("An approval covers exactly one run")
@pytest.mark.parametrize(
    "how",
    [
        {"batch": "50%"},
        {"canary": ("north",)},
        {"soak_seconds": 60},
        {"analysed": True},
        {"max_fail": 1},
        {"ref": "v2.1.0"},
        {"name": "deploy"},
        {"name": "upgrade"},
        {"name": "os-upgrade", "reboot": "always"},
    ],
)
def test_an_approval_is_for_the_kind_of_run_and_all_its_arguments(
    approved: Fleet, how: dict[str, Any]
) -> None:
    with pytest.raises(BunkerError, match="needs an approval"):
        approval(approved, intent(approved, **how))


def test_every_argument_of_every_kind_is_shown_to_whoever_approves() -> None:
    for kind in KINDS.values():
        for one in kind.fields:
            values: dict[Any, Any] = {"": "x", False: True, (): ("x",)}
            other = values.get(one.default) or one.metadata["choices"][-1]
            texts = kind.texts(kind.make({one.name: other}))
            assert texts[one.name] != kind.texts(kind.make({}))[one.name], (kind.name, one.name)


def test_how_long_a_run_waits_and_whether_it_goes_on_alone_is_no_part_of_it(
    approved: Fleet,
) -> None:
    assert approval(approved, intent(approved, wait_seconds=60, detach=True))


@pytest.mark.promise("An approval covers exactly one run")
@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("inventories/production/north.yml", HOST + "environment: {SMTP_PORT: 2525}\n"),
        ("inventories/production/north.sops.yml", "other ciphertext\n"),
        ("group_data/careful.py", 'environment = {"SMTP_PORT": "2525"}\n'),
        ("deploys/site.py", "# something else is done\n"),
        ("templates/base/sshd.conf", "PermitRootLogin yes\n"),
    ],
)
def test_an_approval_is_for_the_configuration_as_it_was(
    approved: Fleet, file: str, content: str
) -> None:
    path = approved.root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    with pytest.raises(BunkerError, match="needs an approval"):
        approval(approved, intent(approved))


def test_the_same_inputs_are_the_same_on_another_machine(fleet: Fleet, tmp_path: Path) -> None:
    request = intent(fleet).request
    other = make_fleet(tmp_path / "checked" / "out" / "elsewhere")
    assert fingerprints(request, fleet, targets(fleet)) == fingerprints(
        replace(request, root=other.root), other, targets(other)
    )


@pytest.mark.parametrize("touched", [False, True])
def test_a_host_whose_inputs_moved_after_the_approval_is_not_changed_by_the_run(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, touched: bool
) -> None:
    request = DeployRequest(fleet.root, "production", hosts=("north",))
    inputs = fingerprints(request, fleet, targets(fleet))
    batch = RunBatch("all", ("north",))
    run = RunRequest("r", "deploy", "production", "me", "invoke deploy", (batch,), inputs=inputs)
    (fleet.folder / "north.yml").write_text(HOST + "environment: {SMTP_PORT: 2525}\n")
    now = loaded(fleet.root)
    monkeypatch.setattr(batch_change, "select_targets", lambda _request: (now, targets(now)))
    monkeypatch.setattr(batch_change, "worker_request", lambda *_: {})

    def worker(*_: Any, **__: Any) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(batch_change, "WorkerClient", worker)
    before = ResumeState(touched={"north"}) if touched else None
    context = RunContext(fleet.root, run, lambda _event: None, before)
    change = BatchChange(context, batch)
    outcome = change._apply(["north"], EVERYTHING, {})["north"].outcome
    assert outcome.outcome == "failed"
    assert "changed after this run was approved" in outcome.message
    # What the run had begun to change before is brought back; nothing else was touched.
    assert (outcome.step is not None) == touched
    with pytest.raises(AssertionError, match="a worker was started"):
        change._apply(["north"], rollback(of_run="r"), {})


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("deploy", {}),
        ("deploy", {"role": ["base"]}),
        ("configure", {}),
        ("os-upgrade", {"reboot": "never"}),
        ("reboot", {}),
    ],
)
def test_a_batch_that_looks_again_finds_the_inputs_that_were_approved(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, name: str, given: dict[str, Any]
) -> None:
    """What the command asks about and what a batch asks about is the same."""
    kind = KINDS[name]
    work = kind.work(kind.make(given))
    asked = DeployRequest(fleet.root, "production", ("north",), work=work)
    inputs = fingerprints(asked, fleet, targets(fleet))
    batch = RunBatch("all", ("north",))
    run = RunRequest("r", name, "production", "me", "x", (batch,), given, inputs=inputs)
    monkeypatch.setattr(batch_change, "select_targets", lambda _request: (fleet, targets(fleet)))
    monkeypatch.setattr(batch_change, "worker_request", lambda *_: {})

    class Started(Exception):
        pass

    def worker(*_: Any, **__: Any) -> None:
        raise Started

    monkeypatch.setattr(batch_change, "WorkerClient", worker)
    context = RunContext(fleet.root, run, lambda _event: None)
    with pytest.raises(Started):
        BatchChange(context, batch)._change(["north"])
