"""An upgrade that goes wrong is rolled back: by the host itself, by a worker, and never blindly."""

from __future__ import annotations

import json

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.host_state import APP
from tests.lab.killing import disarmed
from tests.lab.role_runs import ROLLBACK, RoleRun, run_role

pytestmark = pytest.mark.lab

DEADMAN_SECONDS = 20


@pytest.fixture(scope="module")
def host(deployed: FleetUnderTest) -> FleetUnderTest:
    """A deployed host whose upgrades may stand alone for a short time only."""
    deployed.pristine("north")
    data = deployed.original("north")
    data["application"]["deadman_seconds"] = DEADMAN_SECONDS
    deployed.configure("north", data)
    return deployed


def version(fleet: FleetUnderTest) -> str:
    """What the API says it is."""
    body = fleet.on(
        "north", "curl -s --retry 30 --retry-delay 1 --retry-all-errors http://127.0.0.1/api/health"
    )
    return str(json.loads(body)["version"])


def sql(fleet: FleetUnderTest, statement: str) -> str:
    """The answer of the instance's database."""
    inner = (
        f'PGPASSWORD=$POSTGRES_PASSWORD psql -U $POSTGRES_USER -d $POSTGRES_DB -tAc "{statement}"'
    )
    container = "$(docker ps -qf label=com.docker.compose.service=v2-postgres)"
    return fleet.on("north", f"docker exec {container} sh -c '{inner}'").strip()


def newest(fleet: FleetUnderTest) -> dict[str, object]:
    """The generation that was recorded last."""
    text = fleet.on("north", f"cat $(ls {APP}/generations/*.json | tail -n 1)")
    return dict(json.loads(text))


def go_back(fleet: FleetUnderTest, *, of_run: str = "", to: str = "", restore: str = "") -> RoleRun:
    """The rollback by a worker."""
    data = {"bunker_to": to, "bunker_restore": restore, "bunker_of_run": of_run}
    return run_role(fleet, ROLLBACK, data=data, run=of_run)


def assert_as_before(fleet: FleetUnderTest, *, undone: str) -> None:
    """The first version serves, says so, and a deploy has nothing to do."""
    assert version(fleet) == "2.0.0"
    assert newest(fleet)["rollback_of"] == undone
    fleet.settled("north")
    left = fleet.on(
        "north",
        f"ls -d {APP}/upgrade /etc/systemd/system/bunker-deadman* 2>/dev/null;"
        " systemctl --failed --no-legend; docker ps -aqf label=com.docker.compose.oneoff=True",
        check=False,
    )
    assert left == ""
    assert run_role(fleet).plan["changes"] == []
    (status,) = json.loads(fleet.invoke("status", "--host", "north", "--json").stdout)["hosts"]
    assert status["state"] == "healthy"


@pytest.mark.promise("If the control machine dies in the middle")
def test_the_host_rolls_an_upgrade_back_whose_worker_was_killed(host: FleetUnderTest) -> None:
    killed = run_role(host, ref="v2.1.0", kill_at="changemaker: bring up services")
    assert killed.outcome == "killed"
    disarmed(host, "north")
    assert_as_before(host, undone=killed.run)


@pytest.mark.promise("Where a migration makes a rollback unsafe")
@pytest.mark.promise("An upgrade whose migration is not safe for the older code")
def test_no_rollback_crosses_a_destructive_migration_unless_a_restore_is_asked_for(
    host: FleetUnderTest,
) -> None:
    column = "select string_agg(description, chr(10) order by id) from campaigns"
    descriptions = sql(host, column)
    assert descriptions
    good = newest(host)["number"]
    killed = run_role(host, ref="v2.2.0-destructive", kill_at="changemaker: seed where empty")
    disarmed(host, "north")
    halted = host.on("north", f"cat {APP}/upgrade/halted")
    assert "drops column campaigns.description" in halted
    refused = go_back(host, of_run=killed.run)
    assert "drops column campaigns.description" in refused.refusal
    assert f"invoke rollback --host north --to {good} --restore" in refused.refusal
    assert "invoke upgrade --host north --ref" in refused.refusal
    back = go_back(host, of_run=killed.run, to=str(good), restore="yes")
    assert back.outcome == "changed", back.output + back.refusal
    assert back.facts["code_alone"] is False
    assert back.facts["lost_since"]
    assert sql(host, column) == descriptions
    assert "_before_" in sql(host, "select string_agg(datname, chr(32)) from pg_database")
    assert_as_before(host, undone=killed.run)
