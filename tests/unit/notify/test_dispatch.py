"""All targets at once, retries and limits in time."""

from __future__ import annotations

import threading

from bunker.fleet.settings import FleetSettings
from bunker.masking import Secret
from bunker.notify import Delivery, Dispatcher, Message, NotifyFailed, RunNews
from tests.unit.notify.dispatching import (
    LATER,
    NEWS,
    Scripted,
    chat_target,
    dispatcher,
    gotify_target,
    secrets,
    settings,
    slack_target,
)
from tests.unit.notify.stand_ins import GotifyStandIn, RocketChatStandIn, SlackStandIn


def test_every_target_gets_the_digest(
    gotify: GotifyStandIn, slack: SlackStandIn, rocketchat: RocketChatStandIn
) -> None:
    wanted = settings(gotify_target(gotify), slack_target(), chat_target())
    deliveries = dispatcher(wanted, secrets(slack, rocketchat)).notify("failed", NEWS)
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
    assert [item.target for item in sender.notify("started", NEWS)] == ["ops"]
    assert [item.target for item in sender.notify("rolled back", NEWS)] == ["phone", "ops"]
    assert len(gotify.received) == 1


def test_without_targets_nothing_happens() -> None:
    sender = Dispatcher(FleetSettings(), {})
    assert sender.notify("failed", NEWS) == []
    assert sender.send_to_all(Message("t", "t", "t", 2)) == []


def test_a_server_in_trouble_is_asked_again(slack: SlackStandIn) -> None:
    slack.answers = [(503, {}, "later"), (429, {"Retry-After": "0"}, "slowly")]
    (delivery,) = dispatcher(settings(slack_target()), secrets(slack)).notify("done", NEWS)
    assert delivery == Delivery("ops", "slack", True, "", 3)


def test_after_four_attempts_it_gives_up(slack: SlackStandIn) -> None:
    slack.answers = [(500, {}, "trouble")] * 9
    (delivery,) = dispatcher(settings(slack_target()), secrets(slack)).notify("done", NEWS)
    assert delivery == Delivery("ops", "slack", False, "answered 500: trouble", 4)
    assert len(slack.received) == 4


def test_a_final_answer_is_not_repeated(slack: SlackStandIn) -> None:
    known = {"OPS_WEBHOOK": Secret(slack.url + "/services/canary-gone")}
    (delivery,) = dispatcher(settings(slack_target()), known).notify("done", NEWS)
    assert not delivery.ok
    assert delivery.attempts == 1
    assert "canary" not in str(delivery)
    assert len(slack.received) == 1


def test_retry_after_is_respected() -> None:
    asked = NotifyFailed("answered 429", retryable=True, retry_after=0.4)
    target = Scripted(asked)
    (delivery,) = dispatcher(settings(slack_target()), {}, make=target).notify("done", NEWS)
    assert delivery.ok
    assert target.times[1] - target.times[0] >= 0.4


def test_a_pause_longer_than_the_time_that_is_left_is_not_waited_for() -> None:
    asked = NotifyFailed("answered 429", retryable=True, retry_after=3600)
    sender = dispatcher(settings(slack_target()), {}, make=Scripted(asked))
    (delivery,) = sender.notify("done", NEWS, within=60)
    assert not delivery.ok
    assert delivery.reason == "answered 429; no time is left for another attempt"


def test_one_slow_target_does_not_hold_up_the_others(slack: SlackStandIn) -> None:
    silent = SlackStandIn(held=True)
    with silent:
        wanted = settings(slack_target(name="slow", url_secret="SLOW"), slack_target())
        known = {**secrets(slack), "SLOW": Secret(silent.url + silent.path)}
        sender = dispatcher(wanted, known, attempt_seconds=30.0)
        slow, quick = sender.notify("failed", NEWS, within=1.0)
    assert quick.ok
    assert not slow.ok


def test_whatever_a_notifier_raises_never_reaches_the_run() -> None:
    target = Scripted(RuntimeError("canary-secret"))
    sender = dispatcher(settings(slack_target()), {}, make=target)
    (delivery,) = sender.notify("failed", NEWS)
    assert delivery.reason == "internal error (RuntimeError)"


def test_an_odd_summary_still_gives_a_message() -> None:
    target = Scripted()
    odd = RunNews(run="r1", hosts=5)  # type: ignore[arg-type] # a fault of ours
    (delivery,) = dispatcher(settings(slack_target()), {}, make=target).notify("failed", odd)
    assert delivery.ok
    assert "r1" in target.sent[0].text


def test_what_does_not_arrive_in_time_says_what_was_in_the_way() -> None:
    sender = dispatcher(settings(slack_target()), {}, make=Scripted(LATER, threading.Event()))
    (delivery,) = sender.notify("failed", NEWS, within=0.3)
    assert delivery.reason == "answered 503; did not arrive in time"


def test_a_secret_that_a_server_repeats_is_not_told(gotify: GotifyStandIn) -> None:
    known = {"TOKEN": Secret("canary-not-this-one")}
    (delivery,) = dispatcher(settings(gotify_target(gotify)), known).notify("failed", NEWS)
    assert "not ••••" in delivery.reason
    assert "canary" not in str(delivery)
