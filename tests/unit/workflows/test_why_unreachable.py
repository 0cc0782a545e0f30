"""Every way of not reaching a host has a remedy; the messages are those that pyinfra gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bunker.events import Event, Planning, Ready, Unreachable
from bunker.fleet.models import Host
from bunker.workflows.planning import _why, prepare
from bunker.workflows.request import Target


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "SSH host key error (Host key for 192.0.2.1 does not match.)",
            "the host key of 192.0.2.1 port 22 has changed: another machine answers, or it was "
            "reinstalled. Compare the fingerprint on the host's console; only if it is right "
            "record the new key with: invoke instance.trust north --fleet lab.",
        ),
        (
            "SSH error (StrictPolicy: No host key for 192.0.2.1 found in known_hosts)",
            "invoke instance.trust north --fleet lab",
        ),
        ("Could not connect (timed out)", "a firewall lets this machine in"),
        (
            "Could not connect ([Errno None] Unable to connect to port 22 on 192.0.2.1)",
            "sshd's port",
        ),
        ("Authentication error (username=deploy) (Authentication failed.)", "authorized_keys"),
        ("SSH error (No authentication methods available)", "authorized_keys"),
        ("Could not resolve hostname ([Errno -2] Name or service not known)", "Correct `address`"),
        ("SSH error (Error reading SSH protocol banner)", "fail2ban-client"),
        ("EOF error ()", "fail2ban-client"),
        ("SSH error (No existing session)", "broke off the connection during the login"),
        ("something new", "something new. Try again"),
    ],
)
def test_every_message_has_a_remedy(host: Host, message: str, said: str) -> None:
    assert said in _why(host, message, "lab")


def test_a_deploy_tells_the_remedy_everywhere(host: Host) -> None:
    class Worker:
        def events(self, until: str) -> Iterator[Event]:
            assert until == "ready"
            yield Unreachable(host="north", message="Could not connect (x)")
            yield Ready()

    told: list[Any] = []

    targets = [Target(host, {})]
    preparation = prepare("lab", Worker(), targets, told.append)  # type: ignore[arg-type]
    message = (
        "Could not connect (x). Try again; if it stays so, look at sshd on the host's console."
    )
    assert preparation.unreachable == {"north": message}
    assert told[0] == Planning(hosts=("north",))
    assert told[1].message == message
