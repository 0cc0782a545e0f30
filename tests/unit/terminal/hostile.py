"""Everything that a terminal shows of hosts and runs, spoiled by what no terminal may obey."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bunker.application.envcheck import EnvCheck
from bunker.errors import BunkerError
from bunker.events import Analysis, RunBatch
from bunker.fleet import Fleet
from bunker.generations import Generation
from bunker.journal.records import RunRecord, RunRequest, Summary
from bunker.lease.holder import LeaseHolder
from bunker.maintenance.maintenance import Maintenance
from bunker.outcomes import read_outcomes
from bunker.plan.changes import Change, HostPlan
from bunker.terminal.env_text import env_check_lines
from bunker.terminal.generations_text import history_lines
from bunker.terminal.home_text import home_lines
from bunker.terminal.lines import Line
from bunker.terminal.preflight_text import preflight_lines
from bunker.terminal.recap_text import Repeat
from bunker.terminal.run_text import list_lines, show_lines
from bunker.terminal.status_text import health_lines, status_lines
from bunker.workflows.health import Verdict
from bunker.workflows.health_answer import Health
from bunker.workflows.home import OpenRuns
from bunker.workflows.preflight import Finding
from bunker.workflows.probe import Container, Probe
from bunker.workflows.status import HostStatus

CONTROLS = "".join(map(chr, [*range(10), *range(11, 32), *range(127, 160)]))
HOSTILE = (
    "bad\x1b[2K\x1b[1A\x1b]0;title\x07\x1b]8;;http://evil\x1b\\link\x1bP+q\x1b\\\x9b2J\r\b\b\b"
    f"{CONTROLS}\u202egnp.exe\u2066\u200b\ufeff\u2028\u2029\xad\U000e0041\udc9b\ue000 end"
)


def hostile(value: Any, *kept: str) -> Any:
    """The same data with every text of a host or an operator spoiled."""
    if isinstance(value, str):
        return value + HOSTILE
    if isinstance(value, dict):
        own = {"event", "status", "outcome", "symbol", "plan_hash", "kind", "state"} | set(kept)
        return {k: v if k in own else hostile(v, *kept) for k, v in value.items()}
    return [hostile(item, *kept) for item in value] if isinstance(value, list | tuple) else value


CHANGE = Change("base", "sshd", "~", "1 file", ("- old", "+ new"), restarts=("ssh",))
PLAN = HostPlan("north", (CHANGE,), "o", "w")
STEP = {"event": "step", "host": "north", "name": "base: sshd", "number": 1, "of": 2}
OUTCOMES: dict[str, dict[str, Any]] = {
    "east": {
        "outcome": "failed",
        "message": "step 5",
        "commands": 1,
        "step": "changemaker: up",
        "output": ["one", "two"],
        "choice": "restore",
        "generation": {"number": 3},
    },
    "south": {"outcome": "rolled back", "message": "x", "output": ["y"]},
    "west": {"outcome": "unreachable", "message": "refused"},
    "x-1": {"outcome": "not started", "message": "m"},
    "x-2": {"outcome": "changed", "message": "m", "commands": 2},
}
EVENTS: list[dict[str, Any]] = [
    {"event": "connected", "host": "north"},
    {"event": "planned", "host": "north", "plan": PLAN.to_json(), "commands": 3},
    {"event": "unreachable", "host": "west", "message": "refused"},
    {
        **{"event": "failed", "host": "west", "message": "refused", "problems": []},
        **{"plan": PLAN.to_json(), "commands": 3},
    },
    {"event": "ready"},
    {**STEP, "status": "started"},
    {**STEP, "status": "ok", "seconds": 1.2, "output": ["reloaded\nagain"]},
    {**STEP, "status": "failed", "seconds": 0.1, "output": ["boom"]},
    {"event": "log", "host": "north", "message": "a log line\nand more"},
    {"event": "host", "host": "north", "outcome": "failed", "message": "step 2", "commands": 9},
    {"event": "begin", "run": "r", "kind": "deploy", "batches": [{"name": "a", "hosts": ["n"]}]},
    {"event": "batch", "name": "canary", "number": 1, "of": 2, "hosts": ["north"]},
    {"event": "waiting", "host": "north", "message": "held by anna"},
    {"event": "rollback", "hosts": ["north"]},
    {"event": "gate", "outcome": "fail", "reason": "why", "hosts": ["north"]},
    {"event": "soak", "seconds": 3, "until": 5.0},
    {"event": "judgement", "outcome": "fail", "reasons": ["why"], "hosts": {}},
    {"event": "paused", "reason": "why", "answers": ["stop", "why"]},
    {"event": "soaking", "until": 2000000000.0, "hosts": {"north": {"requests": 3}}},
    {"event": "stopping", "message": "why"},
    {"event": "decided", "answer": "go on"},
    {"event": "waits", "run": "r", "message": "goes on", "commands": ["invoke run.watch r"]},
    {"event": "warning", "message": "careful"},
    {"event": "outcome", "host": "north", "outcome": "failed", "message": "m"},
    {"event": "done"},
]


def probe() -> Probe:
    return Probe(
        uptime_seconds=5,
        disk_used=95,
        disk_free=5,
        generation={"number": 3, "ref": HOSTILE, "commit": "c", "time": HOSTILE},
        engine="",
        containers=(Container(HOSTILE, "running", HOSTILE, HOSTILE),),
        health=Health(503, HOSTILE),
        installed=True,
        maintenance=Maintenance(5, HOSTILE, HOSTILE, HOSTILE, 1, 5),
        lease=LeaseHolder("north", HOSTILE, HOSTILE, HOSTILE, 5, 5),
    )


def record() -> RunRecord:
    request = RunRequest(
        run=HOSTILE,
        kind="deploy",
        fleet=HOSTILE,
        by=HOSTILE,
        command=HOSTILE,
        batches=(RunBatch(HOSTILE, (HOSTILE,)),),
        retry_of=HOSTILE,
    )
    summary = Summary(
        hosts=read_outcomes(hostile(OUTCOMES)),
        state="failed",
        reason=HOSTILE,
        analyses=(Analysis(outcome="fail", reasons=(HOSTILE,)),),
    )
    return RunRecord(request, summary, 1.0, 5.0)


def generations() -> list[Generation]:
    data = {
        "number": 1,
        "time": "2026-11-20T12:00:00Z",
        "run": HOSTILE,
        "commit": HOSTILE,
        "ref": HOSTILE,
        "configuration": HOSTILE,
        "migration_head": HOSTILE,
        "images": {HOSTILE: HOSTILE},
    }
    return [Generation.from_record(data, kept=False, where="north")]


def reports() -> dict[str, Iterable[Line]]:
    down = HostStatus("north", HOSTILE, Verdict("unreachable", (HOSTILE,)))
    sick = HostStatus("north", HOSTILE, Verdict("unhealthy", (HOSTILE,)), probe())
    error = BunkerError(HOSTILE, where=HOSTILE, expected=HOSTILE, remedy=HOSTILE)
    checked = EnvCheck((HOSTILE,), (HOSTILE,), ())
    finding = Finding(HOSTILE, problems=[error], notes=(HOSTILE,))
    return {
        "status": status_lines([down, sick]),
        "home": home_lines(
            Fleet(HOSTILE, Path(), {}, broken={HOSTILE: (error,)}, faults=(error,)),
            [down, sick],
            OpenRuns((record(),), HOSTILE),
            Repeat(),
        ),
        "health": health_lines(sick, Repeat()),
        "env.check": env_check_lines({HOSTILE: checked, "south": error}),
        "run.list": list_lines([record()]),
        "run.show": show_lines(record()),
        "history": history_lines(HOSTILE, generations(), datetime(2026, 11, 21, tzinfo=UTC)),
        "preflight": preflight_lines([finding], Repeat()),
    }
