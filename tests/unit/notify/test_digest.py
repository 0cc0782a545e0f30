"""One message about a run: short, the same thing said once, and the next command in it."""

from __future__ import annotations

from typing import Any

import pytest

from bunker.fleet.notification_targets import EVENTS
from bunker.notify.digest import RunNews, digest
from bunker.outcomes import read_outcomes

DISK = "no space left on device"


def news(hosts: dict[str, dict[str, Any]], **more: Any) -> RunNews:
    base: dict[str, Any] = {
        "run": "20261121-1400-ab12",
        "kind": "upgrade",
        "fleet": "production",
        "by": "ana@control",
        "command": "invoke upgrade --group changemaker",
        "reason": "",
        "next_command": "invoke runs.show 20261121-1400-ab12",
        "started": 1795269600,
        "seconds": 754.2,
    }
    return RunNews(**{**base, **more, "hosts": read_outcomes(hosts)})


def many(outcome: str, count: int, message: str = "", start: int = 0) -> dict[str, dict[str, Any]]:
    return {
        f"host-{number:03}": {"outcome": outcome, "message": message}
        for number in range(start, start + count)
    }


def test_a_failed_run_is_told_in_a_few_lines() -> None:
    hosts = {
        **many("changed", 195),
        "north": {"outcome": "failed", "message": f"north: {DISK}\nand a long log"},
        "south": {"outcome": "failed", "message": f"south: {DISK}"},
        "west": {"outcome": "unreachable", "message": "connection refused"},
        "east": {"outcome": "not started", "message": ""},
    }
    message = digest("failed", news(hosts, reason="more hosts failed than the run allows"))
    assert message.title == "production: upgrade failed (2 failed, 1 unreachable of 199 hosts)"
    assert message.priority == 8
    assert message.text.splitlines() == [
        "Run 20261121-1400-ab12, by ana@control, started 2026-11-21 14:00 UTC, took 12m34s",
        "",
        "Reason: more hosts failed than the run allows",
        "",
        "- 2 failed: north, south",
        f"  HOST: {DISK}",
        "- 1 unreachable: west",
        "  connection refused",
        "- 195 changed",
        "- 1 not started",
        "",
        "Next: invoke runs.show 20261121-1400-ab12",
        "Command: invoke upgrade --group changemaker",
    ]
    assert "- **2 failed**: `north`, `south`  \n" in message.markdown


def test_a_run_that_went_well_is_quiet() -> None:
    message = digest("done", news(many("changed", 3)))
    assert message.title == "production: upgrade done (3 hosts)"
    assert message.priority == 2
    assert "- 3 changed" in message.text


def test_a_run_that_is_done_with_failures_is_not_quiet() -> None:
    hosts = {**many("changed", 3), "north": {"outcome": "unreachable", "message": "no route"}}
    assert digest("done", news(hosts)).priority == 6


def test_two_hundred_hosts_with_a_reason_each_stay_short() -> None:
    hosts = {
        f"host-{number:03}": {"outcome": "failed", "message": f"reason {number} " + "x" * 500}
        for number in range(200)
    }
    message = digest("failed", news(hosts, reason="\n".join("r" * 400 for _ in range(20))))
    lines = message.text.splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) < 800
    assert len(message.markdown) < 4_800
    assert "193 hosts with 193 other reasons" in message.text


def test_two_hundred_hosts_with_the_same_reason_are_one_group() -> None:
    text = digest("failed", news(many("failed", 200, DISK))).text
    assert "- 200 failed: host-000, host-001" in text
    assert "and 188 more\n" in text
    assert text.count(DISK) == 1


def test_names_within_other_names_are_not_taken_for_the_host() -> None:
    hosts = {"a": {"outcome": "failed", "message": "a: cannot read data of a.example and a-b"}}
    assert "HOST: cannot read data of HOST.example and a-b" in digest("failed", news(hosts)).text


def test_text_from_hosts_can_neither_format_nor_mention_nor_steer() -> None:
    said = "`**x** ![](http://t.example/p.png) @all <!channel>\x1b[2J"
    message = digest("failed", news({"north": {"outcome": "failed", "message": said}}))
    assert "`'**x** ![](http://t.example/p.png) @all <!channel>\\x1b[2J`" in message.markdown
    assert "\x1b" not in message.text + message.markdown
    assert "'**x** !" in message.text


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize(
    "odd",
    [
        RunNews(run="r"),
        RunNews(run="r", kind="x\ny", hosts=read_outcomes({"north": {"outcome": "failed"}})),
    ],
)
def test_what_is_not_known_is_left_out(event: Any, odd: RunNews) -> None:
    message = digest(event, odd)
    assert event in message.title
    assert "\n" not in message.title
    assert "None" not in message.text
    assert "started" not in message.text
    assert message.text
    assert message.markdown
