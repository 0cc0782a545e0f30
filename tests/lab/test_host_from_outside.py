"""A deployed host as others see it: what answers, what does not, and who is kept out."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from deploys.base.kernel import SYSCTL, SYSCTL_PATH
from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.machinery.neighbour import Neighbour
from tests.lab.outside import (
    guess_until_banned,
    http_status,
    is_open,
    log_in,
    open_ports,
    publish,
)

pytestmark = pytest.mark.lab

WELL_KNOWN = (21, 23, 25, 53, 111, 443, 2375, 2376, 3000, 3306, 4000, 5432, 6379, 8080, 9090, 9100)
"""Ports that somebody curious would try first, beside those on which the host listens."""

SSHD = {
    "port": "22",
    "permitrootlogin": "no",
    "passwordauthentication": "no",
    "kbdinteractiveauthentication": "no",
    "authenticationmethods": "publickey",
    "permitemptypasswords": "no",
    "maxauthtries": "4",
    "logingracetime": "30",
    "maxstartups": "10:30:60",
    "allowtcpforwarding": "no",
    "allowagentforwarding": "no",
    "allowstreamlocalforwarding": "no",
    "x11forwarding": "no",
    "permittunnel": "no",
    "loglevel": "VERBOSE",
}


@pytest.fixture(scope="module")
def host(deployed: FleetUnderTest) -> FleetUnderTest:
    """One deployed host for the tests that leave it as it was."""
    deployed.pristine("north")
    return deployed


@pytest.fixture
def address(host: FleetUnderTest) -> str:
    return host.state.host("north").address


@pytest.fixture(params=["lab", "public-range"])
def visitor(host: FleetUnderTest, request: pytest.FixtureRequest) -> Iterator[Neighbour]:
    """Somebody else, once on the host's own network and once from the Internet's addresses."""
    visitor = host.lab.neighbour("visitor", request.param)
    yield visitor
    visitor.remove()


def test_the_application_answers_to_others(visitor: Neighbour, address: str) -> None:
    assert http_status(visitor, f"http://{address}/api/health") == "200"


def test_every_container_runs_and_is_healthy(host: FleetUnderTest) -> None:
    text = host.on("north", "cd /opt/changemaker-lite && docker compose ps --all --format json")
    rows = [json.loads(line) for line in text.splitlines()]
    assert {"v2-postgres", "redis", "api", "admin", "nginx"} <= {row["Service"] for row in rows}
    assert {(row["State"], row["Health"]) for row in rows} <= {
        ("running", "healthy"),
        ("running", ""),
    }


def test_the_firewall_stands_now_and_after_a_reboot(host: FleetUnderTest) -> None:
    status = host.on("north", "ufw status verbose")
    assert "Status: active" in status
    assert "deny (incoming), allow (outgoing)" in status
    assert host.on("north", "grep ^ENABLED /etc/ufw/ufw.conf") == "ENABLED=yes\n"
    assert host.on("north", "systemctl is-enabled ufw.service") == "enabled\n"


def test_what_docker_forwards_passes_our_chains_first(host: FleetUnderTest) -> None:
    for tool in ("iptables", "ip6tables"):
        user = host.on("north", f"{tool} -S DOCKER-USER").splitlines()[1:]
        assert [rule.split()[-1] for rule in user[:5]] == [
            "ACCEPT",
            "DROP",
            "bunker-from-containers",
            "bunker-from-containers",
            "bunker-to-containers",
        ]
        into = host.on("north", f"{tool} -S bunker-to-containers").splitlines()[1:]
        declared = ["--ctorigdstport 80", "--ctorigdstport 443"]
        assert [words for words in declared if any(words in rule for rule in into)] == declared
        assert into[-1] == "-A bunker-to-containers -j DROP"
        assert len(into) == 3


def test_sshd_runs_with_the_hardened_values(host: FleetUnderTest) -> None:
    effective = dict(line.split(" ", 1) for line in host.on("north", "sshd -T").splitlines())
    assert {key: effective[key] for key in SSHD} == SSHD
    assert "ecdsa" not in effective["hostkeyalgorithms"]
    assert all("etm" in mac for mac in effective["macs"].split(","))
    keys = host.on("north", "sshd -T | grep '^hostkey '").splitlines()
    assert sorted(key.rsplit("_", 2)[1] for key in keys) == ["ed25519", "rsa"]


def test_not_even_the_right_password_logs_in(
    host: FleetUnderTest, visitor: Neighbour, address: str
) -> None:
    host.on("north", "echo deploy:the-right-one | chpasswd")
    code, said = log_in(visitor, address, "deploy", "the-right-one")
    host.on("north", "usermod --password '*' deploy")
    assert code == 255
    assert "Authorised use only" in said, "the banner comes before the login"
    assert "Permission denied (publickey)" in said


def test_the_kernel_is_set_as_the_profile_says(host: FleetUnderTest) -> None:
    # A container's kernel is the machine's: only the network's keys are its own.
    network = {key: str(value) for key, value in SYSCTL if key.startswith("net.")}
    own = [key for key in network if not key.startswith("net.core.")]
    live = host.on("north", f"sysctl --values {' '.join(own)}").splitlines()
    assert dict(zip(own, live, strict=True)) == {key: network[key] for key in own}
    lines = host.on("north", f"cat {SYSCTL_PATH}").splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        f"{key} = {value}" for key, value in SYSCTL
    ]


def test_security_updates_come_by_themselves(host: FleetUnderTest) -> None:
    apt = host.on("north", "apt-config dump")
    assert 'APT::Periodic::Unattended-Upgrade "1";' in apt
    assert 'APT::Periodic::Update-Package-Lists "1";' in apt
    assert 'Unattended-Upgrade::Automatic-Reboot "false";' in apt
    origins = [line for line in apt.splitlines() if "Origins-Pattern:: " in line]
    assert origins
    assert all("security" in origin.lower() for origin in origins)
    for timer in ("apt-daily.timer", "apt-daily-upgrade.timer"):
        assert host.on("north", f"systemctl is-enabled {timer}; systemctl is-active {timer}") == (
            "enabled\nactive\n"
        )


def test_the_journal_is_kept_and_bounded(host: FleetUnderTest) -> None:
    settings = host.on("north", "systemd-analyze cat-config systemd/journald.conf").splitlines()
    assert {"Storage=persistent", "SystemMaxUse=500M", "MaxRetentionSec=3month"} <= set(settings)
    held = host.on("north", "journalctl --sync; ls /var/log/journal/*/system.journal")
    assert held.strip().endswith("system.journal")


def test_the_clock_is_synchronised_from_the_next_boot_on(host: FleetUnderTest) -> None:
    # In a container the unit stays down by its own condition: the clock is the machine's.
    assert host.on("north", "systemctl is-enabled systemd-timesyncd.service") == "enabled\n"
    assert host.on("north", "systemctl is-failed systemd-timesyncd.service || true") == "inactive\n"
    assert host.on("north", "date +%Z; cat /etc/timezone") == "UTC\nUTC\n"


def test_nothing_has_failed_on_the_host(host: FleetUnderTest) -> None:
    assert host.on("north", "systemctl --failed --no-legend") == ""
    assert host.on("north", "systemctl is-system-running") == "running\n"


def test_the_engine_runs_with_the_hardened_settings(host: FleetUnderTest) -> None:
    info = json.loads(host.on("north", "docker info --format '{{json .}}'"))
    assert info["LiveRestoreEnabled"] is True
    assert info["LoggingDriver"] == "local"
    assert "name=no-new-privileges" in info["SecurityOptions"]
    assert [(pool["Base"], pool["Size"]) for pool in info["DefaultAddressPools"]] == [
        ("10.213.0.0/16", 24)
    ]
    mirrors = info["RegistryConfig"]["Mirrors"]
    assert [mirror.rstrip("/") for mirror in mirrors] == [host.state.registry_mirror]


def test_whatever_listens_on_the_host_only_ssh_and_the_web_answer(
    host: FleetUnderTest, visitor: Neighbour, address: str
) -> None:
    listening = host.on("north", "ss -Hltn | awk '{ sub(/.*:/, \"\", $4); print $4 }'").split()
    assert {"22", "80"} <= set(listening)
    assert open_ports(visitor, address, {*map(int, listening), *WELL_KNOWN}) == {22, 80}


def test_a_port_that_docker_publishes_is_closed_until_the_host_file_declares_it(
    host: FleetUnderTest,
) -> None:
    publish(host, "stray", "0.0.0.0:8099:80")
    assert host.on("north", "curl --silent http://127.0.0.1:8099/ | wc -c || true") != "0\n"
    address = host.state.host("north").address
    visitors = [host.lab.neighbour(kind, kind) for kind in ("lab", "public-range")]
    try:
        assert [is_open(visitor, address, 8099) for visitor in visitors] == [False, False]
        without = "iptables -I DOCKER-USER -j ACCEPT"
        host.on("north", without)
        assert [is_open(visitor, address, 8099) for visitor in visitors] == [True, True], (
            "our chains alone keep it closed"
        )
        host.on("north", "iptables -D DOCKER-USER -j ACCEPT")
        rule = {"port": 8099, "published": True, "note": "declared"}
        host.configure("north", {"base": {**host.original("north")["base"], "firewall": [rule]}})
        host.deploy("north", more=("--role", "base"))
        assert [is_open(visitor, address, 8099) for visitor in visitors] == [True, True]
        host.reset("north")
        host.deploy("north", more=("--role", "base"))
        assert [is_open(visitor, address, 8099) for visitor in visitors] == [False, False]
    finally:
        for visitor in visitors:
            visitor.remove()
        host.on("north", "docker rm --force stray")


def test_a_container_cannot_be_reached_past_the_host(
    host: FleetUnderTest, visitor: Neighbour, address: str
) -> None:
    inside = publish(host, "inner", "127.0.0.1:8098:80")
    visitor.run(["ip", "route", "add", inside, "via", address])
    try:
        assert not is_open(visitor, address, 8098)
        assert not is_open(visitor, inside, 80), "its own port, by a route to the bridge"
        assert not is_open(visitor, inside, 8098)
        host.on("north", "iptables -I DOCKER-USER -j ACCEPT")
        assert is_open(visitor, inside, 80), "our chains alone keep it out"
    finally:
        host.on("north", "iptables -D DOCKER-USER -j ACCEPT 2>/dev/null; docker rm -f inner")


@pytest.mark.parametrize("user", ["deploy", "nobody-here"])
def test_who_guesses_passwords_is_kept_out_of_everything(host: FleetUnderTest, user: str) -> None:
    address = host.state.host("north").address
    guesser = host.lab.neighbour(f"guesser-of-{user}", "public-range")
    try:
        assert is_open(guesser, address, 80)
        assert guess_until_banned(guesser, address, user) >= 4
        assert not is_open(guesser, address, 80), "what containers publish as well"
        assert guesser.source_address in host.on("north", "fail2ban-client status sshd")
        host.on("north", "ufw reload")
        assert open_ports(guesser, address, {22, 80}) == set(), "a reload does not let it in"
        host.deploy("north", more=("--role", "base", "--dry"))
        host.on("north", f"fail2ban-client set sshd unbanip {guesser.source_address}")
        assert open_ports(guesser, address, {22, 80}) == {22, 80}
    finally:
        guesser.remove()


def test_who_only_looks_is_not_banned(host: FleetUnderTest, address: str) -> None:
    monitor = host.lab.neighbour("monitor", "public-range")
    try:
        for _look in range(12):
            assert is_open(monitor, address, 22)
        host.on("north", "journalctl --sync")
        assert "Currently banned:\t0" in host.on("north", "fail2ban-client status sshd")
        assert is_open(monitor, address, 22)
    finally:
        monitor.remove()
