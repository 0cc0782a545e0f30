"""The life of an Ubuntu host: looked at, deployed, deployed again, upgraded; its sshd moves.

On the lab's `ubuntu-like` in every run of the lab tier, where sshd moves in the deep tier; on the
real image in `nox -s deep -- ubuntu`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bunker.errors import BunkerError
from tests.lab.fingerprint import changes_between, fingerprint
from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.host_state import started

NAME = "south"
MAX_COMMANDS_WITHOUT_CHANGE = 5
OTHER_PORT = 2222


@dataclass(frozen=True)
class UbuntuHost:
    """One host of a fleet."""

    fleet: FleetUnderTest

    def on(self, script: str) -> str:
        """What a script answers that runs there as root."""
        return self.fleet.on(NAME, script).strip()

    def version(self) -> str:
        """What the API behind nginx says it is."""
        answer = self.on("curl -s --retry 20 --retry-all-errors http://127.0.0.1/api/health")
        return str(json.loads(answer)["version"])


def ubuntu_host(fleet: FleetUnderTest, base: str) -> Iterator[UbuntuHost]:
    """A fresh host on that base; where the base cannot be had, the test fails with the reason."""
    refusal = ""
    try:
        fleet.bare(NAME, base)
    except BunkerError as error:
        refusal = str(error)
    if refusal:  # outside, so that nothing is printed but the sentence
        pytest.fail(refusal, pytrace=False)
    yield UbuntuHost(fleet)
    fleet.remove(NAME)


def life(host: UbuntuHost) -> None:
    """Everything that a host goes through, in the order in which it does."""
    looked_at_while_it_updates_itself(host)
    deployed_though_it_updates_itself(host)
    deployed_again_nothing_changes(host)
    a_socket_that_would_not_start_again_is_refused(host)
    upgraded(host)


def looked_at_while_it_updates_itself(host: UbuntuHost) -> None:
    """A preflight finds it ready, and leaves nothing on it."""
    (look,) = json.loads(host.fleet.invoke("preflight", "--host", NAME, "--json").stdout)["hosts"]
    assert look["ready"], look
    assert host.on("ls -d /var/lib/bunker /run/bunker /tmp/*bunker* 2>/dev/null || true") == ""


def deployed_though_it_updates_itself(host: UbuntuHost) -> None:
    """Locks are waited for; Ubuntu's packages have their own names; sshd keeps its socket."""
    host.fleet.deploy(NAME)
    assert host.version() == "2.0.0"
    packages = "docker.io docker-compose-v2"
    assert host.on(f"dpkg-query -W -f='${{db:Status-Status}} ' {packages}").split() == [
        "installed",
        "installed",
    ]
    assert host.on("systemctl is-active ssh.socket") == "active"
    effective = host.on("sshd -T").splitlines()
    assert "passwordauthentication no" in effective, "cloud-init's drop-in came first"
    assert host.on("systemctl --failed --no-legend") == ""


def deployed_again_nothing_changes(host: UbuntuHost) -> None:
    """Nothing is planned, nothing restarts, and it costs a handful of commands."""
    before = started(host.fleet, NAME), fingerprint(host.fleet, NAME)
    (planned,) = host.fleet.deploy(NAME).events("planned")
    assert planned["plan"]["changes"] == []
    assert planned["commands"] <= MAX_COMMANDS_WITHOUT_CHANGE
    assert started(host.fleet, NAME) == before[0]
    assert changes_between(before[1], fingerprint(host.fleet, NAME)) == []


def a_socket_that_would_not_start_again_is_refused(host: UbuntuHost) -> None:
    """A drop-in gives it a port that the generator gives it, too: told, and nothing is touched."""
    folder = "/etc/systemd/system/ssh.socket.d"
    drop_in = f"mkdir -p {folder}; printf '[Socket]\\nListenStream=22\\n' > {folder}/listen.conf"
    host.on(f"{drop_in}; systemctl daemon-reload")
    looked = host.fleet.invoke("preflight", "--host", NAME, "--json", expect=3)
    (problem,) = json.loads(looked.stdout)["hosts"][0]["problems"]
    assert problem["where"] == f"{folder}/listen.conf"
    assert "port 22 a second time" in problem["problem"]
    host.on(problem["remedy"].removeprefix("Remove it: "))
    host.fleet.invoke("preflight", "--host", NAME)


def sshd_moves_with_its_socket(host: UbuntuHost) -> None:
    """The generator reads the new port and the socket holds it, and gives it up again."""
    base = host.fleet.original(NAME)["base"]
    host.fleet.configure(NAME, {"base": {**base, "ssh_listen_port": OTHER_PORT}})
    host.fleet.deploy(NAME, more=("--role", "base"))
    assert listening(host) >= {"22", str(OTHER_PORT)}
    host.fleet.reset(NAME)
    host.fleet.deploy(NAME, more=("--role", "base"))
    assert str(OTHER_PORT) not in listening(host)
    assert host.on("systemctl is-active ssh.socket") == "active"


def listening(host: UbuntuHost) -> set[str]:
    """The TCP ports on which anything listens."""
    return {row.rpartition(":")[2] for row in host.on("ss -Hltn | awk '{print $4}'").split()}


def upgraded(host: UbuntuHost) -> None:
    """To the next version, over the way that every upgrade takes."""
    host.fleet.invoke("upgrade", "--host", NAME, "--ref", "v2.1.0", "--yes", "--json")
    assert host.version() == "2.1.0"
    kept_by_the_next_deploy(host)


def kept_by_the_next_deploy(host: UbuntuHost) -> None:
    """The file says the version by now; one that says an older one goes nowhere by itself."""
    file = host.fleet.folder / f"{NAME}.yml"
    assert "ref: v2.1.0" in file.read_text()
    here = ("--host", NAME)
    host.fleet.invoke("deploy", *here, "--dry", "--detailed-exitcode")
    host.fleet.configure(NAME, {"application": {"ref": "v2.0.0"}})
    (status,) = json.loads(host.fleet.invoke("status", *here, "--json").stdout)["hosts"]
    assert (status["differs_from_file"], status["wanted_ref"]) == (True, "v2.0.0")
    refused = host.fleet.invoke("deploy", *here, "--yes", expect=3)
    assert "v2.0.0 is older than v2.1.0, which runs" in " ".join(refused.text.split())
    meant = host.fleet.invoke("deploy", *here, "--dry", "--allow-downgrade")
    assert "goes back from v2.1.0 to v2.0.0" in meant.text
    assert host.version() == "2.1.0"
