"""One Compose project of a host: what it adds to what all of them share."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pyinfra.api.deploy import deploy

from bunker.applications.of_host import secrets_of
from bunker.fleet.models import Host
from bunker.ops.context import current_secrets
from deploys.compose.files import compose_bundle, entry_of, registries_component
from deploys.stack.deploy import deploy_stack
from deploys.stack.gate import gate_after_boot
from deploys.stack.rollback import roll_back_stack
from deploys.stack.stack import Phase, Stack

COMPOSE: Final = Stack(
    part="compose",
    folder=Path(__file__).parent / "scripts",
    bundle=compose_bundle,
    phases=(Phase("bring up services", ("swap", "reload", "up")),),
    files=lambda host: entry_of(host).files,
)


@deploy("compose")
def compose(host: Host) -> None:
    """Declare one project."""
    secrets = secrets_of(host, current_secrets())
    access = [registries_component(host, secrets)]
    deploy_stack(COMPOSE, host, compose_bundle(host, secrets), access)


def gate(host: Host) -> str:
    """The script that waits after a boot until one project is healthy."""
    return gate_after_boot(COMPOSE, host)


def roll_back(host: Host) -> None:
    """Roll one project back, or refuse with the choice that is left."""
    roll_back_stack(COMPOSE, host)
