"""Secrets that stand in the plain environment of a host or a group."""

import re
from collections.abc import Iterator

from bunker.application.layout import MAIN, prefix_of
from bunker.application.table import PUBLIC_KEYS, SECRET_KEYS
from bunker.errors import BunkerError
from bunker.fleet.merge import Layer, leaves
from bunker.fleet.yaml_file import is_environment
from bunker.vault_text import INFRASTRUCTURE_SECRETS

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:PASS|PASSWD|PASSWORD|SECRET|TOKEN|KEY|CREDENTIALS?|PRIVATE)(?:$|_)", re.ASCII
)


def secrets_in_environment(layer: Layer, host: str) -> Iterator[BunkerError]:
    """Keys of a file's environment whose values belong to the vault; the values are never told.

    Those are the application's secrets, and keys that it does not know but that sound like one.
    """
    for path, _value in leaves(layer.data):
        if not is_environment(path[:-1]):
            continue
        key = str(path[-1])
        known = key in SECRET_KEYS or key in INFRASTRUCTURE_SECRETS
        if not known and (key in PUBLIC_KEYS or not _SECRET_NAME.search(key.upper())):
            continue
        name = str(path[1]) if len(path) > 2 else MAIN
        remedy = f"run `invoke secrets.set --key {prefix_of(name)}{key} --host {host}`"
        if not known:
            remedy = "see the names that there are with `invoke secrets.show`"
        yield BunkerError(
            f"{'.'.join(map(str, path))} is a secret and must not stand in a plain file",
            where=layer.place(path),
            remedy=f"Remove it and {remedy}; the value that stood there counts as disclosed",
        )
