"""The order of roles on one host."""

from __future__ import annotations

from bunker.ops.context import current_host, wants
from deploys.base import base
from deploys.changemaker import changemaker
from deploys.docker import docker


def whole_host() -> None:
    """Everything that the current host should be, limited to the tags that were asked for."""
    host = current_host()
    if wants("base"):
        base(host)
    if wants("docker"):
        docker(host)
    if wants("changemaker", "env"):
        changemaker(host)
