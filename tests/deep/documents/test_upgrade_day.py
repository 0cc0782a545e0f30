"""Upgrade day as the page has it: three servers, a canary among them, and what goes wrong."""

from __future__ import annotations

import getpass
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bunker.lab.keys import key_pair
from bunker.product import CODE as CHECKOUT
from tests.deep.documents.cast import recorded
from tests.deep.documents.control_machine import ControlMachine, Said
from tests.deep.documents.page import Page, run_of
from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.upgrade_day import UpgradeDay, phone

pytestmark = pytest.mark.lab

HOSTS = ("amber", "birch", "cedar")
CLOSED = (
    "policies:\n  changemaker:\n"
    '    window: {days: [DAY], from: "14:00", to: "17:00", timezone: Europe/Berlin}\n'
)


@pytest.fixture(scope="module")
def day(deployed: FleetUnderTest) -> Iterator[UpgradeDay]:
    """Three instances of v2.0.0, two generations old."""
    with UpgradeDay(deployed, 3) as day:
        for name in HOSTS:
            application = {**deployed.original(name)["application"], "ref": "v2.0.0"}
            groups = [
                group
                for group in ("changemaker", "canary")
                if name == HOSTS[0] or group != "canary"
            ]
            deployed.configure(name, {"groups": groups, "application": application})
        deployed.deploy(*HOSTS)
        yield day


@pytest.fixture(scope="module")
def desk(day: UpgradeDay, lab_root: Path) -> Iterator[ControlMachine]:
    """Where Anna works."""
    programs = str(Path(sys.executable).parent)
    home = lab_root / "homes/upgrade-day"
    shutil.rmtree(home, ignore_errors=True)
    machine = ControlMachine(home, {}, day.fleet.environment)
    machine.run(f"PATH={programs}:$PATH && cd {CHECKOUT}")
    machine.called["anna@desk"] = f"{getpass.getuser()}@desk"
    yield machine
    machine.end()


@pytest.fixture(scope="module")
def page() -> Page:
    """The page, from its first test to its last."""
    return Page("docs/upgrade-day.md")


def test_versions_that_work_and_that_do_not(
    page: Page, day: UpgradeDay, desk: ControlMachine
) -> None:
    page.run(desk, "invoke status")
    with day.visitors():
        with recorded(desk, "upgrade", "A new version for three servers, a canary first"):
            page.run(desk, "--ref v2.1.0 --soak 60s --yes")
        assert set(day.versions().values()) == {"2.1.0"}
        with phone(day) as server:
            with recorded(desk, "failed-upgrade", "A version that crashes: rolled back by itself"):
                page.run(desk, "v2.2.0-crash", expect={"rollout": 4})
            assert any("rolled back" in text for text in server.texts)
        page.run(desk, "v2.2.0-slow-burn", expect={"rollout": 4})
    wait = {"canary": (("Which? [w]", "w\n"),)}
    with recorded(desk, "pause", "A canary without visitors: the run waits for an answer"):
        [paused] = page.run(desk, "invoke canary", expect={"canary": 7}, answers=wait)
        page.run(
            desk,
            "--roll-back",
            where={page.word("$ invoke run.resume "): short(paused)},
            expect={"--roll-back": 4},
        )
    assert day.version("amber") == "2.1.0"

    interrupt = {"upgrade": (("prepare the rollback: ok", "\x03"),)}
    cut = page.run(
        desk,
        "v2.2.0-destructive",
        answers=interrupt,
        expect={"upgrade": 130},
        where={page.word("$ invoke run.resume "): lambda said: short(said[0])},
    )
    assert "1 changed" in cut[-1].text
    with recorded(desk, "rollback", "A rollback that the database forbids, and the way out"):
        page.run(desk, "rollback --host cedar --yes", expect={"rollback": 3})
        page.run(desk, "--restore")
    page.run(desk, "history")


def test_settings_servers_that_are_away_and_approvals(
    page: Page, day: UpgradeDay, desk: ControlMachine, tmp_path: Path
) -> None:
    fleet = day.fleet
    settings = fleet.folder / "fleet.settings.yaml"
    for name in ("birch", "cedar"):
        fleet.configure(name, {"features": {"sms": True}})
    away = "systemctl stop ssh.socket ssh.service"
    block = page.take("configure")
    dry, asked, ended = block.commands
    page.compare(*dry, desk.run(dry[0]))
    fleet.console("birch", away)
    failed = desk.run(asked[0])
    page.compare(*asked, failed)
    page.compare(*ended, desk.run(ended[0]))
    fleet.console("birch", "systemctl start ssh.service")
    page.run(desk, "retry-failed", where={page.word("retry-failed "): short(failed)})
    page.run(desk, "maintenance.on")

    settings.write_text(CLOSED.replace("DAY", other_day()))
    page.run(desk, "--ref v2.1.0 --yes", expect={"rollout": 9})
    private, bob = key_pair(tmp_path, "bob")
    key_pair(desk.home / ".ssh", "id_ed25519")
    named = " ".join([*bob.split()[:2], "bob@example.org"])
    settings.write_text(f"policies: {{changemaker: {{approval: true}}}}\napprovers: [{named}]\n")
    fleet.configure("birch", {"environment": {"RATE_LIMIT_MAX": "900000"}})
    [refused] = page.run(desk, "upgrade --host birch", expect={"upgrade": 10})
    digest = re.findall(r"approve ([0-9a-f]{12})", refused.text)[0]
    # Bob has a machine of his own: a key that Anna holds too, there or below the fleet's root, is
    # refused.
    here = [
        shutil.copy(file, desk.home / ".ssh") for file in (private, private.with_suffix(".pub"))
    ]
    page.run(desk, "invoke approve", where={page.word("$ invoke approve "): digest})
    for file in here:
        file.unlink()
    again = desk.run("invoke upgrade --host birch --ref v2.1.0 --yes")
    assert again.code == 0, again.text
    settings.unlink()
    page.run(desk, "os-upgrade")
    page.run(desk, "audit.show", where={page.word("--run "): run_of(failed)})
    page.end()


def other_day() -> str:
    """A day of the week that is neither today nor tomorrow."""
    said = subprocess.run(
        ["date", "-d", "+3 days", "+%a"], env={"LC_ALL": "C"}, capture_output=True, check=True
    )
    return said.stdout.decode().strip().lower()


def short(said: Said) -> str:
    """How its name ends."""
    return run_of(said).rpartition("-")[2]
