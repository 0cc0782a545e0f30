"""Debian 13 with what makes Ubuntu 24.04 different for whoever deploys to it: see docs/lab.md."""

from collections.abc import Iterator

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.ubuntu_host import UbuntuHost, life, ubuntu_host

pytestmark = pytest.mark.lab


@pytest.fixture
def host(fleet: FleetUnderTest) -> Iterator[UbuntuHost]:
    yield from ubuntu_host(fleet, "ubuntu-like")


def test_a_host_like_ubuntu_is_deployed_and_upgraded_whole(host: UbuntuHost) -> None:
    assert "noble" in host.on("cat /etc/os-release")
    life(host)
