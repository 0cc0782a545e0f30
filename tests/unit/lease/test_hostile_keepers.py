"""A keeper whose host is damaged, or talks nonsense: its own session is all that suffers."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bunker.lease.leases import HostLeases
from bunker.lease.session import KeeperSession
from tests.unit.lease.local_hosts import LocalHost
from tests.unit.lease.test_leases import until

VALUES = st.sampled_from(
    [None, True, -1, 10**400, float("nan"), float("inf"), "x", "\x1b[2J", "\ud800", [], {"a": 1}]
)
HELD = '{"lease": "held"}'
FIELDS = ("lease", "head", "owner", "run", "purpose", "held_seconds", "expires_in")


class Talks(LocalHost):
    """A host on which something else answers than the keeper."""

    says = "true"

    def command(self, script: str | Sequence[str] = (), *, tty: bool = False) -> list[str]:
        return ["sh", "-c", self.says]


@given(
    st.dictionaries(st.sampled_from(FIELDS), VALUES).map(lambda found: {"lease": "refused"} | found)
)
@settings(max_examples=30)
def test_whatever_a_refusal_says_it_can_be_told(found: dict[str, object]) -> None:
    session = KeeperSession(Talks(Path("/nonexistent")), "")
    session._heard(json.dumps(found).encode())
    session.close(5)
    if found["lease"] == "refused":
        assert session.state == "refused"
        assert session.holder
        session.holder.sentence()


@pytest.mark.parametrize("line", [b"[" * 100_000, b"[]", b"\xff", b'{"lease": [1]}', b"Welcome!"])
def test_a_line_that_is_no_answer_changes_nothing(line: bytes, tmp_path: Path) -> None:
    session = KeeperSession(Talks(tmp_path), "")
    session._heard(line)
    assert session.state == "asking"
    session.close(5)


def test_a_lease_whose_words_are_damaged_holds_all_the_same(tmp_path: Path) -> None:
    north = LocalHost(tmp_path)
    north.lease.parent.mkdir(parents=True)
    north.lease.write_text(f'{{\n"run": "r1",\n"expires": {int(time.time()) + 60}\n}}\n')
    with HostLeases([north], run="r2", purpose="x", owner="ben@desk", beat_seconds=30) as leases:
        told = leases.refused["north"].sentence()
    assert told.startswith("held by another operator for run unknown (unknown purpose)")


def test_a_line_without_an_end_takes_no_memory_and_the_next_is_heard(tmp_path: Path) -> None:
    north, said = Talks(tmp_path), tmp_path / "said"
    north.says = f"head -c 1000000 /dev/zero; : > {said}; read _; printf '\\n%s\\n' '{HELD}'"
    session = KeeperSession(north, "")
    until(lambda: session.receive() or said.exists())
    session.receive()
    assert len(session._rest) <= 1 << 16
    asked = session.confirmed
    session.send("try")
    until(lambda: session.receive() or session.confirmed > asked)
    session.close(5)


def test_a_host_that_never_stops_talking_does_not_keep_the_others_waiting(tmp_path: Path) -> None:
    session = KeeperSession(Talks(tmp_path), "")
    with Path("/dev/zero").open("rb") as endless:
        session._stdout.close()
        session._stdout = endless
        session.receive()
    assert session.state == "asking"
    session.close(5)
