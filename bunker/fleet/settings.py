"""What holds for a fleet as a whole: rollouts, policies, approvers and notifications.

The optional file `inventories/FLEET/fleet.settings.yaml`; without it every default holds.
"""

import datetime
import re
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    field_validator,
)

from bunker.duration import EXPECTED, parse_duration
from bunker.errors import BunkerError, refuse
from bunker.files import read_text
from bunker.fleet.explain import explain
from bunker.fleet.loader import HOST_FILE_BYTES, SETTINGS_FILE
from bunker.fleet.merge import Layer
from bunker.fleet.notification_targets import (
    EVENTS,
    Event,
    NotificationTarget,
    Target,
    at_least_one,
)
from bunker.fleet.yaml_file import read_document
from bunker.values import GroupName, PublicKey, Section, TimeZone, Word, no_boolean, number

__all__ = [
    "EVENTS",
    "SETTINGS_FILE",
    "Event",
    "FleetSettings",
    "NotificationTarget",
    "Policy",
    "RolloutSettings",
    "Window",
    "approver_name",
    "load_settings",
]

MOST_HOSTS = 1_000_000
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _seconds(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"expected {EXPECTED}")
    try:
        return parse_duration(str(value))
    except BunkerError:
        raise ValueError(f"expected {EXPECTED}") from None


def _batch(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_HOSTS
    part = isinstance(value, str) and re.fullmatch(r"([1-9][0-9]?|100)%", value)
    if whole or part:
        return value
    raise ValueError("expected a number of hosts such as 5, or a part of them such as 25%")


Seconds = Annotated[
    int,
    BeforeValidator(_seconds),
    WithJsonSchema({"type": ["integer", "string"], "pattern": r"^([0-9]+[dhms]?)+$"}),
]
Batch = Annotated[
    int | str,
    BeforeValidator(_batch),
    WithJsonSchema(
        {"type": ["integer", "string"], "minimum": 1, "pattern": r"^([1-9][0-9]?|100)%$"}
    ),
]
Clock = Annotated[
    datetime.time,
    WithJsonSchema({"type": "string", "pattern": r"^([01]?[0-9]|2[0-3]):[0-5]?[0-9]$"}),
]
Ratio = Annotated[float, BeforeValidator(no_boolean), Field(allow_inf_nan=False)]


class RolloutSettings(Section):
    """How a change goes through the fleet: who first, how long to wait, when to stop."""

    canary_group: GroupName = "canary"
    """These hosts go first."""
    soak: Seconds = 30 * 60
    """Seconds to wait and watch after the canaries before the rest follows."""
    batch: Batch = "25%"
    """Hosts changed at a time after the canaries: a number, or a part of them."""
    max_fail: Annotated[int, *number(0, MOST_HOSTS)] = 0
    """Hosts that may fail or be unreachable in the whole rollout before it stops."""
    minimum_requests: Annotated[int, *number(1, 1_000_000_000)] = 50
    """Fewer requests than this while soaking prove nothing: the gate is inconclusive."""
    max_error_ratio: Ratio = Field(default=0.05, ge=0, le=1)
    """Answers with 5xx among all answers."""
    max_latency_factor: Ratio = Field(default=2.0, ge=1)
    """How much slower than before the change an answer may be."""


class Window(Section):
    """When changes may start: from ``start`` to ``end`` on the named days, local time.

    An ``end`` that is not after ``start`` is on the following day, so equal times are 24 hours;
    the day is the one on which the window opens.
    """

    model_config = ConfigDict(populate_by_name=True)

    days: Annotated[tuple[Day, ...], AfterValidator(at_least_one)] = get_args(Day)
    """On which changes may start."""
    start: Clock = Field(validation_alias="from")
    """The start, such as "14:00"."""
    end: Clock = Field(validation_alias="to")
    """The end, such as "17:00"; where it is not after the start, on the following day."""
    timezone: TimeZone = "UTC"
    """Time zone such as Europe/Berlin."""

    @field_validator("start", "end", mode="before")
    @classmethod
    def _clock(cls, value: Any) -> Any:
        if isinstance(value, datetime.time):
            return value
        try:
            return datetime.datetime.strptime(value, "%H:%M").time()
        except (TypeError, ValueError):
            raise ValueError('expected a time such as "14:00"') from None

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("expected a time zone such as Europe/Berlin") from None
        return value


class Policy(Section):
    """What a change of a group's hosts needs: a second person's approval, an open window."""

    approval: bool = False
    """Whether a second person has to approve."""
    window: Window | None = None
    """When changes may start; at any time where none is given."""


class FleetSettings(Section):
    """Everything that `fleet.settings.yaml` may say."""

    rollout: RolloutSettings = RolloutSettings()
    """How a change goes through the fleet."""
    policies: dict[Word, Policy] = Field(default_factory=dict)
    """By group; ``all`` and the fleet's own name stand for every host."""
    approvers: tuple[PublicKey, ...] = ()
    """Public SSH keys of those who may approve; each one's comment is its owner's name."""
    notifications: tuple[NotificationTarget, ...] = ()
    """Who hears of runs."""

    @field_validator("approvers")
    @classmethod
    def _told_apart(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = [approver_name(line) for line in value]
        keys = [line.split()[1] for line in value]
        if not all(names):
            raise ValueError("expected a name as the last word of every key, such as ana@example")
        for words in (names, keys):
            # One person with two names would be two approvers.
            twice = sorted({names[words.index(word)] for word in words if words.count(word) > 1})
            if twice:
                raise ValueError(f"expected every name and key once; twice: {', '.join(twice)}")
        return value

    @field_validator("notifications")
    @classmethod
    def _names_once(cls, value: tuple[Target, ...]) -> tuple[Target, ...]:
        names = [target.name for target in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"expected every name once; twice: {', '.join(twice)}")
        return value


def approver_name(public_key: str) -> str:
    """Whose key this line is: its comment without blanks at the ends; empty where it has none."""
    parts = public_key.split(maxsplit=2)
    return parts[2].strip() if len(parts) == 3 else ""


def load_settings(fleet_folder: Path) -> FleetSettings:
    """The fleet's settings, checked; all defaults where the file is not there or says nothing.

    Raises Problems with everything that is wrong, each with file, line and key.
    """
    path = fleet_folder / SETTINGS_FILE
    where = f"inventories/{fleet_folder.name}/{SETTINGS_FILE}"
    try:
        text = read_text(path, where=where, most=HOST_FILE_BYTES)
    except FileNotFoundError:
        return FleetSettings()
    if all(line.strip()[:1] in ("", "#") for line in text.splitlines()):
        return FleetSettings()
    document = read_document(text, where)
    problems = list(document.problems)
    settings = FleetSettings()
    try:
        settings = FleetSettings.model_validate(document.data)
    except ValidationError as error:
        layer = Layer(document.data, document.place)
        problems += explain(error, (layer,), document.where, model=FleetSettings)
    refuse("the fleet's settings have problems", problems)
    return settings
