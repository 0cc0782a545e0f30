"""Choosing a network range that nothing uses."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from bunker.errors import BunkerError
from bunker.lab.network import (
    PRIVATE_POOL,
    choose,
    used_by_engine,
    used_by_resolver,
    used_by_routes,
)

ROUTES = [
    {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"},
    {"dst": "172.17.0.0/16", "dev": "docker0", "prefsrc": "172.17.0.1"},
    {"dst": "10.70.1.9", "dev": "wg0"},
    {"type": "local", "dst": "127.0.0.0/8", "dev": "lo"},
]


def test_routes_count_by_destination_and_gateway_but_not_the_default() -> None:
    assert used_by_routes(ROUTES) == [
        IPv4Network("192.0.2.1/32"),
        IPv4Network("172.17.0.0/16"),
        IPv4Network("10.70.1.9/32"),
        IPv4Network("127.0.0.0/8"),
    ]


def test_the_resolvers_neighbourhood_is_kept_clear() -> None:
    text = "# made by hand\nnameserver 10.100.3.53\nnameserver 127.0.0.53\nnameserver fd00::1\n"
    assert used_by_resolver(text + "search example.org\n") == [IPv4Network("10.100.0.0/16")]


def test_engine_networks_count_whether_or_not_they_have_a_route() -> None:
    inspected = [
        {"IPAM": {"Config": [{"Subnet": "10.80.0.0/24"}, {"Subnet": "fd00::/64"}]}},
        {"IPAM": {"Config": None}},
        {"IPAM": None},
    ]
    assert used_by_engine(inspected) == [IPv4Network("10.80.0.0/24")]


def test_the_choice_is_stable_and_moves_on_when_taken() -> None:
    first = choose(PRIVATE_POOL, [], "seed")
    assert first == choose(PRIVATE_POOL, [], "seed")
    assert first.subnet_of(PRIVATE_POOL) and first.prefixlen == 24
    second = choose(PRIVATE_POOL, [first], "seed")
    assert not second.overlaps(first)
    wide = first.supernet(new_prefix=16)
    assert not choose(PRIVATE_POOL, [wide], "seed").overlaps(wide)


def test_the_pools_keep_clear_of_nested_engines_and_private_ranges() -> None:
    for nested in ("172.16.0.0/12", "192.168.0.0/16", "10.213.0.0/16"):
        assert not PRIVATE_POOL.overlaps(IPv4Network(nested))
    from tests.lab.machinery.neighbour import PUBLIC_POOL

    assert not any(PUBLIC_POOL.overlaps(IPv4Network(n)) for n in ("10.0.0.0/8", "192.168.0.0/16"))


def test_a_full_machine_is_said_clearly() -> None:
    with pytest.raises(BunkerError, match="in use on this machine"):
        choose(PRIVATE_POOL, [IPv4Network("10.0.0.0/8")], "seed")
