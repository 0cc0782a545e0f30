"""A host whose engine and firewall had an owner before: nothing of theirs is lost or hidden."""

from __future__ import annotations

import pytest

from tests.lab.fleet_under_test import FleetUnderTest

pytestmark = pytest.mark.lab

PAST = """
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
apt-get install -y -q --no-install-recommends docker.io docker-cli iptables >/dev/null </dev/null
mkdir -p /etc/docker /etc/systemd/system/docker.service.d
echo '{"data-root": "/srv/docker", "dns": ["192.0.2.53"]}' > /etc/docker/daemon.json
echo 'DOCKER_OPTS="--log-driver=journald"' > /etc/default/docker
systemctl restart docker
docker volume create of-others
iptables -I FORWARD 1 -i wg0 -j ACCEPT
"""
REFUSES_OTHER_LIMITS = """
cat > /etc/systemd/system/docker.service.d/late.conf <<'END'
[Service]
ExecStartPre=/bin/grep -q '"max-file": "3"' /etc/docker/daemon.json
END
systemctl daemon-reload
"""
SETTLED = {
    "base": {"trusted_interfaces": ["wg0"]},
    "docker": {"daemon": {"data-root": "/srv/docker"}},
}


@pytest.mark.promise("an engine that is there keeps its data")
def test_an_engine_with_a_past_is_taken_over_or_put_back(fleet: FleetUnderTest) -> None:
    fleet.bare("south")
    fleet.on("south", PAST)

    refused = fleet.invoke("deploy", "--host", "south", "--role", "docker", "--dry", expect=3)
    for word in ("data-root", "--log-driver=journald", "-i wg0", "/etc/default/docker"):
        assert word in refused.text
    assert fleet.on("south", "ls -d /var/lib/bunker 2>/dev/null || true") == ""

    fleet.on("south", ": > /etc/default/docker; systemctl restart docker")
    original = fleet.original("south")
    docker = {**original.get("docker", {}), **SETTLED["docker"]}
    fleet.configure("south", {**original, **SETTLED, "docker": docker})
    plan = fleet.invoke("deploy", "--host", "south", "--role", "docker", "--dry")
    assert "keeps its own key dns" in plan.text
    assert "restarts: docker engine" in plan.text
    fleet.deploy("south", more=("--role", "docker"))
    assert "of-others" in fleet.on("south", "docker volume ls")
    assert fleet.on("south", "docker info -f '{{.DockerRootDir}}'").strip() == "/srv/docker"

    # A flag that comes later collides: the engine does not start, and everything is put back.
    before = fleet.on("south", "cat /etc/docker/daemon.json")
    fleet.on("south", REFUSES_OTHER_LIMITS)
    fleet.configure("south", {**original, **SETTLED, "docker": {**docker, "log_max_files": 7}})
    failed = fleet.deploy("south", more=("--role", "docker"), expect=3)
    assert "it is put back as it was before" in failed.text
    assert fleet.on("south", "cat /etc/docker/daemon.json") == before
    assert fleet.on("south", "systemctl is-active docker").strip() == "active"
    fleet.remove("south")
