"""The pages for a new operator, word by word: from a bare server to daily work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bunker.fleet.host_file import write_host_file
from tests.deep.documents.cast import recorded
from tests.deep.documents.page import YES, Page, Replaced, run_of
from tests.deep.documents.stage import PROGRAM, REPOSITORY, Operator, Stage
from tests.lab.code_server import commit_on
from tests.lab.upgrade_day import VISITORS
from tests.unit.notify.stand_ins import GotifyStandIn

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def anna(documents: Stage) -> Iterator[Operator]:
    """Who follows the pages, with a server that nothing was ever done to."""
    documents.fresh("north", login=False)
    with documents.operator("anna") as operator:
        yield operator


def test_first_server(anna: Operator, documents: Stage) -> None:
    page, machine = Page("docs/first-server.md"), anna.machine
    for command, _ in page.take("adduser").commands:
        documents.console("north", command.replace("ssh-ed25519 AAAA… you", anna.public))
    machine.run(f"cd {PROGRAM}")
    page.run(machine, "python -m bunker init")
    anna.at_home()
    page.run(machine, "secrets.init")
    assert REPOSITORY.strip() in Path("docs/first-server.md").read_text()
    (anna.fleet / "group_data/changemaker.py").write_text(REPOSITORY)
    fingerprint = documents.fingerprint("north")
    added = page.run(machine, "instance.add", answers={"instance.add": YES})[0]
    assert fingerprint in added.text
    page.run(machine, "secrets.set", answers={"SMTP_PASS": (("SMTP_PASS", "correct horse\n"),)})
    page.run(machine, "preflight")
    page.run(machine, "--dry")
    with recorded(machine, "first-deploy", "A bare server becomes an instance"):
        page.run(machine, "invoke deploy --host north", answers={"deploy": YES})
    status, password = page.run(
        machine, "invoke status", answers={"secrets.show": (("plaintext? [y/N]", "y\n"),)}
    )
    assert "healthy" in status.text
    assert password.text
    page.run(machine, "git commit")
    assert not machine.run("git status --porcelain").text
    page.end()


def test_daily_work(anna: Operator, documents: Stage) -> None:
    page, machine = Page("docs/daily-work.md"), anna.machine
    file = anna.fleet / "inventories/production/north.yml"
    leave = {"--watch": (("1 healthy", "\x03"),), "invoke ssh": (("north:~$", "exit\n"),)}
    looked = page.run(machine, "invoke status --watch", answers=leave)
    assert "healthy" in looked[0].text
    *_, deployed = page.run(machine, "--dry --diff")
    assert "0 hosts to change" in deployed.text
    write_host_file(file, {"environment": {"RATE_LIMIT_MAX": "1000000"}})
    [configured] = page.run(machine, "invoke configure", answers={"configure": YES})
    assert "1 restart" in configured.text
    rules = [
        {"port": 8443, "source": "203.0.113.0/24", "note": "office"},
        {"port": 2222, "published": True, "note": "git over SSH"},
    ]
    write_host_file(file, {"base": {"firewall": rules}})
    page.run(machine, "--role base", answers={"deploy": YES})
    write_host_file(file, {"groups": ["changemaker", "canary"]})
    anna.settings("rollout:\n  soak: 5s\n  minimum_requests: 1\n")
    documents.console("north", VISITORS.format(domain="north.example.org"))
    rolled_out = page.run(machine, "invoke rollout", answers={"--dry": (), "rollout": YES})
    documents.console("north", "systemctl stop visitors")
    assert "1 changed" in rolled_out[-1].text
    write_host_file(file, {"environment": {"RATE_LIMIT_MAX": "900000"}})
    planned = page.run(machine, "invoke apply", answers={"apply": YES})
    assert "1 host to change" in planned[0].text
    page.run(
        machine,
        "SMTP_PASS",
        answers={"secrets.set": (("SMTP_PASS", "another horse\n"),), "configure": YES},
    )
    page.end()


def test_secrets(anna: Operator) -> None:
    page, machine = Page("docs/secrets.md"), anna.machine
    (machine.home / "stick").mkdir()
    machine.called["/media/stick"] = "/mnt/stick"
    page.run(machine, "secrets.init")
    rules = anna.fleet / "inventories/production/.sops.yaml"
    mine = recipient(rules.read_text())
    made_before: dict[str, Replaced] = {"age1…": lambda said: recipient(said[0].text)}
    listed = page.run(machine, "--note offline", where=made_before)[-1]
    assert "offline" in listed.text
    machine.run("rm ~/.config/bunker/operator.age")
    lost = {**made_before, "age1LOST…": mine}
    page.run(machine, "age1LOST…", where=lost, answers={"remove": YES})
    assert mine not in rules.read_text()
    assert machine.run("invoke secrets.check").code == 0
    page.end()


def test_leases_and_maintenance(anna: Operator) -> None:
    page = Page("docs/leases-and-maintenance.md")
    on, listed, off = page.run(anna.machine, "maintenance.on")
    assert "new disk" in on.text
    assert "new disk" in listed.text
    assert "ended" in off.text
    page.end()


def test_notifications(anna: Operator) -> None:
    page, machine = Page("docs/notifications.md"), anna.machine
    with GotifyStandIn() as phone:
        target = f"{{kind: gotify, name: phone, url: '{phone.url}', token_secret: PHONE_TOKEN}}"
        anna.settings(f"notifications:\n  - {target}\n")
        page.run(machine, "PHONE_TOKEN", answers={"PHONE": (("PHONE_TOKEN", f"{phone.token}\n"),)})
        page.run(machine, "notify.test")
        assert phone.texts
    page.end()


def test_when_something_breaks(anna: Operator, documents: Stage) -> None:
    page, machine = Page("docs/when-something-breaks.md"), anna.machine
    anna.settings("rollout:\n  soak: 1s\n")

    renew = "rm /etc/ssh/ssh_host_*_key*; ssh-keygen -A; systemctl restart ssh"
    documents.console("north", renew)
    assert "has changed" in machine.run("invoke health north").text
    page.run(machine, "instance.trust", answers={"trust": YES})

    assert machine.run("invoke deploy north --ref v2 --allow-downgrade --yes").code == 0
    cut = machine.run(
        "invoke upgrade north --ref v2.1.0 --yes", ("prepare the rollback: ok", "\x03")
    )
    assert cut.code == 130, cut.text
    page.run(machine, "RUN", where={"RUN": run_of(cut)})

    block = page.take("RUN --go-on")
    for (command, _), ends in zip(block.commands, (0, 4, 3), strict=True):
        assert machine.run("invoke deploy north --ref v2.1.0 --allow-downgrade --yes").code == 0
        wait = ("Which? [w]", "w\n")
        paused = machine.run("invoke canary --ref v2.2.0-slow-burn --yes", wait)
        assert paused.code == 7, paused.text
        answered = machine.run(command.replace("RUN", run_of(paused)))
        assert answered.code == ends, answered.text

    failed = machine.run("invoke upgrade north --ref v2.2.0-broken-migration --yes")
    assert "schema.resolve" in failed.text, failed.text
    page.run(machine, "--how applied", answers={"--how": (), "resolve": YES})
    page.run(machine, "invoke health")
    disabled = page.take("ufw disable")
    documents.console("north", disabled.commands[1][0])
    assert machine.run("invoke deploy north --role base --yes").code == 0
    page.run(machine, "sudo ls")

    snapshots = documents.console("north", "ls /var/lib/bunker/apps/changemaker/snapshots")
    newest = snapshots.split()[-1]
    for command, _ in page.take("new-database").commands:
        documents.console("north", command.replace("20261121T141506Z-1a82", newest))
    documents.console("north", "rm /var/lib/bunker/apps/changemaker/state/new-database")
    for command, _ in page.take("docker system df").commands:
        documents.console("north", command)
    page.end()


WIKI = """\
services:
  web:
    image: nginx:alpine
    environment: {TITLE: "TEXT"}
"""


def test_other_applications(anna: Operator, documents: Stage) -> None:
    page, machine = Page("docs/other-applications.md"), anna.machine
    for version in ("v1.3", "v1.4"):
        commit_on(documents, version, {"compose.yml": WIKI.replace("TEXT", version)})
    entry = {
        "kind": "compose",
        "repository": "https://git.example.org/changemaker-lite.git",
        "ref": "v1.3",
        "files": ["compose.yml"],
    }
    file = anna.fleet / "inventories/production/north.yml"
    write_host_file(file, {"applications": {"wiki": entry}})
    assert machine.run("invoke deploy north --yes").code == 0
    page.run(machine, "rollback", answers={"upgrade": YES, "rollback": (("[1]", "\n"), *YES)})
    for command, _ in page.take("compose -p wiki down").commands:
        # There is a timer only while an upgrade is under way.
        documents.console("north", command if "timer" not in command else f"{command} || true")
    image = {"registry.example.org/wiki@sha256:…": "nginx:alpine"}
    page.run(machine, "--set", answers={"upgrade": YES}, where=image)
    page.end()


def recipient(text: str) -> str:
    """The public key in what a command says."""
    return re.findall(r"age1[0-9a-z]{58}", text.replace("\n", ""))[0]
