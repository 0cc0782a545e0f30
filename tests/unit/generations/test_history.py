"""What a host ran, told from the records that it keeps."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bunker.errors import BunkerError
from bunker.generations import Generation, read_generations, steps
from bunker.host_keys import Unreachable
from bunker.remote import Completed
from bunker.terminal.generations_text import history_lines, relative_time
from bunker.terminal.lines import plain

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

FOLDER = "/var/lib/bunker/apps/changemaker/generations"


def record(number: int, **other: Any) -> dict[str, Any]:
    return {
        "number": number,
        "time": f"2026-11-{10 + number:02d}T12:00:00Z",
        "run": f"run-{number}",
        "backup": None,
        "commit": "a" * 40,
        "ref": "v2",
        "configuration": "c0",
        "migration_head": "1_init",
        "images": {"api": "sha256:1"},
        **other,
    }


def generation(number: int, *, kept: bool = True, **other: Any) -> Generation:
    return Generation.from_record(record(number, **other), kept=kept, where="north-1")


def answer(*rows: tuple[Any, str], end: str = "@@bunker end") -> Completed:
    lines = [
        f"{FOLDER}/{number:06d}.json {kept} {base64.b64encode(json.dumps(data).encode()).decode()}"
        for number, (data, kept) in enumerate(rows, start=1)
    ]
    return Completed("north-1", 0, "\n".join(["@@bunker generations", *lines, end, ""]), "")


def read(monkeypatch: pytest.MonkeyPatch, reply: Completed | Unreachable) -> Any:
    monkeypatch.setattr("bunker.generations.reading.run_many", lambda *_a, **_k: {"north-1": reply})
    return read_generations([])["north-1"]


def test_every_record_of_a_host_is_read_and_whether_its_files_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = read(monkeypatch, answer((record(1), "no"), (record(2, **{"from": 1}), "yes")))
    assert [(one.number, one.kept, one.came_from) for one in found] == [
        (1, False, None),
        (2, True, 1),
    ]
    assert found[0].time == datetime(2026, 11, 11, 12, 0, tzinfo=UTC)
    assert found[1].to_json() == record(2, **{"from": 1}) | {
        "rollback_of": None,
        "rollback_to": None,
        "kept": True,
    }


def test_a_host_without_generations_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, answer()) == []


def test_an_unreachable_host_says_so_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Unreachable("no answer within 30 seconds")
    assert read(monkeypatch, gone) is gone


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (answer(end="…"), "cannot be read: it was cut short"),
        (Completed("north-1", 1, "", "sudo: a password is required\n"), "a password is required"),
        (
            answer(({"number": 1}, "yes")),
            f"{FOLDER}/000001.json: a generation's record makes no sense",
        ),
        (answer(([], "yes")), "record cannot be read: it is no JSON object"),
        (
            Completed(
                "north-1", 0, f"@@bunker generations\n{FOLDER}/1.json yes !!\n@@bunker end\n", ""
            ),
            "record cannot be read",
        ),
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error_of_that_host_alone(
    monkeypatch: pytest.MonkeyPatch, reply: Completed, words: str
) -> None:
    found = read(monkeypatch, reply)
    assert isinstance(found, BunkerError)
    assert words in str(found)


def test_a_step_says_what_changed_and_the_newest_is_current() -> None:
    newer = {"commit": "b" * 40, "images": {"api": "sha256:2"}, "migration_head": "2_more"}
    history = steps(
        [generation(1), generation(2, **newer), generation(3, configuration="c1", **newer)]
    )
    assert [step.changed for step in history] == [
        (),
        ("code", "images", "migrations"),
        ("configuration",),
    ]
    assert [step.current for step in history] == [False, False, True]


def test_what_changed_since_a_forgotten_generation_is_not_known() -> None:
    assert steps([generation(7)])[0].changed is None


def test_generations_behind_which_a_host_went_back_are_rolled_back() -> None:
    history = steps(
        [
            generation(1),
            generation(2),
            generation(3),
            generation(4, **{"from": 3, "rollback_of": "run-2", "rollback_to": 1}),
        ]
    )
    assert [step.rolled_back for step in history] == [False, True, True, False]
    assert history[-1].current


def test_the_history_of_a_host_is_a_table_with_the_newest_first() -> None:
    shown = plain(
        history_lines(
            "north-1",
            [
                generation(1, kept=False),
                generation(2, configuration="c1"),
                generation(3, **{"from": 2, "rollback_of": "run-2", "rollback_to": 1}),
            ],
            NOW,
        )
    )
    assert shown == (
        "north-1: 3 generations\n"
        "GENERATION  REF  WHEN        STATE           CHANGED        COMMIT   RUN\n"
        "#3          v2   7 days ago  current         back to #1     aaaaaaa  run-3\n"
        "#2          v2   8 days ago  rolled back     configuration  aaaaaaa  run-2\n"
        "#1          v2   9 days ago  files not kept  first          aaaaaaa  run-1\n"
    )


def test_on_a_narrow_terminal_a_history_says_whole_what_ran_when_and_what_became_of_it() -> None:
    long = {"ref": "v2.2.0-destructive", "run": "20261127T234737Z-8424"}
    history = [generation(1, **long), generation(2, configuration="c1", **long)]
    head, *_, row = history_lines("north-1", history, NOW)[1:]
    assert len(row.text) > 80
    assert max(len(line.within(80)) for line in (head, row)) <= 80
    assert row.within(80).startswith("#1          v2.2.0-destructive  9 days ago")


def test_a_host_on_which_nothing_was_deployed_says_so() -> None:
    assert plain(history_lines("north-1", [], NOW)) == "north-1: nothing was ever deployed\n"


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=2), "just now"),
        (timedelta(seconds=40), "40 seconds ago"),
        (timedelta(minutes=3), "3 minutes ago"),
        (timedelta(days=3, hours=5), "3 days ago"),
        (timedelta(minutes=-5), "in 5 minutes"),
    ],
)
def test_times_are_told_as_people_say_them(ago: timedelta, words: str) -> None:
    assert relative_time(NOW - ago, NOW) == words
