"""Names and labels of a lab."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.lab.names import Naming, checked_word, host_names


def test_a_number_gives_the_compass_and_then_numbers() -> None:
    assert host_names(6) == ["north", "east", "south", "west", "host-5", "host-6"]
    assert host_names(0) == []


@pytest.mark.parametrize("count", [-1, 181])
def test_a_number_that_does_not_fit_is_refused(count: int) -> None:
    with pytest.raises(BunkerError, match="do not fit"):
        host_names(count)


def test_given_names_are_checked() -> None:
    assert host_names(["alpha", "beta-2"]) == ["alpha", "beta-2"]
    with pytest.raises(BunkerError, match="given twice: alpha"):
        host_names(["alpha", "beta", "alpha"])
    for word in ("", "North", "-x", "x-", "a b", "../up", "9lives", "x" * 33):
        with pytest.raises(BunkerError, match="not usable"):
            checked_word(word, "host name")


def test_labs_of_two_checkouts_share_nothing(tmp_path: Path) -> None:
    one, two = (Naming.of(tmp_path / name, "lab") for name in ("one", "two"))
    assert one.prefix != two.prefix
    assert one.filters["label"] == ["bunker.lab=lab", f"bunker.lab.root={one.root_hash}"]
    assert one.root_hash != two.root_hash
    assert one.docker_volume("north") != two.docker_volume("north")


def test_every_label_carries_lab_and_root(tmp_path: Path) -> None:
    naming = Naming.of(tmp_path, "trial")
    assert naming.labels(host="north") == {
        "bunker.lab": "trial",
        "bunker.lab.root": naming.root_hash,
        "bunker.lab.host": "north",
    }
    assert Naming.of(tmp_path / "." / "x" / "..", "trial") == naming
