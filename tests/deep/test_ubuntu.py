"""The real Ubuntu 24.04, wherever a registry has its image."""

from collections.abc import Iterator

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.ubuntu_host import UbuntuHost, life, sshd_moves_with_its_socket, ubuntu_host

pytestmark = pytest.mark.lab


@pytest.fixture
def host(fleet: FleetUnderTest) -> Iterator[UbuntuHost]:
    yield from ubuntu_host(fleet, "ubuntu:24.04")


def test_ubuntu_is_deployed_and_upgraded_whole(host: UbuntuHost) -> None:
    life(host)
    sshd_moves_with_its_socket(host)
