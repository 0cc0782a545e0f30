"""An sshd that systemd's socket starts moves to another port and back, as on Ubuntu."""

from collections.abc import Iterator

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.ubuntu_host import NAME, UbuntuHost, sshd_moves_with_its_socket, ubuntu_host

pytestmark = pytest.mark.lab


@pytest.fixture
def host(fleet: FleetUnderTest) -> Iterator[UbuntuHost]:
    yield from ubuntu_host(fleet, "ubuntu-like")


def test_sshd_moves_with_its_socket(host: UbuntuHost) -> None:
    host.fleet.deploy(NAME, more=("--role", "base"))
    sshd_moves_with_its_socket(host)
