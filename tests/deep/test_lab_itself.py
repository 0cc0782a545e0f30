"""The rest of the lab: snapshots with nested containers, half-made hosts, another Debian."""

from __future__ import annotations

import time

import pytest

from bunker.errors import BunkerError
from tests.lab.machinery.lab_under_test import LabUnderTest
from tests.lab.test_lab_itself import (
    NESTED,
    images,
    lab,
    sample,
    shell,
)

__all__ = ["images", "lab", "sample"]

pytestmark = pytest.mark.lab


def test_a_snapshot_is_cloned_with_its_nested_containers(lab: LabUnderTest) -> None:
    shell(
        lab,
        "north",
        """
        export DEBIAN_FRONTEND=noninteractive
        apt-get update --quiet=2
        apt-get install --yes --quiet=2 --no-install-recommends docker.io docker-cli >/dev/null 2>&1
        """,
    )
    shell(lab, "north", NESTED)
    mirror = f'{{"registry-mirrors": ["{lab.state().registry_mirror}"]}}'
    shell(lab, "north", f"echo '{mirror}' > /etc/docker/daemon.json; systemctl restart docker")
    for public in ("bunker-tiny:1-alpine", "example/tiny:1"):
        assert shell(lab, "north", f"docker run --rm --quiet {public}") == "tiny speaks"
    lab.snapshot("north", "with-docker")
    assert lab.snapshots() == ["with-docker"]
    with pytest.raises(BunkerError, match="already"):
        lab.snapshot("north", "with-docker")
    before = time.monotonic()
    twin = lab.clone("with-docker", "twin")
    assert time.monotonic() - before < 30
    state = lab.state()
    assert state.host("twin") == twin
    assert not {line.split()[-1] for line in twin.host_keys} & {
        line.split()[-1] for line in state.host("north").host_keys
    }, "a clone has its own sshd keys"
    facts = "cat /etc/machine-id; docker info --format '{{.ID}}'"
    assert set(shell(lab, "twin", facts).split()).isdisjoint(shell(lab, "north", facts).split())
    for host in ("north", "twin"):
        waiting = "for i in $(seq 100); do docker exec nested true && break; sleep 0.1; done"
        shell(lab, host, waiting)
        inside = "docker exec nested sh -c 'ls /etc/apt; ls /etc/passwd 2>&1; wc -l < /data/starts'"
        listed = shell(lab, host, f"{inside} || true").splitlines()
        assert listed[0] == "new", "an opaque directory hides what is below it"
        assert "No such file" in listed[1], "a whiteout hides a file"
        # once by hand, once after the daemon's restart, once after the snapshot
        assert int(listed[2]) == 3, "the volume came along and the container runs again"
    lab.remove_snapshot("with-docker")
    assert lab.snapshots() == []
    with pytest.raises(BunkerError, match="no snapshot 'with-docker'"):
        lab.clone("with-docker", "south")
    assert shell(lab, "twin", "hostname") == "twin", "a clone outlives its snapshot"
    lab.remove_host("twin")
    assert [row.name for row in lab.status()] == ["north"]


def test_a_host_cut_off_while_it_was_made_is_made_again(lab: LabUnderTest) -> None:
    engine, host = lab.engine(), lab.naming.container("east")
    lab.add_host("east")
    shell(lab, "east", "touch /var/lib/docker/left-over")
    engine.remove(host)  # by somebody's hand; its volume is still there
    image = engine.inspect_container(lab.naming.container("north"))["Config"]["Image"]
    labels = lab.naming.labels(part="host", host="east", base="debian:trixie")
    network = {"NetworkMode": lab.naming.prefix}
    engine.create_container(image, name=host, labels=labels, host_config=network)
    try:
        lab.up(["north"])
        assert shell(lab, "east", "hostname; ls /var/lib/docker") == "east"
    finally:
        lab.remove_host("east")


def test_a_debian_12_host_boots(lab: LabUnderTest) -> None:
    host = lab.add_host("old", "debian:bookworm")
    try:
        assert host.base == "debian:bookworm"
        assert shell(lab, "old", ". /etc/os-release; echo $VERSION_CODENAME") == "bookworm"
        assert lab.up(1).host("old").base == "debian:bookworm"
        assert {row.system_state for row in lab.status()} == {"running"}
    finally:
        lab.remove_host("old")
