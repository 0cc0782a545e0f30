"""Hosts whose sshd and accounts have a past: what closes is said before; nobody is cut off.

The host is bare, then gets what operators find: its login's home and group are others than usual,
a second port, Match blocks of every kind, keys of people who left, sshd_config without room.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.fleet_under_test import FleetUnderTest

pytestmark = pytest.mark.lab

HOME = "/srv/people/deploy"
SSHD_CONFIG = """\
Port 22
Port 2200
PasswordAuthentication yes
UsePAM yes
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
Match LocalPort 2022
    X11Forwarding yes
Match LocalAddress 192.0.2.1 Address 192.0.2.0/24
    PermitRootLogin yes
Match Host *.example.org
    X11Forwarding yes
Match RDomain blue
    X11Forwarding yes
Match Group staffers
    PasswordAuthentication yes
    AuthenticationMethods publickey password
    Include /etc/ssh/more/*.conf
Match all
    Include /etc/ssh/sshd_config.d/*.conf
"""
PLANT = f"""
set -eu
groupadd staffers
mkdir -p /srv/people
cp -a /home/deploy {HOME}
rm -rf /home/deploy
sed -i 's|^deploy:\\(.*\\):/home/deploy:|deploy:\\1:{HOME}:|' /etc/passwd
group=$(getent group staffers | cut -d: -f3)
sed -i -E "s|^(deploy:x:[0-9]+):[0-9]+:|\\\\1:$group:|" /etc/passwd
groupdel deploy
chown -R deploy:staffers {HOME}
useradd -m -s /bin/bash ubuntu
echo 'ubuntu ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ubuntu
mkdir -p /home/ubuntu/.ssh /root/.ssh /etc/ssh/more
cat > /etc/ssh/sshd_config <<'EOF'
{SSHD_CONFIG}EOF
echo 'AllowTcpForwarding yes' > /etc/ssh/more/forwarding.conf
printf 'PasswordAuthentication yes\\n' > /etc/ssh/sshd_config.d/50-cloud-init.conf
chmod 600 /etc/ssh/sshd_config.d/50-cloud-init.conf
"""


@dataclass(frozen=True)
class Planted:
    """The host and the private key of somebody who left."""

    fleet: FleetUnderTest
    key: Path

    @property
    def address(self) -> str:
        """The host's address."""
        return self.fleet.state.host("north").address

    def lets_in(self, user: str, port: int = 22) -> bool:
        """Whether somebody who left gets in."""
        options = "IdentitiesOnly=yes BatchMode=yes StrictHostKeyChecking=no ConnectTimeout=10"
        command = ["ssh", "-F", "none", "-i", str(self.key), "-o", "UserKnownHostsFile=/dev/null"]
        command += [word for option in options.split() for word in ("-o", option)]
        command += ["-p", str(port), f"{user}@{self.address}", "true"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or "Permission denied" in done.stderr, done.stderr
        return done.returncode == 0


@pytest.fixture(scope="module")
def planted(fleet: FleetUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    fleet.bare("north")
    key = tmp_path_factory.mktemp("left") / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text().strip()
    own = fleet.console("north", "cat /home/deploy/.ssh/authorized_keys").splitlines()
    files = (f"{HOME}/.ssh/authorized_keys2", "/home/ubuntu/.ssh/authorized_keys")
    give = "\n".join(
        f"echo '{public}' > {path}; chmod 600 {path}"
        for path in (*files, "/root/.ssh/authorized_keys")
    )
    owners = f"chown deploy:staffers {files[0]}; chown -R ubuntu: /home/ubuntu/.ssh"
    fleet.console("north", f"{PLANT}\n{give}\n{owners}\nsystemctl reload ssh")
    kept = [line for line in own if line.startswith("ssh-")]
    # Whoever is refused twice would be banned, and this machine with it.
    visitor = fleet.console("north", "ip route show default | cut -d ' ' -f 3").strip()
    fleet.configure("north", {"base": {"authorized_keys": kept, "fail2ban_ignore": [visitor]}})
    yield Planted(fleet, key)
    fleet.remove("north")


@pytest.fixture(scope="module")
def plan(planted: Planted) -> str:
    """What the plan says, and then the deploy."""
    assert planted.lets_in("deploy")
    assert planted.lets_in("deploy", 2200)
    assert planted.lets_in("root")
    ran = planted.fleet.invoke("deploy", "--host", "north", "--role", "base", "--dry", "--json")
    [planned] = ran.events("planned")
    planted.fleet.deploy("north", more=("--role", "base"))
    changes = [f"{item['symbol']} {item['summary']}" for item in planned["plan"]["changes"]]
    return "\n".join([*changes, *planned["plan"]["notes"]])


def test_the_plan_says_what_closes_and_what_stays(plan: str) -> None:
    lines = plan.splitlines()
    for line in (
        "- sshd listens on port 2200 no more",
        f"- 1 key in {HOME}/.ssh/authorized_keys2 log in as deploy no more",
        "- root logs in no more by its 1 key",
        "base: ubuntu can log in (1 key) and has sudo",
        "base: /etc/ssh/sshd_config:10: for Match LocalAddress 192.0.2.1 Address 192.0.2.0/24 "
        "it is permitrootlogin yes",
        "base: /etc/ssh/sshd_config:16: for Match Group staffers it is passwordauthentication yes",
        "base: /etc/ssh/more/forwarding.conf:1: for Match Group staffers "
        "it is allowtcpforwarding yes",
    ):
        assert line in lines, plan


def test_removed_keys_are_refused_and_others_stay(planted: Planted, plan: str) -> None:
    assert not planted.lets_in("deploy")
    assert not planted.lets_in("root")
    assert planted.lets_in("ubuntu")


def test_only_the_wanted_port_listens(planted: Planted, plan: str) -> None:
    listening = planted.fleet.on("north", "ss -Hltn | awk '{ print $4 }'")
    assert ":22\n" in listening
    assert ":2200" not in listening
    assert "Port" not in planted.fleet.on("north", "grep -h '^Port' /etc/ssh/sshd_config || true")


def test_our_settings_hold_for_the_operator_whatever_match_blocks_say(
    planted: Planted, plan: str
) -> None:
    asked = "user=deploy,host=h,addr=192.0.2.7,laddr=192.0.2.1,lport=2022,rdomain=blue"
    effective = planted.fleet.on("north", f"sshd -T -C {asked}").splitlines()
    for line in ("passwordauthentication no", "permitrootlogin no", "allowtcpforwarding no"):
        assert line in effective
    assert "authenticationmethods publickey" in effective
    assert "authorizedkeysfile .ssh/authorized_keys" in effective


def test_home_and_group_are_the_hosts(planted: Planted, plan: str) -> None:
    stat = planted.fleet.on("north", f"stat -c '%U %G %a' {HOME}/.ssh/authorized_keys")
    assert stat == "deploy staffers 600\n"
    assert planted.fleet.console("north", "ls -d /home/deploy || true") == ""


def test_a_second_run_changes_nothing(planted: Planted, plan: str) -> None:
    again = planted.fleet.deploy("north", more=("--role", "base"))
    [planned] = again.events("planned")
    assert planned["plan"]["changes"] == [], json.dumps(planned["plan"]["changes"], indent=1)
