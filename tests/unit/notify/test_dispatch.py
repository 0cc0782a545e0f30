"""All targets at once, retries, limits in time, and what is kept for the next run."""

from __future__ import annotations

import json
import stat
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bunker.fleet.settings import FleetSettings
from bunker.masking import Secret
from bunker.notify import Delivery, Dispatcher, Message, Notifier, NotifyFailed, UndeliveredFile
from tests.unit.notify.stand_ins import GotifyStandIn, RocketChatStandIn, SlackStandIn, StandIn

SUMMARY: Any = {
    "run": "r1",
    "kind": "upgrade",
    "fleet": "production",
    "hosts": {"north": {"outcome": "failed", "message": "disk full"}},
}


def settings(*targets: Mapping[str, Any]) -> FleetSettings:
    return FleetSettings.model_validate({"notifications": list(targets)})


def gotify_target(server: StandIn, **more: Any) -> dict[str, Any]:
    base = {"kind": "gotify", "name": "phone", "url": server.url, "token_secret": "TOKEN"}
    return {**base, **more}


def slack_target(**more: Any) -> dict[str, Any]:
    return {"kind": "slack", "name": "ops", "url_secret": "OPS_WEBHOOK", **more}


def chat_target(**more: Any) -> dict[str, Any]:
    return {"kind": "rocketchat", "name": "chat", "url_secret": "CHAT_WEBHOOK", **more}


def secrets(slack: StandIn | None = None, chat: StandIn | None = None) -> dict[str, Secret]:
    found = {"TOKEN": Secret("canary-gotify-token")}
    if slack:
        found["OPS_WEBHOOK"] = Secret(slack.url + SlackStandIn.path)
    if chat:
        found["CHAT_WEBHOOK"] = Secret(chat.url + RocketChatStandIn.path)
    return found


def dispatcher(fleet_settings: FleetSettings, known: Mapping[str, Secret], **more: Any) -> Any:
    defaults = {"fleet": "production", "pauses": (0.01, 0.01, 0.01), "attempt_seconds": 3.0}
    return Dispatcher(fleet_settings, known, **{**defaults, **more})


class Scripted:
    """A notifier that does what it is told, one item for each attempt; then it succeeds."""

    def __init__(self, *script: Exception | threading.Event) -> None:
        self.script = list(script)
        self.sent: list[Message] = []
        self.times: list[float] = []
        self.seconds: list[float] = []

    def send(self, message: Message, *, seconds: float = 5.0) -> None:
        self.times.append(time.monotonic())
        self.seconds.append(seconds)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, threading.Event):
            step.wait(20)
        elif step is not None:
            raise step
        self.sent.append(message)

    def __call__(self, _target: object, _secrets: object) -> Notifier:
        return self


LATER = NotifyFailed("answered 503", retryable=True)
FINAL = NotifyFailed("answered 401", retryable=False)


def test_every_target_gets_the_digest(
    gotify: GotifyStandIn, slack: SlackStandIn, rocketchat: RocketChatStandIn
) -> None:
    wanted = settings(gotify_target(gotify), slack_target(), chat_target())
    deliveries = dispatcher(wanted, secrets(slack, rocketchat)).notify("failed", SUMMARY)
    assert deliveries == [
        Delivery("phone", "gotify", True),
        Delivery("ops", "slack", True),
        Delivery("chat", "rocketchat", True),
    ]
    for server in (gotify, slack, rocketchat):
        assert len(server.received) == 1
        assert "disk full" in server.texts[0]


def test_a_target_hears_only_of_the_events_that_it_wants(
    gotify: GotifyStandIn, slack: SlackStandIn
) -> None:
    wanted = settings(gotify_target(gotify, events=["failed", "rolled back"]), slack_target())
    sender = dispatcher(wanted, secrets(slack))
    assert [item.target for item in sender.notify("started", SUMMARY)] == ["ops"]
    assert [item.target for item in sender.notify("rolled back", SUMMARY)] == ["phone", "ops"]
    assert len(gotify.received) == 1


def test_without_targets_nothing_happens() -> None:
    sender = Dispatcher(FleetSettings(), {})
    assert sender.notify("failed", SUMMARY) == []
    sender.notify_in_background("failed", SUMMARY)
    assert sender.finish() == []
    assert sender.retry_undelivered() == []


def test_a_server_in_trouble_is_asked_again(slack: SlackStandIn) -> None:
    slack.answers = [(503, {}, "later"), (429, {"Retry-After": "0"}, "slowly")]
    (delivery,) = dispatcher(settings(slack_target()), secrets(slack)).notify("done", SUMMARY)
    assert delivery == Delivery("ops", "slack", True, "", 3)


def test_after_four_attempts_it_gives_up(slack: SlackStandIn) -> None:
    slack.answers = [(500, {}, "trouble")] * 9
    (delivery,) = dispatcher(settings(slack_target()), secrets(slack)).notify("done", SUMMARY)
    assert delivery == Delivery("ops", "slack", False, "answered 500: trouble", 4)
    assert len(slack.received) == 4


def test_a_final_answer_is_not_repeated(slack: SlackStandIn) -> None:
    known = {"OPS_WEBHOOK": Secret(slack.url + "/services/canary-gone")}
    (delivery,) = dispatcher(settings(slack_target()), known).notify("done", SUMMARY)
    assert not delivery.ok
    assert delivery.attempts == 1
    assert "canary" not in str(delivery)
    assert len(slack.received) == 1


def test_retry_after_is_respected() -> None:
    asked = NotifyFailed("answered 429", retryable=True, retry_after=0.4)
    target = Scripted(asked)
    (delivery,) = dispatcher(settings(slack_target()), {}, make=target).notify("done", SUMMARY)
    assert delivery.ok
    assert target.times[1] - target.times[0] >= 0.4


def test_a_pause_longer_than_the_time_that_is_left_is_not_waited_for() -> None:
    asked = NotifyFailed("answered 429", retryable=True, retry_after=3600)
    sender = dispatcher(settings(slack_target()), {}, make=Scripted(asked))
    (delivery,) = sender.notify("done", SUMMARY, within=60)
    assert not delivery.ok
    assert delivery.reason == "answered 429; no time is left for another attempt"


def test_one_slow_target_does_not_hold_up_the_others(tmp_path: Path, slack: SlackStandIn) -> None:
    silent = SlackStandIn(held=True)
    with silent:
        wanted = settings(slack_target(name="slow", url_secret="SLOW"), slack_target())
        known = {**secrets(slack), "SLOW": Secret(silent.url + silent.path)}
        sender = dispatcher(wanted, known, kept=UndeliveredFile(tmp_path), attempt_seconds=30.0)
        slow, quick = sender.notify("failed", SUMMARY, within=1.0)
    assert quick.ok
    assert not slow.ok
    assert [entry.target for entry in UndeliveredFile(tmp_path).read()] == ["slow"]


def test_whatever_a_notifier_raises_never_reaches_the_run(tmp_path: Path) -> None:
    target = Scripted(RuntimeError("canary-secret"))
    sender = dispatcher(settings(slack_target()), {}, make=target, kept=UndeliveredFile(tmp_path))
    (delivery,) = sender.notify("failed", SUMMARY)
    assert delivery.reason == "internal error (RuntimeError)"


def test_an_odd_summary_still_gives_a_message() -> None:
    target = Scripted()
    odd: Any = {"run": "r1", "hosts": 5}
    (delivery,) = dispatcher(settings(slack_target()), {}, make=target).notify("failed", odd)
    assert delivery.ok
    assert "r1" in target.sent[0].text


def test_a_target_hears_of_things_in_their_order() -> None:
    target = Scripted(LATER, LATER)
    sender = dispatcher(settings(slack_target()), {}, make=target)
    for event in ("started", "paused", "done"):
        sender.notify_in_background(event, SUMMARY)
    assert [item.ok for item in sender.finish()] == [True] * 3
    assert [message.title.split()[2] for message in target.sent] == ["started", "paused", "done"]


def test_the_background_does_not_hold_up_the_run() -> None:
    gate = threading.Event()
    target = Scripted(gate)
    sender = dispatcher(settings(slack_target()), {}, make=target)
    sender.notify_in_background("started", SUMMARY)
    assert target.sent == []
    gate.set()
    assert [item.ok for item in sender.finish()] == [True]
    assert sender.finish() == []


def test_what_is_under_way_at_the_end_is_kept_and_forgotten_if_it_arrives_after_all(
    tmp_path: Path,
) -> None:
    gate, kept = threading.Event(), UndeliveredFile(tmp_path)
    sender = dispatcher(settings(slack_target()), {}, make=Scripted(gate), kept=kept)
    sender.notify_in_background("failed", SUMMARY)
    (delivery,) = sender.finish(timeout=0.05)
    assert delivery.reason == "did not arrive in time"
    assert [entry.run for entry in kept.read()] == ["r1"]
    gate.set()
    for _attempt in range(500):
        if not kept.read():
            break
        time.sleep(0.01)
    assert kept.read() == []


def test_what_did_not_arrive_is_sent_by_the_next_run(tmp_path: Path, slack: SlackStandIn) -> None:
    kept = UndeliveredFile(tmp_path)
    wanted, known = settings(slack_target()), secrets(slack)
    slack.answers = [(500, {}, "trouble")] * 4
    dispatcher(wanted, known, kept=kept).notify("failed", SUMMARY)
    path = tmp_path / ".bunker" / "notify" / "undelivered.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert json.loads(path.read_text())["reason"] == "answered 500: trouble"
    assert "canary" not in path.read_text()

    next_run = dispatcher(wanted, known, kept=kept)
    next_run.retry_undelivered_in_background()
    next_run.notify_in_background("started", {**SUMMARY, "run": "r2"})
    assert [item.ok for item in next_run.finish()] == [True, True]
    assert "delayed: this is from" in slack.texts[-2]
    assert "upgrade failed" in slack.texts[-2]
    assert "r2" in slack.texts[-1]
    assert kept.read() == []


def test_a_target_that_still_fails_is_tried_once_and_its_messages_stay(tmp_path: Path) -> None:
    kept = UndeliveredFile(tmp_path)
    failing = dispatcher(settings(slack_target()), {}, make=Scripted(*[FINAL] * 3), kept=kept)
    for _number in range(3):
        failing.notify("failed", SUMMARY)
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
    assert [item.ok for item in sender.notify("failed", SUMMARY)] == [False]
    assert sender.retry_undelivered() == []


def test_a_mail_that_some_have_is_not_sent_again(tmp_path: Path) -> None:
    partly = NotifyFailed("refused the receiver", retryable=False, partly=True)
    kept = UndeliveredFile(tmp_path)
    sender = dispatcher(settings(slack_target()), {}, make=Scripted(partly), kept=kept)
    assert [item.ok for item in sender.notify("failed", SUMMARY)] == [False]
    assert kept.read() == []


def test_a_secret_that_a_server_repeats_is_not_told(gotify: GotifyStandIn) -> None:
    known = {"TOKEN": Secret("canary-not-this-one")}
    (delivery,) = dispatcher(settings(gotify_target(gotify)), known).notify("failed", SUMMARY)
    assert "not ••••" in delivery.reason
    assert "canary" not in str(delivery)
