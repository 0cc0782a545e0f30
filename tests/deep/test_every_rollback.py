"""The other ways back: after a crash, a loss of power, a broken migration."""

from __future__ import annotations

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.role_runs import run_role
from tests.lab.test_rollback import (
    assert_as_before,
    disarmed,
    go_back,
    host,
    sql,
    version,
)

__all__ = ["host"]

pytestmark = pytest.mark.lab


def test_a_version_that_crashes_is_taken_back_by_the_worker(host: FleetUnderTest) -> None:
    failed = run_role(host, ref="v2.2.0-crash")
    assert failed.outcome == "failed"
    assert "template cache" in failed.output
    assert version(host) == "2.0.0", "the older one was never stopped"
    back = go_back(host, of_run=failed.run)
    assert back.outcome == "changed", back.output + back.refusal
    assert back.facts["code_alone"] is True
    assert back.facts["generation"] == 1
    assert_as_before(host, undone=failed.run)
    assert go_back(host, of_run=failed.run).plan["changes"] == [], "there is nothing left to undo"


def test_the_host_takes_an_upgrade_back_after_it_was_cut_off_from_power(
    host: FleetUnderTest,
) -> None:
    container = host.lab.naming.container("north")
    killed = run_role(
        host,
        ref="v2.1.0",
        kill_at="changemaker: seed where empty",
        when=lambda: host.lab.engine().kill(container),
    )
    assert killed.outcome == "killed"
    host.lab.up([])
    disarmed(host, "north")
    assert_as_before(host, undone=killed.run)


def test_after_a_broken_migration_old_code_serves_and_old_data_is_there(
    host: FleetUnderTest,
) -> None:
    users = sql(host, "select count(*) from users")
    failed = run_role(host, ref="v2.2.0-broken-migration")
    assert failed.outcome == "failed"
    assert "P3018" in failed.output
    back = go_back(host, of_run=failed.run)
    assert back.outcome == "changed", back.output + back.refusal
    (name,) = back.facts["failed_migrations"]
    assert f"migration {name} failed half-way" in back.output
    assert sql(host, "select count(*) from users") == users
    assert_as_before(host, undone=failed.run)
    # Later tests migrate again.
    sql(host, "update _prisma_migrations set rolled_back_at = now() where finished_at is null")
    sql(host, "alter table users drop column display_name")
