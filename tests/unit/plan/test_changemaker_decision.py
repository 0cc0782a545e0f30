"""What an instance's state calls for, without any host."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.application.containers import Container as Running
from deploys.stack.decision import Decision, Files, decide, ref_of
from deploys.stack.forecast import Forecast

COMMIT = "a" * 40
OTHER = "b" * 40
SAME = Files(differing=(), diff=(), applied=True)


def Container(service: str, state: str = "running", health: str = "healthy") -> Running:  # noqa: N802
    return Running(service, state, health)


@dataclass(frozen=True)
class State:
    head: str = COMMIT
    edited: tuple[str, ...] = ()
    services: tuple[str, ...] = ("api", "nginx", "redis", "v2-postgres")
    containers: tuple[Running, ...] = (
        Container("api"),
        Container("nginx"),
        Container("redis"),
        Container("v2-postgres"),
    )
    migrated_commit: str = COMMIT
    seed_pending: bool = False
    built_commit: str = COMMIT

    @property
    def missing(self) -> tuple[str, ...]:
        fine = {container.service for container in self.containers if container.fine}
        return tuple(service for service in self.services if service not in fine)


BARE = State(head="", services=(), containers=(), migrated_commit="", built_commit="")


def summaries(decision: Decision) -> str:
    return "; ".join(change.summary for change in decision.changes)


def test_an_instance_that_runs_what_it_should_needs_nothing() -> None:
    decision = decide(COMMIT, "v2", State(), SAME)
    assert not decision.needed
    assert not decision.switch
    assert not decision.migrate


def test_a_bare_host_gets_everything() -> None:
    files = Files(differing=("/opt/changemaker-lite/.env",), diff=("+ x",), applied=False)
    decision = decide(COMMIT, "v2", BARE, files)
    assert {change.symbol for change in decision.changes} == {"+", "~"}
    assert "all services" in summaries(decision)
    assert decision.switch
    assert decision.migrate


def test_a_new_commit_migrates_and_names_what_it_may_rebuild() -> None:
    decision = decide(OTHER, "v2", State(), SAME, rebuilt=("api", "admin"))
    assert "aaaaaaaaaaaa → bbbbbbbbbbbb (v2)" in summaries(decision)
    assert decision.migrate
    assert decision.changes[0].restarts == ("api",)


def test_changed_environment_names_the_services_that_read_it_and_leaves_the_database() -> None:
    files = Files((".env",), ("~ ENABLE_SMS",), applied=False, forecast=Forecast(("api",)))
    decision = decide(COMMIT, "v2", State(), files)
    assert decision.switch
    assert not decision.migrate
    assert [change.restarts for change in decision.changes] == [("api",)]


@pytest.mark.promise("Words and colours fit what happened")
def test_a_stopped_container_is_brought_up_without_laying_out_files_again() -> None:
    stopped = State(containers=(Container("api", "exited", "none"), *State().containers[1:]))
    decision = decide(COMMIT, "v2", stopped, SAME)
    assert summaries(decision) == "api ended with 0; brought up"
    assert not decision.switch


def test_an_unhealthy_container_counts_as_missing() -> None:
    sick = State(containers=(Container("api", "running", "unhealthy"), *State().containers[1:]))
    assert "api is unhealthy" in summaries(decide(COMMIT, "v2", sick, SAME))


def test_files_edited_by_hand_are_seen_and_switched_back() -> None:
    decision = decide(COMMIT, "v2", State(edited=(" M docker-compose.yml",)), SAME)
    assert "edited by hand" in summaries(decision)
    assert decision.changes[0].lines == ("M docker-compose.yml",)
    assert decision.switch


def test_an_interrupted_deployment_is_finished_even_where_everything_runs() -> None:
    unrecorded = Files(differing=(), diff=(), applied=False)
    decision = decide(COMMIT, "v2", State(), unrecorded)
    assert decision.needed
    assert not decision.switch


def test_an_interrupted_migration_is_asked_for_again() -> None:
    decision = decide(COMMIT, "v2", State(migrated_commit=OTHER), SAME)
    assert decision.migrate
    assert decision.needed


def test_a_pending_seed_is_not_forgotten() -> None:
    assert "seed" in summaries(decide(COMMIT, "v2", State(seed_pending=True), SAME))


@given(
    head=st.sampled_from(["", COMMIT, OTHER]),
    migrated=st.sampled_from(["", COMMIT, OTHER]),
    applied=st.booleans(),
    pending=st.booleans(),
    state=st.sampled_from(["running", "exited", "restarting"]),
)
def test_nothing_to_do_means_that_every_part_is_as_it_should_be(
    head: str, migrated: str, applied: bool, pending: bool, state: str
) -> None:
    containers = (Container("api", state), *State().containers[1:]) if head else ()
    instance = State(head, (), State().services, containers, migrated, pending)
    decision = decide(COMMIT, "v2", instance, Files((), (), applied))
    whole = head == migrated == COMMIT and applied and not pending and state == "running"
    assert decision.needed is not whole


def test_images_are_built_for_new_code_or_changed_build_settings_only() -> None:
    setting = Files((".env",), (), applied=False)
    assert not decide(COMMIT, "v2", State(), setting).build
    assert decide(OTHER, "v2", State(), SAME).build
    assert decide(COMMIT, "v2", State(edited=(" M api/x.py",)), SAME).build
    assert decide(COMMIT, "v2", State(), Files((".env",), (), False, Forecast(builds=True))).build


def test_images_of_a_deploy_that_was_stopped_after_its_build_never_start_by_accident() -> None:
    decision = decide(COMMIT, "v2", State(built_commit=OTHER), SAME)
    assert "images of another commit" in summaries(decision)
    assert decision.switch
    assert decision.build
    assert not decision.migrate


def test_settings_alone_keep_the_name_of_the_version_that_runs() -> None:
    upgraded = {"commit": COMMIT, "ref": "v2.1.0"}
    assert ref_of(COMMIT, "v2.0.0", upgraded, keeps_code=True) == "v2.1.0"
    assert ref_of(COMMIT, "v2", upgraded, keeps_code=False) == "v2"
    assert ref_of(COMMIT, "v2", {"commit": OTHER, "ref": "v1"}, keeps_code=True) == "v2"
    assert ref_of(COMMIT, "v2", None, keeps_code=True) == "v2"
