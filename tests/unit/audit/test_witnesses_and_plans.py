"""Heads on hosts speak against a log that was cut; a plan has one hash wherever it is read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from bunker.audit import append, verify
from bunker.audit.chain import Head
from bunker.audit.files import AuditFiles
from bunker.audit.host_heads import compare
from bunker.host_keys import Unreachable
from bunker.plan.changes import Change, HostPlan
from bunker.plan.store import plan_hash
from bunker.remote import Completed

FLEET = "production"


def says(head: Head | str) -> Completed:
    text = head if isinstance(head, str) else head.to_text() + "\n"
    return Completed("north", 0, text, "")


def state(root: Path, answer: Completed | Unreachable) -> str:
    (witness,) = compare({"north": answer}, verify(root, FLEET))
    return witness.state


def test_a_host_that_knows_an_entry_of_the_log_agrees(tmp_path: Path) -> None:
    old = append(tmp_path, FLEET, "run.ended")
    append(tmp_path, FLEET, "run.started")
    assert state(tmp_path, says(old)) == "agrees"


def test_a_host_proves_a_log_that_was_cut_together_with_its_head_file(tmp_path: Path) -> None:
    append(tmp_path, FLEET, "run.started")
    files = AuditFiles.of(tmp_path, FLEET)
    earlier = files.log.read_bytes(), files.head.read_bytes()
    pushed = append(tmp_path, FLEET, "run.ended")
    files.log.write_bytes(earlier[0])
    files.head.write_bytes(earlier[1])
    assert verify(tmp_path, FLEET).ok
    assert state(tmp_path, says(pushed)) == "contradicts"


def test_a_host_proves_a_chain_that_was_written_anew_with_the_key(tmp_path: Path) -> None:
    pushed = append(tmp_path, FLEET, "secrets.read")
    files = AuditFiles.of(tmp_path, FLEET)
    files.log.unlink()
    files.head.unlink()
    append(tmp_path, FLEET, "run.started")
    assert verify(tmp_path, FLEET).ok
    assert state(tmp_path, says(pushed)) == "contradicts"


def test_a_host_that_cannot_be_compared_is_never_taken_for_agreement(tmp_path: Path) -> None:
    head = append(tmp_path, FLEET, "run.started")
    assert state(tmp_path, says(replace(head, chain="0" * 16))) == "unknown"
    assert state(tmp_path, says(replace(head, fleet="lab"))) == "unknown"
    assert state(tmp_path, says("garbage")) == "unknown"
    assert state(tmp_path, Completed("north", 1, "", "sudo: no")) == "unknown"
    assert state(tmp_path, Unreachable("no route", where="north")) == "unknown"
    assert state(tmp_path, says("")) == "none"


def plan(host: str, text: str = "x") -> HostPlan:
    change = Change("base", "/etc/motd", "~", text, ("-a", "+b"), ("ssh",))
    return HostPlan(host, (change,), "o1", "w1", {"commit": "abc", "sizes": (1, 2)})


def test_a_plans_hash_is_stable_over_order_and_saving() -> None:
    both = [plan("north"), plan("south")]
    read_back = [HostPlan.from_json(json.loads(json.dumps(one.to_json()))) for one in both]
    assert plan_hash(both) == plan_hash(reversed(both)) == plan_hash(read_back)
    assert len(plan_hash(both)) == 64


def test_a_plan_that_says_something_else_has_another_hash() -> None:
    hashes = {
        plan_hash([]),
        plan_hash([plan("north")]),
        plan_hash([plan("south")]),
        plan_hash([plan("north", "y")]),
        plan_hash([replace(plan("north"), wanted="w2")]),
        plan_hash([plan("north"), plan("south")]),
    }
    assert len(hashes) == 6
