"""A plan is shown, and nothing on the host moves: from our command and from pyinfra's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bunker.masking import MASK
from tests.lab.fingerprint import changes_between, fingerprint
from tests.lab.fleet_under_test import FleetUnderTest, Ran

pytestmark = pytest.mark.lab

TITLE = re.compile(r"[+~-] \w+: ")
DIRECTORY = "/opt/changemaker-lite"
DRIFT = f"""
set -e
cd {DIRECTORY}
sed -i -E 's/^(LOG_LEVEL|REDIS_PASSWORD)=.*/\\1=by-hand/' .env
echo '# by hand' >> docker-compose.yml
docker compose stop --timeout 1 admin >/dev/null 2>&1
settings=$(grep -ls Bunker /etc/sysctl.d/*.conf | head -n 1)
echo 'net.ipv4.conf.all.rp_filter = 0 # by hand' >> "$settings"
apt-get remove -qq --yes fail2ban >/dev/null 2>&1
"""


@pytest.fixture(scope="module")
def host(deployed: FleetUnderTest) -> FleetUnderTest:
    """One deployed host, drifted at the end."""
    deployed.pristine("north")
    return deployed


@pytest.fixture(params=["bare", "deployed", "drifted"])
def condition(
    request: pytest.FixtureRequest, fleet: FleetUnderTest
) -> Iterator[tuple[FleetUnderTest, str, str]]:
    """A host as it comes, one as a deploy left it, and the same when somebody worked on it."""
    if request.param == "bare":
        fleet.bare("fresh")
        yield fleet, "fresh", request.param
        fleet.remove("fresh")
        return
    request.getfixturevalue("host")
    if request.param == "drifted":
        fleet.on("north", DRIFT)
    yield fleet, "north", request.param


def dry(fleet: FleetUnderTest, host: str) -> Ran:
    return fleet.invoke("deploy", "--host", host, "--dry", "--diff")


def dry_pyinfra(fleet: FleetUnderTest, host: str) -> Ran:
    ran = fleet.pyinfra("inventories/lab.py", "deploys/site.py", "--limit", host, "--dry", "--diff")
    assert ran.code == 0, ran.text
    return ran


def shown(ran: Ran, host: str) -> list[str]:
    """Titles of changes and the lines of their diffs, in order, without what stands before them."""
    lines = []
    inside = False
    for line in ran.text.splitlines():
        text = line.strip().removeprefix(f"[{host}] ")
        if TITLE.match(text):
            inside = True
        elif inside and not text.startswith("    ") and not line.startswith("      "):
            inside = False
        if inside:
            lines.append(" ".join(text.split()))  # a terminal writes tabs as blanks
    return lines


@pytest.mark.promise("Nothing happens before you have seen it")
def test_looking_shows_the_same_from_both_commands_and_changes_nothing(
    condition: tuple[FleetUnderTest, str, str],
) -> None:
    fleet, host, name = condition
    before = fingerprint(fleet, host)
    ours, theirs = dry(fleet, host), dry_pyinfra(fleet, host)
    detailed = fleet.invoke(
        "deploy", "--host", host, "--dry", "--diff", "--detailed-exitcode", expect=None
    )
    assert changes_between(before, fingerprint(fleet, host)) == []
    assert shown(ours, host) == shown(theirs, host) == shown(detailed, host)
    if name == "deployed":
        assert detailed.code == 0
        assert shown(ours, host) == []
        assert "0 hosts to change" in ours.text
    else:
        assert detailed.code == 2
        assert MASK in ours.text
        assert "1 host to change" in ours.text
    if name == "drifted":
        plan = "\n".join(shown(ours, host))
        for expected in (
            "+ fail2ban",
            "-net.ipv4.conf.all.rp_filter = 0 # by hand",
            "1 tracked file edited by hand",
            "admin ended with",
            "LOG_LEVEL: by-hand → info",
            f"REDIS_PASSWORD: {MASK} → {MASK} (changed)",
        ):
            assert expected in plan


def test_a_fingerprint_tells_of_every_kind_of_change(north: FleetUnderTest) -> None:
    """Proof that the test above can fail."""
    before = fingerprint(north, "north")
    north.on(
        "north",
        f"""
        set -e
        cd {DIRECTORY}
        touch .env
        chmod 0601 /etc/hostname
        echo >> README.md
        mkdir /var/lib/bunker/by-hand
        docker volume create volume-by-hand
        docker network create network-by-hand
        docker tag nginx:alpine image:by-hand
        docker compose restart --timeout 1 admin 2>/dev/null
        ufw allow 4444/tcp
        systemctl disable fail2ban 2>/dev/null
        sysctl -w net.ipv4.conf.all.log_martians=0
        touch /tmp/left-over
        apt-get remove -qq --yes fail2ban 2>/dev/null
        """,
    )
    text = "\n".join(changes_between(before, fingerprint(north, "north")))
    for expected in (
        f"{DIRECTORY}/.env f",
        "/etc/hostname f 0601",
        f"{DIRECTORY}/README.md",
        "/var/lib/bunker/by-hand d",
        "volume volume-by-hand",
        "network-by-hand",
        "image:by-hand",
        "admin-1 running",
        "4444/tcp",
        "fail2ban.service",
        "log_martians",
        "/tmp/left-over",
        "package fail2ban",
    ):
        assert expected in text
