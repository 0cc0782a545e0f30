"""Where a host's domains lead: told where that is elsewhere or nowhere, and never waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection

import pytest

from bunker.fleet.models import Host
from bunker.plan.changes import FleetPlan, HostPlan
from bunker.workflows.domains import Lookups, domain_notes, look_up, tell_of_first_deploys

Answers = dict[str, Collection[str]]


def host(domain: str = "north.city.org.uk", address: str = "185.199.1.7") -> Host:
    application = {"repository": "git@git.example:x.git"}
    return Host(
        name="north",
        address=address,
        domain=domain,
        groups=("changemaker",),
        application=application,  # type: ignore[arg-type]
    )


def resolver(answers: Answers) -> Callable[[str], Collection[str]]:
    def resolve(name: str) -> Collection[str]:
        if name not in answers:
            raise OSError(f"asked about {name}")
        return answers[name]

    return resolve


def notes(found: Host, answers: Answers) -> tuple[str, ...]:
    return domain_notes(found, look_up([found], resolver(answers)))


def test_a_domain_that_leads_to_the_host_is_no_news() -> None:
    assert notes(host(), {"north.city.org.uk": {"185.199.1.7", "2001:db8::7"}}) == ()


def test_a_domain_that_leads_elsewhere_is_told_with_the_good_reason_that_there_may_be() -> None:
    assert notes(host(), {"north.city.org.uk": {"104.16.0.9"}}) == (
        "north.city.org.uk resolves to 104.16.0.9, not to 185.199.1.7: right where a tunnel or a"
        " proxy stands before the host, else correct its DNS record",
    )


def test_a_domain_that_does_not_resolve_is_told_with_the_record_that_it_needs() -> None:
    (note,) = notes(host(), {"north.city.org.uk": ()})
    assert note.startswith("north.city.org.uk does not resolve: give it a DNS record with 185.199")


def test_what_is_not_known_is_not_called_absent() -> None:
    (note,) = notes(host(), {})
    assert note.startswith("where north.city.org.uk leads is not known: this machine's name")


@pytest.mark.parametrize("address", ["10.8.0.7", "192.168.1.7", "fd00::7"])
def test_which_address_visitors_see_is_not_guessed_from_a_private_one(address: str) -> None:
    behind = host(address=address)
    assert notes(behind, {"north.city.org.uk": {"203.0.113.9"}}) == ()
    (note,) = notes(behind, {"north.city.org.uk": ()})
    assert "with the address that visitors reach the host by" in note
    assert address not in note


def test_an_address_that_is_a_name_is_looked_up_as_well() -> None:
    named = host(address="north.provider.net")
    answers: Answers = {"north.provider.net": {"104.16.0.7"}, "north.city.org.uk": {"104.16.0.7"}}
    assert notes(named, answers) == ()
    (note,) = notes(named, {**answers, "north.city.org.uk": {"104.16.0.9"}})
    assert "not to 104.16.0.7" in note


@pytest.mark.parametrize(
    "domain", ["north.lab.example", "x.test", "x.invalid", "a.localhost", "north.example.org"]
)
def test_names_that_belong_to_no_one_are_not_asked_about(domain: str) -> None:
    def refuse(name: str) -> Collection[str]:
        raise AssertionError(name)

    found = host(domain)
    assert domain_notes(found, look_up([found], refuse)) == ()


def test_a_name_service_that_is_silent_costs_no_more_than_its_time() -> None:
    def silent(_name: str) -> Collection[str]:
        time.sleep(30)
        return ()

    began, others = time.monotonic(), set(threading.enumerate())
    found = Lookups(["a", "b", "c"], silent, seconds=0.2)
    asking = set(threading.enumerate()) - others
    assert len(asking) == 3
    assert all(thread.daemon for thread in asking), "the end of the program waits for none"
    assert [found.of(name) for name in "abc"] == [None, None, None]
    assert time.monotonic() - began < 2


def test_the_plan_of_a_first_deploy_says_it_too_and_no_later_one() -> None:
    def plan(generation: object) -> HostPlan:
        facts = {"applications": {"changemaker": {"generation": generation}}}
        return HostPlan("north", (), "o", "w", facts, ("base: a note",))

    resolve = resolver({"north.city.org.uk": {"104.16.0.9"}})
    for made, amount in ((plan(None), 2), (plan({"number": 1}), 1)):
        found = FleetPlan(plans={"north": made})
        tell_of_first_deploys(found, [host()], resolve)
        assert len(found.plans["north"].notes) == amount
    unplanned = FleetPlan()
    tell_of_first_deploys(unplanned, [host()], resolve)
    assert unplanned.plans == {}
