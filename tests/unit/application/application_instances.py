"""Hosts and vaults that the application tests share."""

from __future__ import annotations

from typing import Any

from bunker.application.table import SECRET_SPECS
from bunker.fleet.models import Host
from bunker.masking import Secret


def make_host(**changes: Any) -> Host:
    fields = {
        "name": "north",
        "address": "10.20.0.1",
        "domain": "north.example.org",
        "groups": ["changemaker"],
    } | changes
    return Host(**fields)


def generated_secrets(**changes: str) -> dict[str, Secret]:
    """Every generated secret, each recognisable and of the right length and alphabet."""
    secrets = {}
    for number, spec in enumerate(SECRET_SPECS):
        if spec.generated:
            secrets[spec.key] = Secret(f"{number:04x}".ljust(spec.length, "e"))
    return secrets | {key: Secret(value) for key, value in changes.items()}
