"""What was stored for something that is off is said, not passed over."""

from __future__ import annotations

from typing import Any

import pytest

from bunker.application.contradictions import contradictions
from bunker.fleet.models import Host
from bunker.masking import Secret

STORED = {"SMTP_PASS": Secret("hunter2-canary")}
OFF = (
    "SMTP_PASS is stored and has no effect: features.mail is off"
    " (send real mail over SMTP; off: test mode, nothing leaves the host)"
)


def said(secrets: dict[str, Secret] | None = None, **more: Any) -> list[str]:
    host = Host.model_validate(
        {
            "name": "north",
            "address": "192.0.2.1",
            "domain": "north.example.org",
            "groups": ["changemaker"],
            **more,
        }
    )
    return list(contradictions(host, secrets or {}))


@pytest.mark.parametrize(
    ("secrets", "more", "sentences"),
    [
        ({}, {}, []),
        (STORED, {}, [OFF]),
        ({"SMTP_PASS": Secret("")}, {}, []),
        (STORED, {"features": {"mail": True}}, []),
        ({"GRAFANA_ADMIN_PASSWORD": Secret("made for every host")}, {}, []),
        ({"MAPBOX_API_KEY": Secret("needs no feature")}, {}, []),
        (
            {"PANGOLIN_NEWT_SECRET": Secret("x")},
            {},
            [
                "PANGOLIN_NEWT_SECRET is stored and has no effect: features.tunnel is off"
                " (reached through a Pangolin tunnel instead of an open port)"
            ],
        ),
        (
            {},
            {"environment": {"SMTP_HOST": "mail.example.org"}},
            [OFF.replace("SMTP_PASS is stored", "SMTP_HOST is set")],
        ),
        (
            STORED,
            {"features": {"mail": True}, "environment": {"EMAIL_TEST_MODE": "true"}},
            ["features.mail is on, and with EMAIL_TEST_MODE only the test recipient gets mail"],
        ),
    ],
)
@pytest.mark.promise("Settings that contradict each other are said before anything is changed")
def test_each_contradiction_is_a_sentence(
    secrets: dict[str, Secret], more: dict[str, Any], sentences: list[str]
) -> None:
    found = said(secrets, **more)
    assert found == sentences
    assert "hunter2" not in "".join(found)
