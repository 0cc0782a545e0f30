"""What a worker applies to hosts, and what has to be known for it beforehand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bunker.role import named
from deploys.roles import KINDS

if TYPE_CHECKING:
    from bunker.fleet.models import Host

WHOLE_HOST: Final = "deploys.whole_host:whole_host"
"""The role that brings a host to all that its file says, or to the parts that were asked for."""
ROLLBACK: Final = "deploys.rollback:rollback"
"""The role that brings an instance to an earlier generation."""


@dataclass(frozen=True)
class Work:
    """One role as ``module:function``, and what it is told besides its host.

    ``parts`` limits the whole host to some of its roles. ``ref`` takes the place of the ref in the
    host's file, ``settings`` (PATH=VALUE) that of values of its ``set``. ``application`` is the
    only one that this is about; empty: all. ``one``: it can be about one alone, so that it has to
    be named where a host has several. ``secrets``: a role of its own that writes or reads them.
    ``downgrade``: older code may take the place of newer. ``urgent``: it is done although files of
    other hosts have faults.
    """

    role: str = WHOLE_HOST
    data: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    ref: str | None = None
    settings: tuple[str, ...] = ()
    application: str = ""
    one: bool = False
    secrets: bool = False
    downgrade: bool = False
    urgent: bool = False

    @property
    def host_data(self) -> dict[str, Any]:
        """What the role finds in its host's data."""
        more = {"bunker_application": self.application} if self.application else {}
        more |= {"bunker_allow_downgrade": "yes"} if self.downgrade else {}
        return {**self.data, **more}

    @property
    def asks(self) -> bool:
        """Whether something else is asked for than what the host's file says of an application."""
        return bool(self.ref or self.settings)

    @property
    def of_applications(self) -> bool:
        """Whether it is about nothing else of a host than applications."""
        tags = {tag for role in KINDS.values() for tag in role.tags}
        parts = self.parts and tags.issuperset(self.parts)
        return bool(self.application or parts) or self.role == ROLLBACK

    @property
    def about(self) -> str:
        """The parts of a host that this is about, such as ``role env``; empty: all."""
        whose = f" for the application {self.application!r}" if self.application else ""
        return f"role {' or '.join(self.parts)}{whose}" if self.parts else ""

    def concerns(self, host: Host) -> bool:
        """Whether a host has any of those parts."""
        # Named, so that the registry of kinds costs nothing.
        rooms = named("bunker.applications.of_host:rooms_of")(host)
        tags = {
            tag
            for role, view in rooms
            if not role.port or self.application in ("", view.application.name)
            for tag in role.tags
        }
        return not self.parts or not tags.isdisjoint(self.parts)

    @property
    def needs_code(self) -> bool:
        """Whether a commit is brought to the hosts, so that the git server has to be asked."""
        whole_host = self.role == WHOLE_HOST
        return whole_host and (not self.parts or bool(set(CODE) & set(self.parts)))

    @property
    def needs_secrets(self) -> bool:
        """Whether secrets have to be decrypted."""
        return self.secrets or self.needs_code or "env" in self.parts


CODE: Final = tuple(KINDS)
"""The parts of a host that bring code."""
EVERYTHING: Final = Work()
"""All that a host's file says."""


def rollback(
    *, to: str = "", restore: bool = False, of_run: str = "", application: str = ""
) -> Work:
    """Roll back to generation ``to``; empty: the one before, or what ran before ``of_run``."""
    data = {
        "bunker_to": to,
        "bunker_restore": "yes" if restore else "",
        "bunker_of_run": of_run,
    }
    once = not of_run
    return Work(ROLLBACK, data, secrets=True, application=application, one=once, urgent=True)
