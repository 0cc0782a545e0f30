"""Whatever a host answers: a value that can be worked with, or one sentence about that host."""

import base64
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bunker.answers import sections
from bunker.errors import BunkerError
from bunker.fleet import Fleet
from bunker.generations import Generation, read_generations
from bunker.lease.holder import read_lease
from bunker.maintenance.maintenance import read_maintenance
from bunker.ops.facts import Components, reading
from bunker.ops.instance import Instance
from bunker.ops.logins import read_logins
from bunker.ops.packages import Simulated
from bunker.ops.place import contents_of
from bunker.ops.rollback import RollbackFacts
from bunker.ops.system import System
from bunker.outcomes import HostOutcome
from bunker.remote import Completed
from bunker.runs.host_outcomes import answers_of
from bunker.terminal.generations_text import history_lines
from bunker.terminal.home_text import home_lines
from bunker.terminal.recap_text import Repeat, measured
from bunker.terminal.status_text import health_lines, status_lines
from bunker.workflows.health import assess
from bunker.workflows.home import OpenRuns
from bunker.workflows.probe import read_probe
from bunker.workflows.status import HostStatus
from deploys.docker.past import read_engine
from deploys.os_upgrade.deploy import Upgrade
from deploys.stack.forecast import read_forecast
from tests.fake.bare_host import RESPONSES
from tests.fake.test_forecast import ANSWER
from tests.unit.ops.test_rollback_facts import ANSWER as ROLLBACK
from tests.unit.runs.test_summary import MEASURED
from tests.unit.workflows.probe_answers import API, GENERATION, HEALTHY, UP, answer

EXAMPLES = 40
RECORD = {
    "number": 2,
    "time": "2026-01-01T00:00:00Z",
    "run": "run-2",
    "backup": None,
    "from": 1,
    "commit": "b" * 40,
    "ref": "v2",
    "configuration": "f",
    "migration_head": "one",
    "images": {"api": "sha256:1"},
    "rollback_of": "run-1",
    "rollback_to": 1,
}
LEASE = {"owner": "anna@desk", "run": "r1", "purpose": "rollout", "acquired": 820, "expires": 1015}
MAINTENANCE = {"until": 2000, "reason": "disk", "by": "anna@desk", "run": None, "opened": 900}
VALUES = (
    *(None, True, -1, 1.5, 10**400, 10**14, float("nan"), float("inf"), "", "x", "\ud800", "7"),
    *("\x1b[2J\n", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", [], {}, [1], {"a": {"b": 1}}),
    *(253_370_764_799, {"a": 1}, {"a": "\x1b"}),
)


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


GENERATION_LINE = encoded(json.dumps(GENERATION).encode())
WORDS = (
    *(
        "",
        "x",
        "-1",
        "+1",
        "1_0",
        "１２",
        "NaN",
        "1e9",
        "9" * 5000,
        "9" * 14,
        "8r",
        "\x1b[2J",
        "é\ufffd",
    ),
    *("@@bunker end", "@@bunker generation", "-", "|", "[" * 5000, "{}", "[]", '{"number": 1e999}'),
    *('{"number": true}', "e3", "=", encoded(b"\xff"), encoded(b"[" * 5000), encoded(b"NaN")),
    *(encoded(json.dumps(RECORD | {"number": 10**400}).encode()), "77777777", "0" * 40),
)

COMPONENTS = [
    "@@bunker files",
    f"{'a' * 64} 644 root - /etc/x",
    "@@bunker applied",
    "base abc",
    "@@bunker checks",
    "base no it is off",
    "@@bunker end",
]
CONTENTS = ["@@bunker /etc/x", encoded(b"content"), "@@bunker end"]
INSTANCE = [
    *("@@bunker place", "real /opt/app", "kind folder", "@@bunker engine", "28.0"),
    *("@@bunker head", "b" * 40),
    *("@@bunker containers", *UP.splitlines(), "@@bunker generation", json.dumps(RECORD)),
    *("@@bunker token", "000002-0", "@@bunker database", "state t 2048", "@@bunker space"),
    *("place 4000 90 /", "place 4000 - /data", "place 4000 90 /var", "tree 10 3", "built 7"),
    *("unused 3", "snapshots 1", "@@bunker egress", "tcp 25", "@@bunker boot", "id-1 1700000000"),
    *("@@bunker layout", "state /s", "snapshots /s", "unmoved /o", "twice /o /s", "@@bunker end"),
]
UPGRADE = [
    *("@@bunker upgrades", "Inst curl [1] (2 Debian)", "@@bunker lists", "60", "@@bunker audit"),
    *("@@bunker engine", "28.0 true", "@@bunker unfinished"),
    *("@@bunker reboot", "@@bunker kernel", "6.1.0-1-amd64", "@@bunker kernels"),
    *("6.1.0-2-amd64", "@@bunker boot", "id-1", "@@bunker end"),
]
Reader = Callable[[list[str]], Any]


def read_system(lines: list[str]) -> None:
    """The fact, and what roles read of it."""
    found = System().process(lines).found
    read_logins(found)
    with reading("its Docker engine"):
        read_engine(found)


def read_boot_of_instance(lines: list[str]) -> None:
    state = Instance().process(lines)
    if state.boot:
        time.localtime(state.boot["since"])
    json.dumps(state.generation)


def read_what_compose_says(lines: list[str]) -> None:
    with reading("what Compose makes of the new files"):
        read_forecast(sections(lines))


def show_status(lines: list[str]) -> None:
    found = read_probe("north", "\n".join(lines), API)
    status = HostStatus("north", "north.example.org", assess(found), found)
    json.dumps(status.to_json())
    status_lines([status])
    home_lines(Fleet("lab", Path(), {}), [status], OpenRuns(), Repeat())
    health_lines(status, Repeat())


READERS: dict[str, tuple[Reader, Sequence[str]]] = {
    "system": (read_system, RESPONSES["dpkg-query"]),
    "components": (Components().process, COMPONENTS),
    "contents": (contents_of, CONTENTS),
    "instance": (read_boot_of_instance, INSTANCE),
    "forecast": (read_what_compose_says, ANSWER),
    "rollback": (RollbackFacts().process, ROLLBACK.splitlines()),
    "packages": (Simulated().process, RESPONSES["'@@bunker install'"]),
    "upgrade": (Upgrade().process, UPGRADE),
    "probe": (show_status, answer(HEALTHY, UP, upgrade="@@bunker returns\n5\n").splitlines()),
}


@st.composite
def damaged(draw: st.DrawFn, lines: Sequence[str]) -> list[str]:
    """The lines with a few words, or whole lines, replaced, added or gone."""
    found = list(lines)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(found) - 1)) if found else 0
        hostile = draw(st.sampled_from(WORDS) | st.text(max_size=20).map(one_line))
        if draw(st.booleans()) and found:
            words = found[at].split(" ")
            words[draw(st.integers(0, len(words) - 1))] = hostile
            found[at : at + 1] = [" ".join(words)]
        else:
            found[at : at + draw(st.integers(0, 1))] = draw(st.sampled_from(([], [hostile])))
    return found


def one_line(text: str) -> str:
    return text.replace("\n", " ")


@pytest.mark.parametrize("name", READERS)
def test_an_answer_as_hosts_give_it_is_read(name: str) -> None:
    read, lines = READERS[name]
    read(list(lines))


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_answer_is_a_sentence_or_a_value(name: str) -> None:
    read, lines = READERS[name]

    @settings(max_examples=EXAMPLES)
    @given(damaged(lines))
    def reads(found: list[str]) -> None:
        try:
            read(found)
        except BunkerError as error:
            assert error.remedy
            assert "\n" not in str(error)

    reads()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("probe", "4000 6000", f"{'9' * 400} 6000"),
        ("probe", "4000 6000", "1_0 6000"),
        ("probe", GENERATION_LINE, encoded(b"[" * 5000)),
        ("probe", GENERATION_LINE, encoded(b'{"number": true}')),
        ("instance", "id-1 1700000000", f"id-1 {'9' * 14}"),
        ("instance", "place 4000 - /data", "place 4000"),
        ("upgrade", "60", "soon"),
    ],
)
def test_what_cannot_be_right_is_refused(name: str, old: str, new: str) -> None:
    read, lines = READERS[name]
    assert old in lines
    with pytest.raises(BunkerError, match="cannot be read"):
        read([new if line == old else line for line in lines])


def test_an_api_that_nests_without_end_is_shown() -> None:
    lines = READERS["probe"][1]
    show_status([f"200 {encoded(b'[' * 5000)}" if line == HEALTHY else line for line in lines])


@st.composite
def damaged_record(draw: st.DrawFn, record: dict[str, Any]) -> str:
    """JSON of the record with some of its values replaced or gone, or something else."""
    found = dict(record)
    for key in draw(st.lists(st.sampled_from(sorted(record)), min_size=1, max_size=3)):
        found[key] = draw(st.sampled_from(VALUES))
    if draw(st.integers(0, 9)) == 0:
        del found[draw(st.sampled_from(sorted(found)))]
    return json.dumps(found)


@settings(max_examples=EXAMPLES)
@given(st.lists(damaged_record(RECORD), max_size=3))
@example([json.dumps({**RECORD, "from": "7", "rollback_to": "1"})])
def test_a_history_is_shown_or_one_sentence_whatever_the_records_say(records: list[str]) -> None:
    folder = "/var/lib/bunker/apps/changemaker/generations"
    rows = [
        f"{folder}/00000{n}.json yes {encoded(text.encode())}" for n, text in enumerate(records)
    ]
    reply = Completed("north", 0, "\n".join([*rows, "@@bunker end"]), "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bunker.generations.reading.run_many", lambda *_a, **_k: {"north": reply})
        found = read_generations([])["north"]
    if isinstance(found, BunkerError):
        assert f"north:{folder}/" in str(found)
        return
    assert all(isinstance(one, Generation) for one in found)
    numbers = [of for one in found for of in (one.number, one.came_from, one.rollback_to)]
    assert all(of is None or type(of) is int for of in numbers)
    history_lines("north", found)
    json.dumps([one.to_json() for one in found])


@settings(max_examples=EXAMPLES)
@given(damaged_record(RECORD))
def test_a_rollback_is_read_or_refused_whatever_a_record_says(text: str) -> None:
    lines = [text if row.startswith("{") else row for row in ROLLBACK.splitlines()]
    try:
        state, _token = RollbackFacts().process(lines)
    except BunkerError:
        return
    assert all(type(one.number) is int for one in state.generations)


@settings(max_examples=EXAMPLES)
@given(damaged_record(LEASE), st.sampled_from((*WORDS, "1000")))
def test_a_lease_holds_or_does_not_whatever_it_says(text: str, clock: str) -> None:
    found = read_lease("north", [clock, encoded(text.encode())])
    if found:
        found.sentence()
        json.dumps(found.to_json())


@settings(max_examples=EXAMPLES)
@given(damaged_record(MAINTENANCE), st.sampled_from((*WORDS, "1000")))
def test_maintenance_is_open_or_not_whatever_it_says(text: str, clock: str) -> None:
    found = read_maintenance([clock, encoded(text.encode())])
    if found:
        found.sentence()
        json.dumps(found.to_json())


@settings(max_examples=EXAMPLES)
@given(damaged_record(RECORD), damaged_record(MEASURED), st.sampled_from(WORDS))
def test_what_a_step_says_can_be_told_whatever_it_is(record: str, figures: str, word: str) -> None:
    found = answers_of(
        [f"generation {record}", f"availability {figures}", f"generation {word}", word]
    )
    measured("north", HostOutcome(outcome="changed", **found))
    json.dumps(found)


def test_the_sections_of_an_answer_end_with_its_last_line() -> None:
    assert sections(["@@bunker a", "1", "@@bunker end"]) == {"a": ["1"], "end": []}
