"""Trying to connect: again after quick failures, once where the host is silent."""

from __future__ import annotations

from typing import Any

import pytest
from pyinfra.api import Config, Inventory, State
from pyinfra.api.exceptions import ConnectError
from pyinfra.connectors import ssh

from bunker.worker import batch

DATA = {
    "ssh_connect_retries": 3,
    "ssh_connect_retry_min_delay": 0.0,
    "ssh_connect_retry_max_delay": 0.0,
}


class Network:
    """Answers pyinfra's tries in turn, each after some seconds of a clock that only it moves."""

    def __init__(self, *answers: tuple[float, Exception | None]) -> None:
        self.answers = list(answers)
        self.now = 100.0
        self.tries = 0

    def monotonic(self) -> float:
        return self.now

    def connect(self) -> None:
        seconds, error = self.answers[self.tries]
        self.tries += 1
        self.now += seconds
        if error:
            raise error


def connect(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch.time, "monotonic", network.monotonic)
    monkeypatch.setattr(ssh.SSHConnector, "_connect", lambda _self: network.connect())
    inventory = Inventory(([("north", DATA)], {}))
    State(inventory, Config())
    host: Any = inventory.get_host("north")
    batch.limit_patience(host)
    host.connector.connect()


def test_a_silent_host_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network((10, TimeoutError("timed out")))
    with pytest.raises(ConnectError, match=r"Could not connect \(timed out\)"):
        connect(network, monkeypatch)
    assert network.tries == 1


def test_quick_failures_are_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network((0.1, EOFError()), (0.1, ConnectionResetError("reset")), (0.1, None))
    connect(network, monkeypatch)
    assert network.tries == 3
    network = Network(*[(0.1, ConnectionRefusedError("refused"))] * 4)
    with pytest.raises(ConnectError, match="refused"):
        connect(network, monkeypatch)
    assert network.tries == 4


def test_slow_failures_end_when_the_patience_does(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(*[(3.1, OSError("no route"))] * 4)
    with pytest.raises(ConnectError, match="no route"):
        connect(network, monkeypatch)
    assert network.tries == 3
