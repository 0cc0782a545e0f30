"""What the README and the engineers' pages say to do in a checkout, where there is no fleet."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.deep.documents.control_machine import Said
from tests.deep.documents.page import YES, Page, run_of
from tests.deep.documents.stage import PROGRAM, REPOSITORY, Operator, Stage
from tests.lab.upgrade_day import VISITORS

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def ben(documents: Stage) -> Iterator[Operator]:
    """Who follows the pages, with a server that the provider made for their key."""
    documents.fresh("north")
    with documents.operator("ben") as operator:
        documents.let_in("north", operator.public)
        machine = operator.machine
        machine.run(f"cd {PROGRAM} && python3 -m venv .venv && source .venv/bin/activate")
        yield operator


@pytest.fixture(scope="module")
def demo(ben: Operator) -> Iterator[tuple[Page, Said]]:
    """The README's first command, and what it said."""
    page = Page("README.md")
    # A run of these tests that was killed has left its lab: the folder's name is the same.
    down = f"PYTHONPATH=. {sys.executable} -m invoke lab.down --yes"
    ben.machine.run(down)
    [said] = page.run(ben.machine, "nox -s demo")
    yield page, said
    ben.machine.run(f"cd ~/{PROGRAM} && invoke lab.down --yes")


def test_the_lab_of_the_engineers_pages(ben: Operator, demo: tuple[Page, Said]) -> None:
    machine = ben.machine
    machine.run("source .nox/demo/bin/activate")
    role = Page("docs/adding-a-role.md")
    role.run(machine, "lab.up")
    role.end()
    flow = Page("docs/how-a-deploy-flows.md")
    flow.run(machine, "pyinfra inventories/lab.py")
    flow.end()
    check = Page("docs/schema-check.md")
    migration = "sample/versions/v2.2.0-destructive/api/prisma/migrations"
    where = {"api/prisma/migrations": migration}
    check.run(machine, "schema.check", where=where, expect={"schema.check": 8})
    check.end()
    testing = Page("docs/testing.md")
    for holds in ("nox -s deep -- rollouts", "nox -s deep -- documents"):
        testing.skip(holds, "this test is part of it")
    testing.end()


def test_readme(ben: Operator, documents: Stage, demo: tuple[Page, Said]) -> None:
    page, said = demo
    machine = ben.machine
    page.skip("pip install nox && nox", "it holds the tests of the core, which run by themselves")
    [(command, output)] = page.take("$ nox -s demo").commands
    begins = said.lines.index("nox > python -m bunker.lab.demo")
    page.compare(command, output, replace(said, lines=said.lines[begins:]))
    machine.run("source .venv/bin/activate")
    machine.run("edit() { cp ~/changemaker.py $1; }; EDITOR=edit")
    (machine.home / "changemaker.py").write_text(REPOSITORY)
    page.run(
        machine,
        "$EDITOR",
        answers={"instance.add": YES, "invoke deploy": YES},
        after={"bunker init": ben.at_home},
    )
    ben.settings("rollout:\n  soak: 5s\n  minimum_requests: 1\n")
    documents.console("north", VISITORS.format(domain="north.example.org"))
    runs = iter([interrupted, failed])
    page.run(
        machine,
        "invoke rollout",
        answers={
            **{"--dry": (), "rollout": YES, "retry-failed": YES},
            "rollback": (("which generation?", "2\n"), *YES),
        },
        where={"RUN": lambda _said: next(runs)(ben)},
        after={"# canary first": lambda: documents.console("north", "systemctl stop visitors")},
        expect={"retry-failed": 4},
    )
    page.end()


def interrupted(ben: Operator) -> str:
    """A run that waits to be resumed."""
    cut = ("prepare the rollback: ok", "\x03")
    return run_of(ben.machine.run("invoke upgrade north --ref v2.2.0-slow-burn --yes", cut))


def failed(ben: Operator) -> str:
    """A run whose version crashes, and would again."""
    said = ben.machine.run("invoke upgrade north --ref v2.2.0-crash --yes")
    assert said.code == 4, said.text
    return run_of(said)


def test_inventory(ben: Operator, documents: Stage) -> None:
    page, machine = Page("docs/inventory.md"), ben.machine
    machine.run("invoke instance.remove north --yes")
    documents.fresh("north")
    documents.let_in("north", ben.public)
    page.run(machine, "instance.add", answers={"instance.add": YES})
    # The fleet is one of its own, and the sample has no branch v2.1.
    here = {"deploys/site.py": "deploy.py", "application.ref=v2.1": "application.ref=v2.1.0"}
    go = {"--dry": (), "v2.1": (("Press enter", "\n"),)}
    page.run(machine, "pyinfra", answers=go, where=here)
    assert "v2.1.0" in machine.run("invoke status").text
    page.end()


def test_a_fleet_of_its_own(ben: Operator) -> None:
    page, machine = Page("docs/fleet-of-its-own.md"), ben.machine
    machine.run(f"cd ~/{PROGRAM} && pip wheel . --no-deps -w ~/own && cd ~/own")
    page.run(machine, "bunker init our-fleet")
    page.run(machine, "fleet.init")
    page.run(machine, "fleet.schema")
    machine.run(
        "mkdir -p ~/.local/share/bash-completion/completions ~/.zfunc ~/.config/fish/completions"
    )
    page.run(machine, "invoke completion")
    page.end()
