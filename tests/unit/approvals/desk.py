"""Three operators, one of whom starts something."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bunker.approvals import Approval, ApprovalSubject, require_approval
from bunker.approvals.approval import give_approval
from bunker.approvals.requests import read_request, write_request
from bunker.errors import BunkerError
from bunker.fleet.settings import FleetSettings

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
SUBJECT = ApprovalSubject(
    fleet="production",
    kind="rollout",
    hosts=("north-1", "east-1"),
    ref="v2.1.0",
    commits={"north-1": "a" * 40, "east-1": "a" * 40},
    arguments={"soak": "1800", "reboot": ""},
    inputs={"north-1": "c" * 64, "east-1": "d" * 64},
    asked_by="anna@desk",
)


@dataclass(frozen=True)
class Desk:
    """Three operators with a key each; anna starts, bob and carol may approve."""

    root: Path
    anna: Path
    bob: Path
    carol: Path
    settings: FleetSettings

    def require(self, file: Path | None = None, **more: Any) -> Approval | None:
        values: dict[str, Any] = {"starter_key": self.anna, "now": NOW, **more}
        groups = values.pop("groups", ["all", "careful"])
        subject = values.pop("subject", SUBJECT)
        return require_approval(self.root, self.settings, groups, subject, file, **values)

    def approve(self, key: Path, subject: ApprovalSubject = SUBJECT, **more: Any) -> Path:
        request = read_request(self.root, str(write_request(self.root, subject)))
        return give_approval(request, key, self.settings, **{"now": NOW, **more}).file


def make_key(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name}@example"]
    subprocess.run([*words, "-f", str(folder / name)], check=True)
    return folder / name


def refusal(desk: Desk, file: Path | None = None, **more: Any) -> str:
    with pytest.raises(BunkerError) as caught:
        desk.require(file, **more)
    return str(caught.value)
