"""What somebody else on the network can find out about a host, and do to it."""

from __future__ import annotations

import time
from collections.abc import Iterable

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.machinery.neighbour import Neighbour

IMAGE = "throw-away:1"


def is_open(neighbour: Neighbour, address: str, port: int) -> bool:
    """Whether a TCP connection from the neighbour is taken."""
    done = neighbour.run(["nc", "-z", "-w", "2", address, str(port)])
    return done.returncode == 0


def open_ports(neighbour: Neighbour, address: str, ports: Iterable[int]) -> set[int]:
    """Which of many ports take a connection, probed side by side."""
    words = " ".join(map(str, sorted(set(ports))))
    probe = f"for p in {words}; do (nc -z -w 3 {address} $p && echo $p; true) & done; wait"
    return {int(line) for line in neighbour.run(["sh", "-c", probe]).stdout.split()}


def http_status(neighbour: Neighbour, url: str) -> str:
    """The status code that curl gets for a GET; 000 where there is no answer."""
    show = ("--silent", "--max-time", "10", "--output", "/dev/null", "--write-out", "%{http_code}")
    return neighbour.run(["curl", *show, url]).stdout


def log_in(neighbour: Neighbour, address: str, user: str, password: str) -> tuple[int, str]:
    """Try a password over SSH; ssh's exit code and what it said."""
    options = ["-o", "StrictHostKeyChecking=no", "-o", "PreferredAuthentications=password"]
    ssh = ["ssh", *options, "-o", "ConnectTimeout=3", f"{user}@{address}", "true"]
    done = neighbour.run(["timeout", "15", "sshpass", "-p", password, *ssh])
    return done.returncode, done.stderr


def guess_until_banned(neighbour: Neighbour, address: str, user: str) -> int:
    """Guess passwords until the host takes no connection any more; how many guesses it took."""
    deadline = time.monotonic() + 120
    for guesses in range(1, 100):
        log_in(neighbour, address, user, "guess")
        if not is_open(neighbour, address, 22):
            return guesses
        assert time.monotonic() < deadline, f"{guesses} guesses and not banned"
    raise AssertionError("99 guesses and not banned")


def publish(fleet: FleetUnderTest, name: str, *publications: str) -> str:
    """Run a throw-away web server on the host, in a container; the container's address.

    It is made of the host's own programs, so that no image has to be fetched.
    """
    options = " ".join(f"--publish {publication}" for publication in publications)
    return fleet.on(
        "north",
        f"""
        set -e
        tar -C / -c bin lib lib64 | docker import - {IMAGE} >/dev/null
        docker rm --force {name} >/dev/null 2>&1 || true
        docker run --detach --name {name} {options} --volume /usr:/usr:ro {IMAGE} \
            python3 -m http.server 80 --directory /usr/share/common-licenses >/dev/null
        address=$(docker inspect --format '{{{{.NetworkSettings.IPAddress}}}}' {name})
        for i in $(seq 100); do
          ! python3 -c "import socket; socket.create_connection(('$address', 80), 1)" 2>/dev/null \
            || break
          sleep 0.1
        done
        echo "$address"
        """,
    ).strip()
