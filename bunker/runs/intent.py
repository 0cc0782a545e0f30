"""A change that an operator asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunker.journal.records import AT_ONCE, Pace
from bunker.runs.kind import Kind
from bunker.workflows.request import DeployRequest


@dataclass(frozen=True)
class Intent:
    """A change that an operator asked for, and how it is to go through the hosts.

    ``request`` says which hosts, and has the work that ``kind`` does with these ``arguments``.
    """

    request: DeployRequest
    kind: Kind
    arguments: Any
    pace: Pace = AT_ONCE
    wait_seconds: float = 0
    approval_file: Path | None = None
    retry_of: str | None = None
    detach: bool = False
