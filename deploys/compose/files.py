"""The files that are placed beside a Compose project's own: what it is told, and what is set."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from bunker.application.dotenv import to_dotenv
from bunker.application.layout import app_folder, prefix_of
from bunker.bundle import Bundle, BundleFile, Component
from bunker.errors import BunkerError, refuse
from bunker.fleet.models import Host
from bunker.masking import Secret
from deploys.compose.settings import OVERRIDE, ComposeEntry


def entry_of(host: Host) -> ComposeEntry:
    """The settings of the project that this host is seen by."""
    assert isinstance(host.application, ComposeEntry)  # noqa: S101 - rooms_of gives it no other
    return host.application


def compose_bundle(host: Host, secrets: Mapping[str, Secret]) -> Bundle:
    """The ``.env``, the override and the registry logins. Raises Problems for missing secrets."""
    entry = entry_of(host)
    command = f"invoke secrets.set --host {host.name} --key {prefix_of(entry.name)}"
    missing = [
        BunkerError(
            f"the secret {key} is missing",
            where=f"{host.name}: applications.{entry.name}",
            remedy=f"Set it: {command}{key}",
        )
        for key in entry.own_secrets
        if key not in secrets
    ]
    refuse(f"the application {entry.name} of {host.name} is not usable", missing)
    return Bundle(entry.name, (_environment(host, entry, secrets), _override(host, entry)))


def _environment(host: Host, entry: ComposeEntry, secrets: Mapping[str, Secret]) -> BundleFile:
    # Compose reads which files it is made of from here, also for commands that are typed by hand.
    values: dict[str, str | Secret] = {
        "COMPOSE_PROJECT_NAME": entry.project,
        "COMPOSE_FILE": ":".join((*entry.files, OVERRIDE)),
        **({"BUNKER_HEALTH_URL": entry.url} if entry.url else {}),
        **entry.environment,
        **{key: secrets[key] for key in entry.secrets},
    }
    header = (
        f"Made by Bunker Ops for host {host.name}. Do not edit: the next deploy overwrites it.",
        f"Plain values: applications.{entry.name}.environment in the host's file.",
    )
    return BundleFile(
        path=f"{entry.directory}/.env",
        content=to_dotenv(values, header=header),
        mode=0o600,
        owner=host.user,
        kind="dotenv",
        secret=True,
        public_keys=frozenset(values) - frozenset(entry.secrets),
    )


def _override(host: Host, entry: ComposeEntry) -> BundleFile:
    content: dict[str, Any] = {}
    for path, value in entry.set.items():
        *above, last = path.split(".")
        place = content
        for step in above:
            place = place.setdefault(step, {}) if isinstance(place, dict) else {last: ...}
        if not isinstance(place, dict) or last in place:
            raise BunkerError(
                f"{path} is set, and so is a part of it",
                where=f"{host.name}: applications.{entry.name}.set",
                expected="one of the two",
            )
        place[last] = value
    # JSON is YAML as well.
    text = json.dumps(content or {"services": {}}, indent=2, sort_keys=True) + "\n"
    head = (
        f"# Made by Bunker Ops from applications.{entry.name}.set; the next deploy overwrites it.\n"
    )
    return BundleFile(
        f"{entry.directory}/{OVERRIDE}", (head + text).encode(), mode=0o644, owner=host.user
    )


def registries_component(host: Host, secrets: Mapping[str, Secret]) -> Component:
    """Logins for private registries: the engine's client reads them in place of root's own."""
    entry = entry_of(host)
    auths = {
        one.address: {
            "auth": base64.b64encode(
                f"{one.user}:{secrets[one.password_secret].reveal()}".encode()
            ).decode()
        }
        for one in entry.registries
    }
    command = f"invoke secrets.set --host {host.name} --key {prefix_of(entry.name)}"
    refused = "".join(
        f"{one.address}|the registry {one.address} refuses the login of {one.user}; the project is"
        f" left as it was. Store its password again: {command}{one.password_secret}\n"
        for one in entry.registries
    )
    content = (json.dumps({"auths": auths}, indent=2) + "\n").encode()
    files = (
        BundleFile(f"{docker_config(entry)}/config.json", content, mode=0o600, secret=True),
        BundleFile(f"{docker_config(entry)}/refused", refused.encode(), mode=0o600),
    )
    paths = tuple(file.path for file in files)
    return Component(
        bundle=Bundle(f"registries-{entry.name}", files if auths else (), () if auths else paths),
        validate=None,
        activate=f"chmod 0700 {docker_config(entry)}" if auths else None,
        check=None,
    )


def docker_config(entry: ComposeEntry) -> str:
    """The folder that is $DOCKER_CONFIG for all commands of the project."""
    return f"{app_folder(entry.name)}/docker"
