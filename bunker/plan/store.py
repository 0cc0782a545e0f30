"""Saved plans: written with a seal, read back exactly or refused."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunker.errors import BunkerError, PlanStale
from bunker.files import MEBIBYTE, check_output, read_json, write_output
from bunker.json_form import JsonForm
from bunker.plan.changes import HostPlan
from bunker.secrets import operator_mac_key

FORMAT = 1
WHAT = "plan"
PARTS = frozenset(("format", "seal", "fleet", "tags_wanted", "ref", "commits", "plans"))
MOST_BYTES = 256 * MEBIBYTE
"""A plan of 200 hosts has every line of every file that changes."""


@dataclass(frozen=True)
class SavedPlan(JsonForm):
    """A fleet's plan as a file holds it. Secrets are in it only as keyed fingerprints."""

    fleet: str
    tags_wanted: tuple[str, ...]
    plans: tuple[HostPlan, ...]
    commits: Mapping[str, str]
    ref: str | None = None
    """The ref that was asked for instead of the host files' own; it is asked for again."""
    application: str = ""
    """The only one that it is about; empty: all."""
    settings: tuple[str, ...] = ()
    """The values of ``set`` that were asked for, as PATH=VALUE."""
    downgrade: bool = False
    """Whether older code may take the place of newer."""


def write_plan(file: Path, plan: SavedPlan) -> None:
    """Write a plan atomically, readable by its owner only.

    Raises BunkerError where anything but an earlier plan of this operator stands there.
    """
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    content = {"format": FORMAT, "created": created, **plan.to_json()}
    content["seal"] = _seal(content)
    text = json.dumps(content, ensure_ascii=False, indent=2)
    write_output(file, text.encode(), WHAT, _is_ours)


def check_file(file: Path) -> None:
    """Raises BunkerError where :func:`write_plan` could not write: asked before any host is."""
    check_output(file, WHAT, _is_ours)


def load_plan(file: Path) -> SavedPlan:
    """Read a plan; one that was edited or made with another operator's key is refused."""
    remedy = "Make one with invoke plan --out"
    try:
        content = read_json(file, most=MOST_BYTES)
    except FileNotFoundError:
        raise BunkerError("there is no such plan", where=str(file), remedy=remedy) from None
    except BunkerError as error:
        problem, place = f"this is not a saved plan: {error.problem}", error.where
        raise BunkerError(problem, where=place, remedy=remedy) from None
    if not isinstance(content, dict) or not content.keys() >= PARTS:
        raise BunkerError("this is not a saved plan", where=str(file), remedy=remedy)
    seal, form = str(content.pop("seal")), content["format"]
    if form != FORMAT or not hmac.compare_digest(seal.encode(), _seal(content).encode()):
        raise PlanStale(
            "the plan was edited, or saved by another operator or version",
            where=str(file),
            remedy="Make a new one with invoke plan --out",
        )
    return SavedPlan.from_json(content)


def plan_hash(plans: Iterable[HostPlan]) -> str:
    """SHA-256 over all that these plans say, in hexadecimal; the order of hosts does not count.

    A saved plan and the plan it was read back as have the same hash. The fingerprints in a plan
    are keyed, so another operator's plan of the same changes has another hash.
    """
    content = sorted((plan.to_json() for plan in plans), key=lambda plan: str(plan["host"]))
    return hashlib.sha256(_canonical(content)).hexdigest()


def _is_ours(file: Path) -> bool:
    """Whether this operator saved it: only then may another plan take its place."""
    try:
        load_plan(file)
    except (BunkerError, FileNotFoundError):
        return False
    return True


def _seal(content: Mapping[str, Any]) -> str:
    return hmac.new(operator_mac_key(), _canonical(content), hashlib.sha256).hexdigest()


def _canonical(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
