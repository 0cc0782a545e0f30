"""Container flags per kernel and engine."""

from __future__ import annotations

import pytest

from bunker.lab.flags import CAPABILITIES, host_config, init_command, missing_capabilities

# The kernel's own numbers (linux/capability.h), spot-checked: one shift would rename them all.
NUMBERS = {
    "CHOWN": 0,
    "NET_ADMIN": 12,
    "SYS_MODULE": 16,
    "SYS_ADMIN": 21,
    "SYS_RESOURCE": 24,
    "SYS_TIME": 25,
    "MKNOD": 27,
    "SETFCAP": 31,
    "BPF": 39,
    "CHECKPOINT_RESTORE": 40,
}


@pytest.mark.parametrize(("name", "number"), NUMBERS.items())
def test_the_table_is_the_kernels(name: str, number: int) -> None:
    assert CAPABILITIES.index(name) == number
    assert len(CAPABILITIES) == 41


@pytest.mark.parametrize(
    ("bounding", "last", "missing"),
    [
        ("000001ffffffffff", 40, []),
        ("000001fffeffffff", 40, ["SYS_RESOURCE"]),
        ("0000003fffffffff", 40, ["PERFMON", "BPF", "CHECKPOINT_RESTORE"]),
        ("0000003fffffffff", 37, []),  # an older kernel does not know the last three
    ],
)
def test_missing_capabilities_come_from_the_bounding_set(
    bounding: str, last: int, missing: list[str]
) -> None:
    status = f"Name:\tx\nCapEff:\t0000000000000000\nCapBnd:\t{bounding}\nCapAmb:\t0\n"
    assert missing_capabilities(status, last) == missing


def test_a_status_without_the_line_means_nothing_is_known_to_miss() -> None:
    assert missing_capabilities("Name:\tx\n", 40) == []


def test_a_host_never_gets_the_machines_modules_or_clock() -> None:
    for version in (1, 2):
        config = host_config(version, ["SYS_RESOURCE", "SYS_TIME"])
        assert config["CapDrop"] == ["SYS_MODULE", "SYS_TIME", "SYS_RESOURCE"]
        assert "Privileged" not in config


def test_each_cgroup_hierarchy_gets_what_it_needs() -> None:
    old, new = host_config(1, []), host_config(2, [])
    assert (old["Binds"], old["CgroupnsMode"]) == (["/sys/fs/cgroup:/sys/fs/cgroup:rw"], "")
    assert (new["Binds"], new["CgroupnsMode"]) == ([], "private")
    assert init_command(1)[0] == "/sbin/init"
    assert "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1" in init_command(1)
    assert init_command(2)[-1].endswith("exec /sbin/init")
