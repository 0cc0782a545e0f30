"""Who holds a host, as status reads it from the host's answer."""

from __future__ import annotations

import base64
import json

import pytest

from bunker.lease.holder import LeaseHolder, read_lease

LEASE = {"owner": "anna@desk", "run": "r1", "purpose": "rollout", "acquired": 820, "expires": 1015}


def encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def test_a_lease_is_read_with_its_times_by_the_hosts_clock():
    assert read_lease("north", ["1000", encoded(LEASE)]) == LeaseHolder(
        "north", "anna@desk", "r1", "rollout", held_seconds=180, expires_in=15
    )


def test_a_long_answer_comes_in_several_lines():
    text = encoded(LEASE)
    assert read_lease("north", ["1000", text[:76], text[76:]])


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["1000"],
        ["1016", encoded(LEASE)],
        ["noon", encoded(LEASE)],
        ["1000", "?"],
        ["1000", encoded({"run": "r1"})],
        ["1000", encoded([])],
        ["1000", encoded(LEASE | {"expires": float("inf")})],
        ["1000", encoded(LEASE | {"expires": 10**30})],
        ["1000", base64.b64encode(b"[" * 5000).decode()],
    ],
)
def test_an_expired_or_unreadable_lease_holds_nobody(lines):
    assert read_lease("north", lines) is None


def test_who_holds_a_host_is_told_in_one_sentence():
    holder = LeaseHolder("", "anna@desk", "r1", "rollout", held_seconds=60, expires_in=0)
    told = holder.sentence()
    assert told.startswith("held by anna@desk for run r1 (rollout) since 60 seconds, ")
    assert told.endswith("within 1 s unless renewed")
