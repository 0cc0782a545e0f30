"""A port that something else of the host has is refused before images are pulled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.changemaker.test_before_the_switch import prepared, state, world

__all__ = ["world"]

PORT = """\
      - mode: ingress
        host_ip: {ip}
        target: 80
        published: "{port}"
        protocol: {protocol}
"""
CONFIG = """\
name: app
services:
  web:
    environment:
      ports: 'published: "22"'
    networks:
      default: null
    ports:
{ports}networks:
  default:
    ports:
      - published: "22"
"""
SSHD = 'tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))\n'
RESOLVED = 'udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=2,fd=3))\n'
PROXY = 'tcp LISTEN 0 128 0.0.0.0:8088 0.0.0.0:* users:(("docker-proxy",pid=9,fd=3))\n'
OTHER = "container 8088 80/tcp 0.0.0.0 /old-web-1 old\ncontainer 8088 80/tcp :: /old-web-1 old\n"
OURS = "container 8088 80/tcp 0.0.0.0 /app-web-1 app\n"


def port(number: int | str, ip: str = "", protocol: str = "tcp") -> str:
    row = PORT.format(ip=ip, port=number, protocol=protocol)
    return row if ip else row.replace("        host_ip: \n", "")


def said(world: Path, *ports: str, containers: str = "", processes: str = "") -> str:
    (world / "config").write_text(CONFIG.format(ports="".join(ports)))
    (world / "containers").write_text(containers)
    (world / "processes").write_text(processes)
    done = prepared(world, "0")
    assert done.returncode == (70 if done.stderr else 0)
    if done.stderr:
        assert state(world) == ("sha256:old", "old", [])
    return done.stderr


def test_one_of_another_projects_container_is_named_with_the_remedy(world: Path) -> None:
    assert said(world, port(8088), containers=OTHER, processes=PROXY + SSHD) == (
        "port 8088 is taken by the container old-web-1 of the project old: give one of the two"
        " another port, or stop that one (docker stop old-web-1); nothing was changed\n"
    )
    alone = "container 8088 80/tcp 127.0.0.1 /by-hand \n"
    assert "by the container by-hand: give" in said(world, port(8088), containers=alone)


def test_one_of_the_projects_own_container_is_no_obstacle(world: Path) -> None:
    assert said(world, port(8088), containers=OURS, processes=PROXY) == ""


def test_one_that_a_process_of_the_host_has_is_named_with_the_process(world: Path) -> None:
    found = said(world, port(22), port(53, protocol="udp"), processes=SSHD + RESOLVED)
    assert found == (
        "port 22 is taken by the process sshd of this host: give the project another port, or stop"
        " that one; nothing was changed\n"
        "port 53/udp is taken by the process systemd-resolve of this host: give the project another"
        " port, or stop that one; nothing was changed\n"
    )


@pytest.mark.parametrize(
    "free",
    [
        port(8090),
        port(22, protocol="udp"),
        port(8088, "127.0.0.9"),
        port("8000-8100"),
        port(0),
    ],
)
def test_another_port_protocol_or_address_is_free(world: Path, free: str) -> None:
    here = OTHER.replace("0.0.0.0", "192.0.2.1").replace("::", "2001:db8::1")
    assert said(world, free, containers=here, processes=SSHD) == ""


def test_one_address_is_taken_by_whoever_has_all_and_all_by_whoever_has_one(world: Path) -> None:
    assert "port 22" in said(world, port(22, "127.0.0.1"), processes=SSHD)
    one = SSHD.replace("0.0.0.0:22", "[::1]:22")
    assert "port 22" in said(world, port(22), processes=one)
    assert "port 22" in said(world, port(22, "'::1'"), processes=one)
