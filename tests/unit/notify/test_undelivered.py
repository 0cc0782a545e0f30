"""What did not arrive is kept for the next run, for a while."""

from __future__ import annotations

import json
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bunker.notify import Message, NotifyFailed, UndeliveredFile
from tests.unit.notify.dispatching import (
    FINAL,
    LATER,
    NEWS,
    Scripted,
    dispatcher,
    secrets,
    settings,
    slack_target,
)
from tests.unit.notify.stand_ins import SlackStandIn


def test_what_did_not_arrive_is_sent_by_the_next_run(tmp_path: Path, slack: SlackStandIn) -> None:
    kept = UndeliveredFile(tmp_path)
    wanted, known = settings(slack_target()), secrets(slack)
    slack.answers = [(500, {}, "trouble")] * 4
    dispatcher(wanted, known, kept=kept).notify("failed", NEWS)
    path = tmp_path / ".bunker" / "notify" / "undelivered.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert json.loads(path.read_text())["reason"] == "answered 500: trouble"
    assert "canary" not in path.read_text()

    next_run = dispatcher(wanted, known, kept=kept)
    next_run.retry_undelivered_in_background()
    next_run.notify_in_background("started", replace(NEWS, run="r2"))
    assert [item.ok for item in next_run.finish()] == [True, True]
    assert "delayed: this is from" in slack.texts[-2]
    assert "upgrade failed" in slack.texts[-2]
    assert "r2" in slack.texts[-1]
    assert kept.read() == []


def test_a_target_that_still_fails_is_tried_once_and_its_messages_stay(tmp_path: Path) -> None:
    kept = UndeliveredFile(tmp_path)
    failing = dispatcher(settings(slack_target()), {}, make=Scripted(*[FINAL] * 3), kept=kept)
    for _number in range(3):
        failing.notify("failed", NEWS)
    target = Scripted(LATER, LATER)
    later = dispatcher(settings(slack_target()), {}, make=target, kept=kept)
    assert [item.attempts for item in later.retry_undelivered()] == [1, 0, 0]
    assert len(kept.read()) == 3
    again = dispatcher(settings(slack_target()), {}, make=Scripted(), kept=kept)
    assert again.retry_undelivered() == [], "another run that was just trying is left alone"


def test_messages_of_other_fleets_wait_and_those_without_a_target_go(tmp_path: Path) -> None:
    kept = UndeliveredFile(tmp_path)
    message = Message("t", "x", "x")
    for fleet, target in (("lab", "ops"), ("production", "gone"), ("production", "ops")):
        kept.keep(fleet=fleet, target=target, event="failed", run="r", message=message, reason="")
    target = Scripted()
    assert (
        len(dispatcher(settings(slack_target()), {}, make=target, kept=kept).retry_undelivered())
        == 1
    )
    assert [entry.fleet for entry in kept.read()] == ["lab"]


def test_old_and_broken_lines_are_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = UndeliveredFile(tmp_path)
    say = {"fleet": "production", "target": "ops", "event": "failed", "run": "r", "reason": ""}
    kept.keep(**say, message=Message("old", "", ""))
    kept.path.write_text('{"half a line\n[]\n{"id": 1}\n' + kept.path.read_text())
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 8 * 86_400)
    kept.keep(**say, message=Message("new", "", ""))
    assert [entry.message.title for entry in kept.read()] == ["new"]


def test_a_long_silence_keeps_the_newest_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bunker.notify.undelivered.MOST_KEPT", 4)
    kept = UndeliveredFile(tmp_path)
    say = {"fleet": "production", "target": "ops", "event": "failed", "run": "r", "reason": ""}
    for number in range(6):
        kept.keep(**say, message=Message(str(number), "", ""))
    titles = [entry.message.title for entry in kept.read()]
    assert titles == [str(number) for number in range(2, 6)]


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / ".bunker").write_text("a file in the way")
    kept = UndeliveredFile(tmp_path)
    sender = dispatcher(settings(slack_target()), {}, make=Scripted(FINAL), kept=kept)
    assert [item.ok for item in sender.notify("failed", NEWS)] == [False]
    assert sender.retry_undelivered() == []


def test_a_mail_that_some_have_is_not_sent_again(tmp_path: Path) -> None:
    partly = NotifyFailed("refused the receiver", retryable=False, partly=True)
    kept = UndeliveredFile(tmp_path)
    sender = dispatcher(settings(slack_target()), {}, make=Scripted(partly), kept=kept)
    assert [item.ok for item in sender.notify("failed", NEWS)] == [False]
    assert kept.read() == []
