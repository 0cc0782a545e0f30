"""Gotify, Slack and Rocket.Chat: what they receive, and what their answers mean."""

from __future__ import annotations

import logging
import socket
import time
import traceback
from email.utils import formatdate

import pytest

from bunker.fleet.notification_targets import GotifyTarget, RocketChatTarget, SlackTarget
from bunker.masking import Secret
from bunker.notify import Message, NotifyFailed
from bunker.notify.targets import (
    GotifyNotifier,
    RocketChatNotifier,
    SlackNotifier,
    notifier_for,
)
from tests.unit.notify.stand_ins import GotifyStandIn, RocketChatStandIn, SlackStandIn, StandIn

MESSAGE = Message("production: upgrade failed", "2 failed", "- **2 failed**: `north`  ", 8)


def gotify_at(server: StandIn, token: str = GotifyStandIn.token) -> GotifyNotifier:
    target = GotifyTarget(name="phone", url=server.url, token_secret="TOKEN")
    return GotifyNotifier(target, Secret(token))


def slack_at(server: StandIn, path: str = SlackStandIn.path) -> SlackNotifier:
    return SlackNotifier(Secret(server.url + path))


def rocketchat_at(server: StandIn, path: str = RocketChatStandIn.path) -> RocketChatNotifier:
    return RocketChatNotifier(Secret(server.url + path))


def failure(notifier: GotifyNotifier | SlackNotifier | RocketChatNotifier) -> NotifyFailed:
    with pytest.raises(NotifyFailed) as caught:
        notifier.send(MESSAGE, seconds=2)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(notifier)
    assert "canary" not in told
    assert caught.value.__context__ is None
    return caught.value


def test_gotify_gets_the_token_in_a_header_and_markdown(gotify: GotifyStandIn) -> None:
    gotify_at(gotify).send(MESSAGE)
    (request,) = gotify.received
    assert request.path == "/message"
    assert request.headers["X-Gotify-Key"] == gotify.token
    assert request.body == {
        "title": MESSAGE.title,
        "message": MESSAGE.markdown,
        "priority": 8,
        "extras": {"client::display": {"contentType": "text/markdown"}},
    }


def test_a_long_message_that_gotify_repeats_in_its_answer_is_delivered(
    gotify: GotifyStandIn,
) -> None:
    gotify_at(gotify).send(Message("t", "", "ü" * 5000))


def test_slack_gets_its_own_dialect_and_nobody_is_called(slack: SlackStandIn) -> None:
    slack_at(slack).send(Message("t", "", "**bold** <!channel> & `a`"))
    assert slack.received[0].body == {"text": "*t*\n*bold* &lt;!channel&gt; &amp; `a`"}


def test_rocketchat_gets_markdown_of_a_size_that_it_takes(rocketchat: RocketChatStandIn) -> None:
    rocketchat_at(rocketchat).send(MESSAGE)
    rocketchat_at(rocketchat).send(Message("t", "", "x" * 9000))
    assert rocketchat.texts[0] == f"**{MESSAGE.title}**\n{MESSAGE.markdown}"
    assert rocketchat.texts[1].endswith("…")


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("canary-wrong", "answered 401: "),
        ("C-only-reads", "answered 403: "),
    ],
)
def test_a_refused_gotify_token_is_final(gotify: GotifyStandIn, token: str, reason: str) -> None:
    found = failure(gotify_at(gotify, token))
    assert reason in found.reason
    assert not found.retryable


def test_a_request_that_gotify_does_not_take_is_final(gotify: GotifyStandIn) -> None:
    with pytest.raises(NotifyFailed, match="Field 'message' is required") as caught:
        gotify_at(gotify).send(Message("", "", ""))
    assert not caught.value.retryable


def test_an_unknown_webhook_is_final_and_its_address_is_not_repeated(
    slack: SlackStandIn, rocketchat: RocketChatStandIn
) -> None:
    found = failure(slack_at(slack, "/services/T1/canary-unknown"))
    assert found.reason == "answered 404: no_service at ••••"
    assert not found.retryable
    found = failure(rocketchat_at(rocketchat, "/hooks/6523/canary-unknown"))
    assert "Invalid integration id or token ••••" in found.reason
    assert not found.retryable


def test_a_server_of_the_other_kind_does_not_count_as_delivered(
    gotify: GotifyStandIn, slack: SlackStandIn, rocketchat: RocketChatStandIn
) -> None:
    slack.path = rocketchat.path = "/hook"
    slack.answers = [(200, {}, "ok")] * 3
    rocketchat.answers = [(200, {}, '{"success":true}')] * 3
    for wrong in (
        gotify_at(slack),
        gotify_at(rocketchat),
        slack_at(rocketchat),
        rocketchat_at(slack),
    ):
        assert not failure(wrong).retryable


@pytest.mark.parametrize("body", ["", "[]", "null", '"id"', "<html>", "[" * 5000])
def test_an_answer_that_is_none_is_final(gotify: GotifyStandIn, body: str) -> None:
    gotify.answers = [(200, {}, body)] * 3
    assert not failure(gotify_at(gotify)).retryable
    assert not failure(rocketchat_at(gotify)).retryable
    assert not failure(slack_at(gotify)).retryable


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_server_in_trouble_may_be_asked_again(slack: SlackStandIn, status: int) -> None:
    slack.answers = [(status, {"Retry-After": "7"}, "later")]
    found = failure(slack_at(slack))
    assert found.retryable
    assert found.retry_after == 7


def test_retry_after_may_be_a_date(slack: SlackStandIn) -> None:
    slack.answers = [(429, {"Retry-After": formatdate(time.time() + 100, usegmt=True)}, "")]
    assert 50 < (failure(slack_at(slack)).retry_after or 0) <= 100
    slack.answers = [(429, {"Retry-After": "soon"}, "")]
    assert failure(slack_at(slack)).retry_after is None


def test_a_redirect_is_not_followed(gotify: GotifyStandIn, slack: SlackStandIn) -> None:
    gotify.answers = [(307, {"Location": f"{slack.url}/message"}, "")]
    assert not failure(gotify_at(gotify)).retryable
    assert slack.received == []


def test_nobody_at_the_address_may_be_asked_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        server = StandIn(port=taken.getsockname()[1])
        found = failure(slack_at(server))
    assert found.retryable
    assert found.reason.startswith("cannot be reached: ")


def test_a_server_that_keeps_silent_may_be_asked_again(slack: SlackStandIn) -> None:
    slack.held = True
    with pytest.raises(NotifyFailed, match="gave no answer within") as caught:
        slack_at(slack).send(MESSAGE, seconds=0.3)
    assert caught.value.retryable


def test_a_huge_answer_is_not_read_to_its_end(slack: SlackStandIn) -> None:
    slack.answers = [(400, {}, "x" * 5_000_000)]
    assert len(failure(slack_at(slack)).reason) < 200


def test_an_answer_cannot_steer_the_terminal(slack: SlackStandIn) -> None:
    slack.answers = [(400, {}, "\x1b[2Jgone\r\nsecond")]
    assert "\x1b" not in failure(slack_at(slack)).reason


def test_a_token_that_no_header_can_hold_is_final_and_not_repeated(gotify: GotifyStandIn) -> None:
    for token in ("canary\nX: y", "canary\r\nX: y", "canary\0"):
        assert not failure(gotify_at(gotify, token)).retryable
    assert gotify.received == []


@pytest.mark.parametrize(
    "value", ["hooks.example.org/canary", "ftp://h/canary", "https:///canary", "http://[canary"]
)
def test_a_secret_that_is_no_address_is_named_and_not_shown(value: str) -> None:
    for target in (
        SlackTarget(name="ops", url_secret="OPS_WEBHOOK"),
        RocketChatTarget(name="ops", url_secret="OPS_WEBHOOK"),
    ):
        with pytest.raises(NotifyFailed) as caught:
            notifier_for(target, {"OPS_WEBHOOK": Secret(value)})
        assert caught.value.reason == "the secret OPS_WEBHOOK is no https:// address"


def test_a_missing_secret_says_how_it_is_stored() -> None:
    target = SlackTarget(name="ops", url_secret="OPS_WEBHOOK")
    with pytest.raises(NotifyFailed, match=r"run `invoke notify\.secret OPS_WEBHOOK`"):
        notifier_for(target, {})


def test_no_address_and_no_token_is_logged(
    slack: SlackStandIn, gotify: GotifyStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        slack_at(slack).send(MESSAGE)
        gotify_at(gotify).send(MESSAGE)
    said = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "canary" not in said
