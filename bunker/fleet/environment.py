"""Secrets that stand in the plain environment of a host or a group."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from bunker.application.layout import MAIN, prefix_of
from bunker.application.table import PUBLIC_KEYS, SECRET_KEYS
from bunker.errors import BunkerError
from bunker.fleet.merge import Layer, leaves
from bunker.fleet.yaml_file import Path, is_environment
from bunker.role import named
from bunker.vault_text import INFRASTRUCTURE_SECRETS
from deploys.roles import KINDS

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:PASS|PASSWD|PASSWORD|SECRET|TOKEN|KEY|CREDENTIALS?|PRIVATE)(?:$|_)", re.ASCII
)


_REFERENCE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*(?::?\?[^{}]*)?\})", re.ASCII)
"""A text of a Compose file that stands for a variable, and says nothing in place of it."""


def secrets_in_environment(layer: Layer, host: str) -> Iterator[BunkerError]:
    """Keys of a file's environment, and of what it sets, whose values belong to the vault.

    Those are the application's secrets, and keys that it does not know but that sound like one.
    The values are never told.
    """
    for path, value in leaves(layer.data):
        if is_environment(path[:-1]):
            keys = [key] if is_secret(key := str(path[-1])) else []
        elif len(path) == 4 and (path[0], path[2]) == ("applications", "set"):
            keys = secrets_set(str(path[-1]), value)
        else:
            continue
        for key in keys:
            yield BunkerError(
                f"{'.'.join(map(str, path))} is a secret and must not stand in a plain file",
                where=layer.place(path),
                remedy=f"{_remedy(layer, path, key, host)}; "
                "the value that stood there counts as disclosed",
            )


def is_secret(key: str) -> bool:
    """Whether the value of this key belongs to the vault."""
    if key in SECRET_KEYS or key in INFRASTRUCTURE_SECRETS:
        return True
    return key not in PUBLIC_KEYS and bool(_SECRET_NAME.search(key.upper()))


def secrets_set(path: str, value: Any) -> list[str]:
    """Keys that a value of ``set`` gives a secret: the last of its path, or KEY=VALUE in a list."""
    given = [(path.rpartition(".")[2], value)]
    if isinstance(value, list | tuple):
        given = [
            (key, text) for key, equals, text in (str(v).partition("=") for v in value) if equals
        ]
    return [
        key
        for key, text in given
        if is_secret(key.replace("-", "_")) and not _REFERENCE.fullmatch(str(text))
    ]


def _remedy(layer: Layer, path: Path, key: str, host: str) -> str:
    name = str(path[1]) if len(path) > 2 else MAIN
    prefix = prefix_of(name)
    entry = layer.data["applications"][name] if len(path) > 2 else {}
    if path[-2] == "set" or "secrets" in _keys_of_kind(entry.get("kind")):
        key = key.upper().replace("-", "_")
        command = f"invoke secrets.set --host {host} --key {prefix}{key}"
        return f"Remove it, name {key} under `secrets:` of {name}, and run `{command}`"
    if key in SECRET_KEYS or key in INFRASTRUCTURE_SECRETS:
        return f"Remove it and run `invoke secrets.set --key {prefix}{key} --host {host}`"
    return "Remove it and see the names that there are with `invoke secrets.show`"


def _keys_of_kind(kind: object) -> Iterable[str]:
    role = KINDS.get(str(kind))
    return named(role.port.settings).model_fields if role and role.port else ()
