"""The Changemaker stack of one instance: what it adds to what all Compose projects share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pyinfra.api.deploy import deploy

from bunker.application.contradictions import contradictions
from bunker.application.services import SERVICES_BY_NAME
from bunker.application.table import HostIds
from bunker.applications.of_host import secrets_of
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.ops.context import current_secrets, current_system
from bunker.ops.instance import InstanceState
from bunker.ops.logins import read_logins
from bunker.ops.recorder import recorder
from deploys.base.logins import login_of
from deploys.changemaker.bundles import changemaker_bundle
from deploys.changemaker.database import check_database
from deploys.stack.deploy import deploy_stack
from deploys.stack.gate import gate_after_boot
from deploys.stack.rollback import roll_back_stack
from deploys.stack.stack import Phase, Stack


def _check(host: Host, instance: InstanceState) -> Iterator[BunkerError]:
    return check_database(host, instance.database, instance.generation, instance.layout)


CHANGEMAKER: Final = Stack(
    part="changemaker",
    folder=Path(__file__).parent / "scripts",
    bundle=changemaker_bundle,
    phases=(
        Phase("database and cache", ("data",)),
        Phase("migrate", ("migrate",), migrates=True),
        Phase("seed where empty", ("seed",)),
        Phase("bring up services", ("swap", "reload", "up")),
    ),
    files=lambda _host: ("docker-compose.yml",),
    check=_check,
    rebuilt=("api", "admin", "media-api"),
    services=tuple(SERVICES_BY_NAME),
    data=frozenset({"v2-postgres", "redis"}),
    probed=True,
    migrates=True,
)


@deploy("changemaker")
def changemaker(host: Host) -> None:
    """Declare the stack of one instance."""
    secrets = secrets_of(host, current_secrets())
    system = current_system()
    login = login_of(host, read_logins(system.found))
    ids = HostIds(login.uid, login.gid, system.engine.group_id)
    bundle = changemaker_bundle(host, secrets, ids)
    for text in contradictions(host, secrets):
        recorder().note(host.application.name, text)
    deploy_stack(CHANGEMAKER, host, bundle)


def gate(host: Host) -> str:
    """The script that waits after a boot until one instance is healthy."""
    return gate_after_boot(CHANGEMAKER, host)


def roll_back(host: Host) -> None:
    """Roll one instance back, or refuse with the choice that is left."""
    roll_back_stack(CHANGEMAKER, host)
