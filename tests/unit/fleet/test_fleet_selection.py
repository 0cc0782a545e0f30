"""Choosing hosts: never nothing, never by mistake."""

from __future__ import annotations

import pytest

from bunker.errors import BunkerError, Problems


@pytest.fixture
def fleet(repository):
    repository.host("north-1", "groups: [changemaker, canary]\ntags: [eu, big]\n", number=1)
    repository.host("north-2", "groups: [changemaker]\ntags: [eu]\n", number=2)
    repository.host("central", "groups: [central]\nroles: {changemaker: true}\n", number=3)
    return repository.load()


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({"hosts": ["north-2"]}, ["north-2"]),
        ({"hosts": ["north-*"]}, ["north-1", "north-2"]),
        ({"groups": ["canary"]}, ["north-1"]),
        ({"groups": ["central", "canary"]}, ["central", "north-1"]),
        ({"groups": ["canary"], "hosts": ["central", "north-1"]}, ["central", "north-1"]),
        ({"groups": ["all"]}, ["central", "north-1", "north-2"]),
        ({"groups": ["production"]}, ["central", "north-1", "north-2"]),
        ({"tags": ["eu"]}, ["north-1", "north-2"]),
        ({"tags": ["eu", "big"]}, ["north-1"]),
        ({"groups": ["changemaker"], "tags": ["big"]}, ["north-1"]),
    ],
)
def test_what_is_chosen(fleet, choice, names):
    assert [host.name for host in fleet.select(**choice)] == names


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({}, "no host was chosen; expected a host, a group or a tag"),
        ({"hosts": ["nroth-1"]}, "no host 'nroth-1' in the fleet production. Perhaps north-1"),
        ({"hosts": ["canary"]}, "canary is a group: choose it with --group canary"),
        ({"groups": ["canaries"]}, "no group 'canaries' in the fleet production. Perhaps canary"),
        ({"groups": ["central-1"]}, "Perhaps central was meant"),
        ({"groups": ["north-1"]}, "north-1 is a host: choose it with --host north-1"),
        ({"tags": ["bgi"]}, "no host of the fleet production has the tag 'bgi'. Perhaps big"),
        ({"tags": ["zzz"]}, "Known: big, eu"),
        (
            {"tags": ["docker"]},
            "--tag selects hosts by tag; to limit a deploy to a role use --role docker",
        ),
        ({"groups": ["central"], "tags": ["eu"]}, "no host among central has all of the tags eu"),
    ],
)
def test_nothing_chosen_is_an_error_with_near_misses(fleet, choice, sentence):
    with pytest.raises(BunkerError) as caught:
        fleet.select(**choice)
    assert sentence in str(caught.value)


def test_one_wrong_name_among_good_ones_stops_the_choice(fleet):
    with pytest.raises(BunkerError, match="nroth-1"):
        fleet.select(hosts=["north-2", "nroth-1"])


def test_all_wrong_names_are_listed_at_once(fleet):
    with pytest.raises(Problems) as caught:
        fleet.select(hosts=["x"], groups=["y"], tags=["z"])
    assert len(caught.value.problems) == 3


def test_an_empty_fleet_says_how_to_begin(repository):
    with pytest.raises(BunkerError, match=r"has no hosts yet. Add the first with `invoke"):
        repository.load().select(groups=["all"])
