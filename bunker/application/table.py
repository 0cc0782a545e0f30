"""The environment table: every key of the application's ``.env``, in the order it is written.

It is `environment.csv`, a line for each key:

- ``type``: what a value looks like, see :class:`ValueType`.
- ``default``: of a plain key; a name in braces stands for what :data:`DERIVED` makes of the host.
- ``origin``: where a secret comes from, see :data:`Origin`; empty for a plain key.
- ``feature``: the feature that needs the key; empty for the core.
- ``required``: the key must have a value while its feature is on.
- ``governed_by``: the part of the host's file that decides the value, so that it cannot be set
  under ``environment`` as well.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from bunker.application.features import FEATURES, REPORTING
from bunker.application.value_types import ValueType

if TYPE_CHECKING:
    from bunker.fleet.models import Host

_FILE: Final = Path(__file__).with_name("environment.csv")

Origin = Literal["", "password", "hex", "external", "derived"]
"""``password`` and ``hex`` are generated once per host (32 characters ``[A-Za-z0-9_-]``, which need
no quoting anywhere, or 64 hexadecimal digits), ``external`` is handed out by a third party,
``derived`` is put together from other keys and need not be in the vault."""


@dataclass(frozen=True)
class HostIds:
    """Numeric ids on the host that containers run with and write files as."""

    user_id: int = 1000
    group_id: int = 1000
    docker_group_id: int = 999


@dataclass(frozen=True)
class Context:
    """What a default may be derived from; ``features`` holds every one, resolved to on or off."""

    host: Host
    features: Mapping[str, bool]
    profiles: tuple[str, ...]
    ids: HostIds


def _switch(feature: str, context: Context) -> str:
    return str(context.features[feature]).lower()


DERIVED: Final[Mapping[str, tuple[str, Callable[[Context], str]]]] = {
    "domain": ("DOMAIN", lambda context: context.host.domain),
    "label": (
        "the host's label, else its name",
        lambda context: context.host.label or context.host.name,
    ),
    "timezone": ("the host's time zone", lambda context: context.host.base.timezone),
    "user_id": ("id of the deploy user", lambda context: str(context.ids.user_id)),
    "group_id": ("group id of the deploy user", lambda context: str(context.ids.group_id)),
    "docker_group_id": ("id of the docker group", lambda context: str(context.ids.docker_group_id)),
    "profiles": (
        "profiles of the features that are on",
        lambda context: ",".join(context.profiles),
    ),
    "mail_host": (
        "mailhog while mail is off",
        lambda context: "" if context.features["mail"] else "mailhog",
    ),
    "mail_port": (
        "587; 1025 while mail is off",
        lambda context: "587" if context.features["mail"] else "1025",
    ),
    "mail_test_mode": (
        "true while mail is off",
        lambda context: str(not context.features["mail"]).lower(),
    ),
    **{one.name: (f"features: {one.name}", partial(_switch, one.name)) for one in FEATURES},
    REPORTING.name: ("true on tier 2", partial(_switch, REPORTING.name)),
}
"""What a name in a default stands for: in words, and of a host."""


@dataclass(frozen=True)
class Variable:
    """One key. ``group`` is the heading that it stands under in the documentation."""

    group: str
    key: str
    type: ValueType
    default: str
    origin: Origin
    feature: str
    required: bool
    governed_by: str
    meaning: str

    @property
    def default_text(self) -> str:
        """How a derived default is made, in words; empty for a fixed one."""
        words = {name: text for name, (text, _of) in DERIVED.items()}
        return self.default.format_map(words) if "{" in self.default else ""

    @property
    def generated(self) -> bool:
        """Whether the value is a secret that is generated once per host."""
        return self.origin in ("password", "hex")

    @property
    def length(self) -> int:
        """Characters of a generated value."""
        return 64 if self.origin == "hex" else 32

    @property
    def alphabet(self) -> Literal["urlsafe", "hex"]:
        """What a generated value is made of."""
        return "hex" if self.origin == "hex" else "urlsafe"


def _read() -> dict[str, Variable]:
    with _FILE.open(newline="", encoding="utf-8") as file:
        return {
            row["key"]: Variable(
                **row | {"type": ValueType(row["type"]), "required": row["required"] == "yes"}
            )
            for row in csv.DictReader(file)
        }


TABLE: Final = _read()
SECRET_KEYS: Final = frozenset(key for key, row in TABLE.items() if row.origin)
PUBLIC_KEYS: Final = frozenset(TABLE) - SECRET_KEYS
SECRET_SPECS: Final = tuple(row for row in TABLE.values() if row.origin not in ("", "derived"))
"""Those that a vault holds."""


def _database_url(values: Mapping[str, str]) -> str:
    user, password, database = (
        quote(values[f"V2_POSTGRES_{part}"], safe="") for part in ("USER", "PASSWORD", "DB")
    )
    return f"postgresql://{user}:{password}@v2-postgres:5432/{database}"


def _redis_url(values: Mapping[str, str]) -> str:
    return f"redis://:{quote(values['REDIS_PASSWORD'], safe='')}@redis:6379"


DERIVED_SECRETS: Final = {"DATABASE_URL": _database_url, "REDIS_URL": _redis_url}
"""How each is put together from the values of the others."""
