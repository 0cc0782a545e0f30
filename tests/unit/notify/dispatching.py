"""Targets, a dispatcher and a notifier that does what it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from bunker.fleet.settings import FleetSettings
from bunker.masking import Secret
from bunker.notify import Dispatcher, Message, Notifier, NotifyFailed, RunNews
from bunker.outcomes import HostOutcome
from tests.unit.notify.stand_ins import RocketChatStandIn, SlackStandIn, StandIn

NEWS = RunNews(
    run="r1",
    kind="upgrade",
    fleet="production",
    hosts={"north": HostOutcome(outcome="failed", message="disk full")},
)


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
    defaults = {"pauses": (0.01, 0.01, 0.01), "attempt_seconds": 3.0}
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
