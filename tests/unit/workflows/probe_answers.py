"""What a host answers when it is asked for its state, as tests need it."""

from __future__ import annotations

import base64
import json
from typing import Any

from bunker.applications.of_host import application_of
from bunker.fleet.models import Host
from bunker.workflows.probe import Probe, question_of, read_probe

HOST = Host.model_validate(
    {
        "name": "north",
        "address": "192.0.2.1",
        "domain": "north.example.org",
        "groups": ["changemaker"],
    }
)
API = question_of(application_of(HOST))
GENERATION = {
    "number": 3,
    "time": "2026-11-20T14:02:11Z",
    "ref": "v2",
    "commit": "4f2a91c0" * 5,
    "images": {},
}


def answer(
    health: str,
    containers: str = "",
    generation: Any = GENERATION,
    *,
    applied: bool = True,
    checkout: str = "",
    upgrade: str = "",
    wrong: str = "",
) -> str:
    encoded = base64.b64encode(json.dumps(generation).encode()).decode() if generation else ""
    return (
        "@@bunker uptime\n93784\n@@bunker disk\n4000 6000\n"
        f"@@bunker placed\nbase\n@@bunker wrong\n{wrong}"
        f"@@bunker generation\n{encoded}\n@@bunker applied\n{'applied' if applied else ''}\n"
        f"{upgrade}@@bunker checkout\n{checkout}\n@@bunker containers\n{containers}"
        f"@@bunker health\n{health}\n@@bunker end\n"
    )


def probe(health: str, containers: str = "", generation: Any = GENERATION) -> Probe:
    return read_probe("north", answer(health, containers, generation), API)


def encoded(code: int, body: object) -> str:
    return f"{code:03} {base64.b64encode(json.dumps(body).encode()).decode()}"


HEALTHY = encoded(200, {"status": "ok"})
UP = "api|running|healthy|0|-|api-1|Up (healthy)\nredis|running|healthy|0|-|redis-1|Up (healthy)\n"
