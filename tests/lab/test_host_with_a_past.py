"""A server that others ran before us (lab/images/host-with-a-past): looked at, settled, deployed.

What is told beforehand, what is refused and what is kept; the packages of others come last, because
the host has no engine any more afterwards.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bunker.lab.models import HTTP_USER
from tests.lab.fingerprint import changes_between, fingerprint
from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.host_state import started

pytestmark = pytest.mark.lab

NAME = "west"
MAX_COMMANDS_TO_LOOK = 10
MAX_COMMANDS_WITHOUT_CHANGE = 5
NEWER = "v2.1.0"
"""What the former owner had cloned; an older version is wanted."""

TRAPS = (
    *("port 2200", "authorized_keys2", "Match LocalPort 2200", "Match LocalPort 2022"),
    *("/etc/environment sets SMTP_HOST", "de_DE.UTF-8", "unattended-upgr"),
    *("/etc/ssh/sshd_config.d/50-cloud-init.conf", "/etc/sudoers.d/90-cloud-init-users"),
    *("home of ops is /srv/ops", "group of ops is crew", "shallow", "belongs to root"),
)
"""What is told of the traps that a deploy gets around by itself."""
THEIR_DATA = """
set -e
tar -C / -c bin/busybox | docker import - legacy/tool:1 >/dev/null
docker volume create legacy-data >/dev/null
docker run --detach --restart always --name legacy --volume legacy-data:/data legacy/tool:1 \
  /bin/busybox sh -c 'echo precious > /data/file; exec /bin/busybox sleep 1000000' >/dev/null
"""
CLONED_WITH_SUDO = """
set -e
rmdir /opt/changemaker-lite
git clone --quiet --depth 1 --branch {ref} {access} /opt/changemaker-lite
git -C /opt/changemaker-lite remote set-url origin {url}
"""
PACKAGES_OF_OTHERS = r"""
set -e
export DEBIAN_FRONTEND=noninteractive
systemctl stop docker.socket docker.service containerd.service
dpkg --purge --force-all docker.io docker-cli docker-compose containerd runc ufw >/dev/null 2>&1
cd "$(mktemp -d)"
package() {
  mkdir -p "$1/DEBIAN"
  printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: x <x@lab.example>\n%s' \
    "$1" "$2" "$3Description: in the place of the real one
" > "$1/DEBIAN/control"
  dpkg-deb --build "$1" >/dev/null
  dpkg --install "$1.deb" >/dev/null
}
package containerd.io 1.7.27-1 'Provides: containerd, runc
Conflicts: containerd, runc
Replaces: containerd, runc
'
package docker-ce-cli 5:28.0.4-1 'Conflicts: docker-cli, docker.io
'
package docker-ce 5:28.0.4-1 'Depends: containerd.io, docker-ce-cli
Conflicts: docker.io
Replaces: docker.io
'
package docker-compose-plugin 2.34.0-1 ''
package netfilter-persistent 1.0.23 ''
package iptables-persistent 1.0.23 'Depends: netfilter-persistent
'
"""


@pytest.fixture
def past(fleet: FleetUnderTest, tmp_path: Path) -> Iterator[FleetUnderTest]:
    """The host with its former owner's engine at work and their checkout in place."""
    fleet.bare(NAME, "host-with-a-past")
    fleet.on(NAME, THEIR_DATA)
    state = fleet.state
    token = state.git_token_file.read_text().strip()
    access = state.git_http_url.replace("http://", f"http://{HTTP_USER}:{token}@")
    fleet.on(NAME, CLONED_WITH_SUDO.format(ref=NEWER, access=access, url=state.git_ssh_url))
    yield fleet
    fleet.remove(NAME)


def everything(fleet: FleetUnderTest) -> list[str]:
    """A fingerprint, the former owner's home included."""
    home = fleet.on(
        NAME,
        "find /srv/ops -printf '%p %#m %u:%g %s %T@\\n' | sort; "
        "ls -a /var/lib; ls -d /run/bunker || true",
    )
    return [*fingerprint(fleet, NAME), *home.splitlines()]


def looked_at(fleet: FleetUnderTest, expect: int) -> tuple[dict[str, Any], str]:
    """What a preflight finds, and the same as one text."""
    ran = fleet.invoke("preflight", "--host", NAME, "--json", expect=expect)
    (found,) = json.loads(ran.stdout)["hosts"]
    return found, json.dumps(found, ensure_ascii=False)


def lets_in(fleet: FleetUnderTest, key: Path) -> bool:
    """Whether sshd lets the owner of a key in as the login user."""
    own = str(fleet.state.private_key)
    login = [word.replace(own, str(key)) for word in fleet.lab.ssh_command(NAME)]
    return subprocess.run([*login, "true"], capture_output=True, check=False).returncode == 0


def test_a_server_with_a_past_is_told_of_settled_and_deployed_whole(
    past: FleetUnderTest, tmp_path: Path
) -> None:
    stranger = tmp_path / "ex-colleague"
    stranger.write_text(past.console(NAME, "cat /usr/local/share/lab/ex-colleague"))
    stranger.chmod(0o600)
    assert lets_in(past, stranger), "else nothing is shown by its being refused later"

    told_and_refused_before_anything_is_touched(past)
    settled_by_what_the_sentences_say(past)
    past.on(NAME, "systemd-run --quiet /usr/local/sbin/unattended-upgr 20")
    past.deploy(NAME)

    found = past.on(
        NAME,
        "docker exec legacy /bin/busybox cat /data/file; docker info -f '{{.DockerRootDir}}'; "
        "iptables -S FORWARD | grep wg0; cat /etc/default/locale; "
        "stat -c '%U:%G' /opt/changemaker-lite /opt/changemaker-lite/.git/HEAD; "
        "curl -s http://127.0.0.1/api/health; ss -Hltn 'sport = :2200'",
    ).splitlines()
    assert found[:6] == [
        "precious",
        "/var/lib/docker/engine",
        "-A FORWARD -i wg0 -j ACCEPT",
        "LANG=de_DE.UTF-8",
        "ops:crew",
        "ops:crew",
    ]
    assert json.loads(found[6])["version"] == "2.0.0"
    assert found[7:] == [], "their second port of sshd is closed"
    assert not lets_in(past, stranger)
    environment = past.on(NAME, "docker inspect -f '{{json .Config.Env}}' changemaker-lite-api-1")
    assert "SMTP_HOST=" in environment
    assert "left-over" not in environment

    before = started(past, NAME), everything(past)
    (planned,) = past.deploy(NAME).events("planned")
    assert planned["plan"]["changes"] == []
    assert planned["commands"] <= MAX_COMMANDS_WITHOUT_CHANGE
    assert started(past, NAME) == before[0]
    assert changes_between(before[1], everything(past)) == []

    packages_of_others_are_kept_or_refused(past)


def told_and_refused_before_anything_is_touched(past: FleetUnderTest) -> None:
    """Every trap is in the list; neither looking nor a refused deploy changes anything."""
    past.on(NAME, "systemd-run --quiet --unit holds-apt /usr/local/sbin/unattended-upgr 600")
    before = everything(past)
    found, text = looked_at(past, expect=3)
    problems = {problem["where"]: problem for problem in found["problems"]}
    assert "/var/lib/docker/engine" in problems["/etc/docker/daemon.json"]["problem"]
    assert "--log-driver=journald" in problems["/etc/default/docker"]["problem"]
    assert "-i wg0 -j ACCEPT" in problems["FORWARD"]["problem"]
    assert all(problem["remedy"] for problem in found["problems"])
    assert [trap for trap in TRAPS if trap not in text] == []
    assert found["commands"] <= MAX_COMMANDS_TO_LOOK
    refused = past.deploy(NAME, expect=3)
    assert "/etc/default/docker" in refused.text
    assert not refused.events("step")
    assert changes_between(before, everything(past)) == []
    past.on(NAME, "systemctl stop holds-apt unattended-upgrades-at-boot")


def settled_by_what_the_sentences_say(past: FleetUnderTest) -> None:
    """The host's file says what stays; the flag goes. Then the list is what will happen."""
    original = past.original(NAME)
    past.configure(
        NAME,
        {
            "base": {**original["base"], "trusted_interfaces": ["wg0"]},
            "docker": {**original["docker"], "daemon": {"data-root": "/var/lib/docker/engine"}},
        },
    )
    past.on(NAME, ": > /etc/default/docker; systemctl daemon-reload")
    half, _text = looked_at(past, expect=3)
    (problem,) = half["problems"]
    assert problem["where"] == "the running engine"
    past.on(NAME, "systemctl restart docker")
    found, text = looked_at(past, expect=0)
    assert "docker engine" in found["restarts"]
    assert "labels" in text, "their other keys of daemon.json stay, and that is told"
    assert "belongs to root; given to ops" in text


def packages_of_others_are_kept_or_refused(past: FleetUnderTest) -> None:
    """An engine of Docker's own packages stays; a firewall of others is not removed for ours."""
    past.console(NAME, PACKAGES_OF_OTHERS)
    found, text = looked_at(past, expect=3)
    problems = " ".join(problem["problem"] for problem in found["problems"])
    assert "iptables-persistent" in problems
    assert "docker-ce" not in json.dumps(found["removals"])
    assert "docker.io" not in text
