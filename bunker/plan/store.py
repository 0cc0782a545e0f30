"""Saved plans: written with a seal, read back exactly or refused."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunker.errors import BunkerError, PlanStale
from bunker.plan.changes import HostPlan

FORMAT = 1


@dataclass(frozen=True)
class SavedPlan:
    """A fleet's plan as a file holds it. Secrets are in it only as keyed fingerprints."""

    fleet: str
    tags_wanted: tuple[str, ...]
    plans: tuple[HostPlan, ...]
    commits: Mapping[str, str]
    ref: str | None = None
    """The ref that was asked for instead of the host files' own; it is asked for again."""


def write_plan(file: Path, plan: SavedPlan) -> None:
    """Write a plan atomically, readable by its owner only."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "fleet": plan.fleet,
        "tags_wanted": list(plan.tags_wanted),
        "ref": plan.ref,
        "commits": dict(plan.commits),
        "plans": [host.to_json() for host in plan.plans],
    }
    content["seal"] = _seal(content)
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            json.dump(content, handle, ensure_ascii=False, indent=2)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise BunkerError(
            f"the plan cannot be written: {error.strerror}", where=str(file)
        ) from None


def load_plan(file: Path) -> SavedPlan:
    """Read a plan; one that was edited or made with another operator's key is refused."""
    try:
        content = json.loads(file.read_text())
        seal = content.pop("seal")
        form = content["format"]
    except FileNotFoundError:
        raise BunkerError(
            "there is no such plan", where=str(file), remedy="Make one with invoke plan --out"
        ) from None
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        raise BunkerError(
            "this is not a saved plan", where=str(file), remedy="Make one with invoke plan --out"
        ) from None
    if form != FORMAT or not hmac.compare_digest(str(seal), _seal(content)):
        raise PlanStale(
            "the plan was edited, or saved by another operator or version",
            where=str(file),
            remedy="Make a new one with invoke plan --out",
        )
    return SavedPlan(
        fleet=content["fleet"],
        tags_wanted=tuple(content["tags_wanted"]),
        plans=tuple(HostPlan.from_json(plan) for plan in content["plans"]),
        commits=content["commits"],
        ref=content["ref"],
    )


def _seal(content: Mapping[str, Any]) -> str:
    from bunker.secrets import operator_mac_key  # noqa: PLC0415 - only for saved plans

    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hmac.new(operator_mac_key(), text.encode(), hashlib.sha256).hexdigest()
