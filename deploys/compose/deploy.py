"""One Compose project of a host: what it adds to what all of them share."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pyinfra.api.deploy import deploy
from pyinfra.context import ctx_host

from bunker.applications.of_host import secrets_of
from bunker.fleet.models import Host
from bunker.folder_source import commit_of
from bunker.ops.context import current_secrets, current_system
from bunker.ops.logins import read_logins
from deploys.base.logins import login_of
from deploys.compose.files import compose_bundle, entry_of, registries_component
from deploys.stack.deploy import deploy_stack
from deploys.stack.gate import gate_after_boot
from deploys.stack.rollback import roll_back_stack
from deploys.stack.source import source_component
from deploys.stack.stack import Phase, Stack


def _files(host: Host) -> Sequence[str]:
    return entry_of(host).files


COMPOSE: Final = Stack(
    part="compose",
    folder=Path(__file__).parent / "scripts",
    bundle=compose_bundle,
    phases=(Phase("bring up services", ("swap", "reload", "up")),),
    files=_files,
)


@deploy("compose")
def compose(host: Host) -> None:
    """Declare one project."""
    entry, secrets = entry_of(host), secrets_of(host, current_secrets())
    bundle = compose_bundle(host, secrets)
    access = [registries_component(host, secrets)]
    code = None
    if entry.folder:
        fleet = Path(ctx_host.get().data.bunker_fleet_folder)
        folder = fleet.parents[1] / "files" / entry.folder
        made = commit_of(folder, f"files/{entry.folder}")
        code = base64.encodebytes(made.bundle).decode()
    else:
        login = login_of(host, read_logins(current_system().found))
        access.append(source_component(host, secrets, login.home))
    deploy_stack(COMPOSE, host, bundle, access, code)


def gate(host: Host) -> str:
    """The script that waits after a boot until one project is healthy."""
    return gate_after_boot(COMPOSE, host)


def roll_back(host: Host) -> None:
    """Roll one project back, or refuse with the choice that is left."""
    roll_back_stack(COMPOSE, host)
