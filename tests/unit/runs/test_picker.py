"""Which generations are offered for a rollback, and which one Enter takes."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bunker.fleet import Fleet
from bunker.generations import Generation
from bunker.runs import picker
from bunker.runs.picker import pick_generation
from tests.unit.workflows.probe_answers import HOST

FLEET = Fleet("lab", Path("/nowhere"), {"north": HOST})


def generation(number: int) -> Generation:
    data = {
        "number": number,
        "time": "2026-11-20T12:00:00Z",
        "run": f"run-{number}",
        "commit": f"{number}" * 40,
        "ref": f"v{number}",
        "configuration": "c",
        "migration_head": "",
        "images": {},
    }
    return Generation.from_record(data, kept=True, where="north")


@pytest.mark.parametrize(
    ("cut_off", "typed", "number"),
    [(False, "\n", "8"), (True, "\n", "9"), (True, "8\n", "8"), (False, "8\n", "8")],
)
@pytest.mark.promise("A rollback after a cut-off deploy offers what ran last and well")
def test_after_a_deployment_that_was_cut_off_what_ran_last_and_well_is_offered(
    cut_off: bool, typed: str, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"north": [generation(8), generation(9)]}
    monkeypatch.setattr(picker, "read_generations", lambda _remotes: found)
    status = SimpleNamespace(probe=SimpleNamespace(applied=not cut_off))
    monkeypatch.setattr(picker, "collect_status", lambda *_: [status])
    keyboard = io.StringIO(typed)
    monkeypatch.setattr(keyboard, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdin", keyboard)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert pick_generation(FLEET, [HOST], may_ask=True) == number
    assert f"Roll back to which generation? [{9 if cut_off else 8}]" in sys.stderr.getvalue()  # type: ignore[attr-defined]


def test_several_hosts_and_programs_are_not_asked() -> None:
    assert pick_generation(FLEET, [HOST], may_ask=False) == ""
    other = replace_name("south")
    assert pick_generation(FLEET, [HOST, other], may_ask=True) == ""


def replace_name(name: str):  # type: ignore[no-untyped-def]
    return HOST.model_copy(update={"name": name})
