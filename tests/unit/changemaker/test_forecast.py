"""Which services a change makes anew, read from what Compose and the engine say of the host."""

from __future__ import annotations

import pytest

from bunker.answers import UnreadableAnswer, sections
from deploys.changemaker.deploy import CHANGEMAKER
from deploys.stack.forecast import Forecast, read_forecast

SAME = {"api": "a1", "admin": "d1", "media-api": "m1", "redis": "r1", "sidecar": "s1"}
CONTAINERS = (
    "api|a1|redis:service_healthy:true,v2-postgres:service_healthy:false|private ",
    "media-api|m1|redis:service_healthy:false|private ",
    "admin|d1||private ",
    "redis|r1||private ",
    "sidecar|x7|media-api:service_started:true|container:77 private ",
    "front|f1|admin:service_started:false|private ",
)


def forecast(*told: str, containers: tuple[str, ...] = CONTAINERS, **after: str | None) -> Forecast:
    """Of an instance in which ``after`` are the hashes that differ; None for a service less."""
    before = SAME | {"front": "f1"}
    new = {**before, **{name.replace("_", "-"): value for name, value in after.items()}}
    rows = ["@@bunker before", *(f"{name} {value}" for name, value in before.items())]
    rows += ["@@bunker containers", *containers, "@@bunker after"]
    rows += [f"{name} {value}" for name, value in new.items() if value]
    rows += ["@@bunker project", *(f"known {name}" for name in new), *told, "@@bunker end"]
    return read_forecast(sections(rows), CHANGEMAKER.services, CHANGEMAKER.data)


def test_nothing_changed_makes_nothing_anew() -> None:
    assert forecast() == Forecast()


def test_a_service_with_another_hash_is_made_anew() -> None:
    assert forecast(api="a2") == Forecast(recreated=("api",))


def test_a_container_that_is_not_of_the_present_files_counts_as_well() -> None:
    older = ("admin|d0||private ", "api|a1||private ")
    assert forecast(containers=older).recreated == ("admin",)


def test_one_of_several_containers_of_a_service_is_enough() -> None:
    assert forecast(containers=("api|a1||private ", "api|a0||private ")).recreated == ("api",)


def test_what_depends_on_a_service_follows_it_but_the_data_services_come_before() -> None:
    assert forecast(admin="d2").recreated == ("admin", "front")
    assert forecast(redis="r2").recreated == ("redis", "api"), "by restart: true, and no other"


def test_what_shares_the_namespace_of_another_has_its_id_in_its_hash_and_follows_it() -> None:
    assert forecast(media_api="m2").recreated == ("media-api", "sidecar")
    assert forecast(sidecar="s2").recreated == ("sidecar",)


def test_the_order_is_the_applications() -> None:
    assert forecast(media_api="m2", admin="d2", redis="r2").recreated == (
        *("redis", "api", "admin", "media-api", "front", "sidecar"),
    )


def test_what_a_build_reads_is_built_and_made_anew() -> None:
    assert forecast("builds api") == Forecast(recreated=("api",), builds=True)


def test_a_network_or_volume_that_is_defined_in_another_way_counts() -> None:
    assert forecast("uses admin") == Forecast(recreated=("admin", "front"))
    assert forecast("uses newt") == Forecast(), "a service that does not run"


def test_new_services_and_those_that_are_gone_are_told_apart_from_those_that_are_off() -> None:
    assert forecast(newt="n1").created == ("newt",)
    assert forecast(front=None) == Forecast(), "known still: Compose leaves it alone"
    gone = (*CONTAINERS, "n8n|n1|api:service_started:false|private ")
    assert forecast(containers=gone, api="a2") == Forecast(recreated=("api",), removed=("n8n",))


def test_files_that_compose_refuses_leave_open_what_restarts_and_what_has_to_be_built() -> None:
    rows = ["@@bunker before", "@@bunker refused", "service api has no image", "", "@@bunker end"]
    assert read_forecast(sections(rows), CHANGEMAKER.services, CHANGEMAKER.data) == Forecast(
        builds=True, unknown=True, refused="service api has no image"
    )


def test_a_container_told_in_another_form_is_refused() -> None:
    with pytest.raises(UnreadableAnswer, match="in another form"):
        forecast(containers=("api|a1",))
