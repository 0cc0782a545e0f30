"""An instance on a server that others have used before: one host, upgraded with all of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sample.build import build_repository
from tests.lab.fleet_under_test import FleetUnderTest

pytestmark = pytest.mark.lab

CLONED_WITH_SUDO = """
cd /opt/changemaker-lite
git() { runuser -u deploy -- git "$@"; }
git fetch -q --depth=1 "file://$PWD" HEAD 2>/dev/null || true
git rev-parse HEAD > .git/shallow
touch .git/index.lock
chown root:root . $(git ls-files | xargs -n 1 dirname | sort -u) $(git ls-files)
chown -R root:root .git
"""
LEFT_OVER = """
cat >> /etc/environment <<END
SMTP_HOST=left-over
COMPOSE_PROJECT_NAME=left-over
DOCKER_HOST=tcp://192.0.2.1:2375
END
sed -i '1i session required pam_env.so readenv=1 user_readenv=0' /etc/pam.d/sudo
mkdir -p /root/.docker/contexts/meta/left-over
echo '{"currentContext": "left-over"}' > /root/.docker/config.json
"""
SMALL_STATE = """
mount -t tmpfs -o size=8m tmpfs /mnt
tar -C /var/lib/bunker --exclude='./apps/*/snapshots' --exclude=./stage -c . | tar -C /mnt -x
mount --bind /mnt /var/lib/bunker
"""


@pytest.fixture(scope="module")
def host(deployed: FleetUnderTest) -> FleetUnderTest:
    """The host north, deployed."""
    deployed.pristine("north")
    return deployed


def planned(fleet: FleetUnderTest, *words: str) -> list[str]:
    """What a change would do, without doing it; a line a change, or the refusals."""
    ran = fleet.invoke(*words, "--host", "north", "--dry", "--json", expect=None)
    plans = ran.events("planned")
    lines = [change["summary"] for plan in plans for change in plan["plan"]["changes"]]
    return [*lines, *(event["message"] for event in ran.events("failed"))]


def test_a_checkout_of_roots_is_taken_over_and_nothing_left_over_reaches_a_container(
    host: FleetUnderTest,
) -> None:
    host.console("north", CLONED_WITH_SUDO + LEFT_OVER)
    assert "left-over" in host.on("north", "env")
    assert "/opt/changemaker-lite belongs to root; given to deploy" in planned(
        host, "upgrade", "--ref", "v2.1.0"
    )
    host.invoke("upgrade", "--ref", "v2.1.0", "--host", "north", "--yes")
    container = "docker -H unix:///var/run/docker.sock exec changemaker-lite-api-1"
    assert host.console("north", f"{container} printenv SMTP_HOST") != "left-over\n"
    back = host.invoke("rollback", "--host", "north", "--to", "1", "--yes", "--json")
    assert [event["outcome"] for event in back.events("host")] == ["changed"]
    assert host.console("north", f"{container} printenv SMTP_HOST") != "left-over\n"
    (status,) = json.loads(host.invoke("status", "--host", "north", "--json").stdout)["hosts"]
    assert status["state"] == "healthy", status


ONE_SHOTS = """
  assets:
    image: nginx:alpine
    restart: "no"
    entrypoint: ["sh", "-c", "sleep 1; echo laying out assets; exit END"]
  first:
    image: nginx:alpine
    entrypoint: ["sh", "-c", "exit 0"]
  second:
    image: nginx:alpine
    restart: unless-stopped
    entrypoint: ["sh", "-c", "exec sleep 3600"]
    depends_on:
      first:
        condition: service_completed_successfully

volumes:"""


@pytest.fixture
def one_shots(host: FleetUnderTest, tmp_path: Path) -> Iterator[FleetUnderTest]:
    """The git server has versions with services that do something and end, well and not."""
    bare, work = tmp_path / "bare", tmp_path / "work"
    build_repository(bare)

    def git(*words: str) -> None:
        identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(["git", "-C", str(work), *identity, *words], check=True)

    subprocess.run(["git", "clone", "-q", "-b", "v2", str(bare), str(work)], check=True)
    compose = work / "docker-compose.yml"
    text = compose.read_text()
    for tag, end in (("ends-well", "0"), ("ends-badly", "3")):
        compose.write_text(text.replace("\nvolumes:", ONE_SHOTS.replace("END", end)))
        git("commit", "-q", "-a", "-m", tag)
        git("push", "-q", "origin", f"HEAD:refs/tags/{tag}")
    host.lab.git.publish(bare)
    yield host
    # What the file says, which is older than these versions.
    host.deploy("north", more=("--allow-downgrade",))
    build_repository(tmp_path / "original")
    host.lab.git.publish(tmp_path / "original")


def test_a_service_that_does_something_and_ends_is_done_and_one_that_fails_is_rolled_back(
    one_shots: FleetUnderTest,
) -> None:
    one_shots.invoke("upgrade", "--ref", "ends-well", "--no-pin", "--host", "north", "--yes")
    (status,) = json.loads(one_shots.invoke("status", "--host", "north", "--json").stdout)["hosts"]
    assert status["state"] == "healthy", status
    assert {"assets", "first"} == {c["service"] for c in status["containers"] if c["done"]}
    assert planned(one_shots, "upgrade", "--ref", "ends-well") == []
    bad = one_shots.invoke(
        *("upgrade", "--ref", "ends-badly", "--no-pin", "--host", "north", "--yes"), expect=4
    )
    assert "laying out assets" in bad.text
    assert "changemaker-lite-assets-1 ended with 3" in bad.text
    (status,) = json.loads(one_shots.invoke("status", "--host", "north", "--json").stdout)["hosts"]
    assert status["state"] == "healthy", status


def test_a_lost_database_stops_everything_until_a_new_one_is_asked_for(
    host: FleetUnderTest,
) -> None:
    volume, container = "changemaker-lite_postgres-data", "changemaker-lite-v2-postgres-1"
    docker = "docker -H unix:///var/run/docker.sock"
    snapshot = host.console("north", "ls -1t /var/lib/bunker/apps/changemaker/snapshots").split()[0]
    host.console("north", f"{docker} rm -f {container}; {docker} volume rm {volume}")
    (refusal,) = planned(host, "deploy")
    assert "ran on is gone: no volume of the Compose project changemaker-lite" in refusal
    assert snapshot.removesuffix(".dump") in refusal
    assert host.console("north", f"{docker} volume ls -q -f name={volume}") == ""
    mark = "/var/lib/bunker/apps/changemaker/state/new-database"
    host.console("north", f"echo {snapshot.removesuffix('.dump')} > {mark}")
    host.deploy("north")
    query = "select count(*) from users"
    psql = (
        f"{docker} exec {container} sh -c 'psql -U $POSTGRES_USER -d $POSTGRES_DB -tAc \"{query}\"'"
    )
    assert host.console("north", psql).strip() == "1"
    assert host.console("north", f"ls {mark} 2>/dev/null || true") == ""


def test_a_host_that_is_nearly_full_is_not_touched(host: FleetUnderTest) -> None:
    host.console("north", SMALL_STATE)
    (refusal,) = planned(host, "upgrade", "--ref", "v2.1.0")
    assert "there is no room on /var/lib/bunker" in refusal
    assert "sudo docker image prune" in refusal
    host.console("north", "umount /var/lib/bunker /mnt")


def test_a_restart_of_the_host_during_an_upgrade_is_told_as_one(host: FleetUnderTest) -> None:
    upgrade = host.start("upgrade", "--ref", "v2.1.0", "--host", "north", "--yes")
    assert upgrade.stderr is not None
    for line in upgrade.stderr:
        if "changemaker: switch files: ok" in line:
            host.lab.engine().restart(host.lab.naming.container("north"), timeout=0)
            break
    stdout, stderr = upgrade.communicate(timeout=400)
    text = stdout + stderr
    assert upgrade.returncode == 4, text
    assert "north was rolled back: the host restarted at " in text
    assert "it is back on " in text
    assert text.count("  try: ") == 1
    (again,) = [line for line in text.splitlines() if "  try: " in line]
    assert "invoke upgrade " in again, again
    assert "--ref v2.1.0" in again, again


def test_what_a_setting_means_for_the_firewall_is_said_with_its_command(
    host: FleetUnderTest,
) -> None:
    data = host.original("north")
    data["environment"] = {**data.get("environment", {}), "SMTP_PORT": "2526"}
    host.configure("north", data)
    ran = host.invoke("configure", "--host", "north", "--dry")
    assert "does not let containers reach tcp 2526 yet (SMTP as the environment says)" in " ".join(
        ran.text.split()
    )
    assert "invoke deploy --fleet lab --host north --role base" in " ".join(ran.text.split())
