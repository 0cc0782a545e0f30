"""systemd listens in sshd's place: what its drop-ins will do at its next start is seen before."""

import pytest

from deploys.base.ssh_socket import socket_problems
from tests.unit.roles.test_logins import HOST

PACKAGED = ["# /usr/lib/systemd/system/ssh.socket", "[Socket]", "ListenStream=22", "Accept=no"]
GENERATED = [
    *("# /run/systemd/generator/ssh.socket.d/addresses.conf", "[Socket]"),
    *("BindIPv6Only=ipv6-only", "ListenStream=", "ListenStream=0.0.0.0:22", "ListenStream=[::]:22"),
]
OWN = "/etc/systemd/system/ssh.socket.d/listen.conf"


def problems(*own: str, generated: bool = True) -> list[str]:
    unit = [*PACKAGED, *(GENERATED if generated else ()), f"# {OWN}", "[Socket]", *own]
    return [f"{one.where}: {one.problem}" for one in socket_problems(HOST, unit)]


@pytest.mark.parametrize(
    "twice", ["22", "0.0.0.0:22", "[::]:22", "198.51.100.7:22", "  [2001:db8::1]:22"]
)
def test_a_port_that_is_given_twice_is_refused(twice: str) -> None:
    (problem,) = problems(f"ListenStream={twice}")
    assert problem.startswith(f"{OWN}: ListenStream={twice.strip()} takes port 22 a second time")


@pytest.mark.parametrize(
    "own",
    [
        (),
        ("ListenStream=2200",),
        ("ListenStream=/run/ssh.sock",),
        ("ListenStream=", "ListenStream=22"),
        ("ListenStream=", "ListenStream=198.51.100.7:22", "ListenStream=192.0.2.7:22"),
        ("# ListenStream=22",),
    ],
)
def test_a_socket_that_starts_again_and_listens_is_none_of_our_business(own: str) -> None:
    assert problems(*own) == []


def test_a_socket_that_would_not_listen_on_the_wanted_port_is_refused() -> None:
    (problem,) = problems("ListenStream=", "ListenStream=2200")
    assert problem.startswith(f"{OWN}: ssh.socket listens on 2200 only")


def test_without_the_generator_the_packaged_port_counts() -> None:
    assert problems(generated=False) == []
    assert "a second time" in problems("ListenStream=22", generated=False)[0]
    assert problems("ListenStream=22", generated=False)[0].startswith(OWN)


def test_nothing_is_said_of_a_unit_that_was_not_told() -> None:
    assert list(socket_problems(HOST, [])) == []
