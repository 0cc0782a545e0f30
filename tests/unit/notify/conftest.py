"""The stand-ins as fixtures; no proxy of this machine stands between the tests and them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.notify.stand_ins import GotifyStandIn, RocketChatStandIn, SlackStandIn


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def gotify() -> Iterator[GotifyStandIn]:
    server = GotifyStandIn()
    with server:
        yield server


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    server = SlackStandIn()
    with server:
        yield server


@pytest.fixture
def rocketchat() -> Iterator[RocketChatStandIn]:
    server = RocketChatStandIn()
    with server:
        yield server
