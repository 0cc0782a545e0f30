"""A fault in one host's files stops that host; the others can be looked at, and rolled back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunker.errors import BunkerError, Problems
from bunker.fleet import Fleet

SETTINGS = "group_data/slow.py"


def left_out(repository) -> dict[str, str]:
    fleet = repository.load(partial=True)
    return {name: str(found[0]) for name, found in fleet.broken.items()}


@pytest.fixture
def two(repository):
    """North is right, and stays so; a test breaks south."""
    repository.host("north", number=1)
    repository.south = repository.host("south", number=2)
    return repository


def breaks_yaml(two) -> None:
    two.south.write_text("host: south\n  address: [\n")


def breaks_a_value(two) -> None:
    two.host("south", "port: many\n", number=2)


def takes_away_the_file(two) -> None:
    two.south.unlink()
    two.south.mkdir()


def names_it_wrongly(two) -> None:
    two.south.rename(two.south.with_suffix(".yaml"))


def takes_away_the_secrets(two) -> None:
    (two.folder / "south.sops.yml").unlink()


def breaks_its_group(two) -> None:
    two.host("south", "groups: [changemaker, slow]\n", number=2)
    two.write("group_data/slow.py", "resources = {\n")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (breaks_yaml, "south.yml:2"),
        (breaks_a_value, "south.yml:4: port is 'many'"),
        (takes_away_the_file, "south.yml"),
        (names_it_wrongly, "host files end in .yml. Rename it to south.yml."),
        (takes_away_the_secrets, "south.sops.yml: the secrets file is missing"),
        (breaks_its_group, "group_data/slow.py:1: this is not valid Python"),
    ],
)
@pytest.mark.promise("A fault in the file of one host stops that host alone")
def test_a_broken_file_stops_its_own_host_and_names_it(two, damage, sentence) -> None:
    damage(two)
    fleet = two.load(partial=True)
    assert list(fleet.hosts) == ["north"]
    assert list(fleet.broken) == ["south"]
    assert sentence in str(fleet.broken["south"][0])
    (warning,) = fleet.warnings
    assert warning.startswith("south is left out: ")
    with pytest.raises(Problems):
        two.load()


def test_what_two_hosts_have_both_stops_both_because_either_may_be_wrong(two) -> None:
    two.host("east", number=3)
    two.host("south", number=1)
    assert set(left_out(two)) == {"north", "south"}
    assert "address 203.0.113.1 port 22 belongs to" in left_out(two)["north"]


def test_a_copy_that_still_says_whose_it_is_stops_itself_alone(two) -> None:
    north = two.folder / "north.yml"
    (two.folder / "copy.yml").write_text(north.read_text())
    fleet = two.load(partial=True)
    assert list(fleet.hosts) == ["north", "south"]
    assert "host is 'north': the file of another host" in str(fleet.broken["copy"][0])


def test_the_group_file_of_no_host_stops_nothing(two) -> None:
    two.write("group_data/slow.py", "resources = {\n")
    fleet = two.load(partial=True)
    assert list(fleet.hosts) == ["north", "south"]
    assert [str(one) for one in fleet.faults] == fleet.warnings
    assert "slow.py:1" in fleet.warnings[0]


def broken_fleet(two) -> Fleet:
    breaks_a_value(two)
    return two.load(partial=True)


def test_a_broken_host_that_is_asked_for_by_name_is_refused_with_its_fault(two) -> None:
    fleet = broken_fleet(two)
    for choose in (lambda: fleet.host("south"), lambda: fleet.select(hosts=["north", "south"])):
        with pytest.raises(BunkerError, match=r"south.yml:4: port is 'many'"):
            choose()


@pytest.mark.parametrize("chosen", [{"groups": ["changemaker"]}, {"hosts": ["*th"]}])
def test_a_group_or_pattern_has_the_hosts_that_are_right(two, chosen) -> None:
    assert [host.name for host in broken_fleet(two).select(**chosen)] == ["north"]


@pytest.mark.parametrize("damage", ["address: [\n", "port: many\n"])
@pytest.mark.promise("A fault in the file of one host stops that host alone")
def test_a_group_whose_files_all_have_faults_is_refused_with_them_and_is_no_unknown_group(
    two, damage
) -> None:
    two.south.write_text(f"host: south\ngroups: [eu]\n{damage}")
    with pytest.raises(Problems) as refused:
        two.load(partial=True).select(groups=["eu"])
    text = str(refused.value)
    assert text.startswith("every host of the group eu has a file with faults: south (")
    assert "inventories/production/south.yml:" in text
    assert "no group" not in text


def test_a_group_of_a_host_whose_secrets_cannot_be_read_is_known(two) -> None:
    two.host("south", "groups: [changemaker, eu]\n", number=2)
    fleet = two.load(partial=True).without({"south": BunkerError("south: no key fits")})
    with pytest.raises(Problems, match=r"every host of the group eu .*: south"):
        fleet.select(groups=["eu"])


def test_a_misspelt_name_may_have_been_that_of_a_broken_host(two) -> None:
    with pytest.raises(BunkerError, match="Perhaps south or north was meant"):
        broken_fleet(two).select(hosts=["suoth"])


def test_more_than_named_hosts_needs_every_file(two) -> None:
    with pytest.raises(Problems, match=r"Correct them.*\n.*south.yml:4"):
        broken_fleet(two).require_all("Correct them")
    two.host("south", number=2)
    two.load(partial=True).require_all("Correct them")


def test_a_fleet_without_a_fault_has_no_warning(two) -> None:
    assert two.load(partial=True).warnings == []
    assert two.load(partial=True) == two.load()
    assert isinstance(two.folder, Path)
