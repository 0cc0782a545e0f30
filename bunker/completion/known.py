"""Asking the program for its commands, options and roles, and keeping the answer."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from invoke.parser.context import ParserContext

from bunker.application.layout import MAIN
from bunker.cli.options import ALIASES
from bunker.errors import BunkerError
from bunker.files import write_atomically
from bunker.tasks import namespace
from deploys.roles import TAGS

KINDS: Final = frozenset({"host", "group", "tag", "fleet", "role", "run", "app"})
"""Options whose values are what their name says."""
WORDS: Final = {
    "instance.show": "host",
    "instance.trust": "host",
    "instance.remove": "host",
    "secrets.generate": "host",
    "lab.ssh": "lab host",
    "completion": "shell",
}
"""What a command's first plain word is, where its name alone does not say so."""


def ask(place: Path, mark: str) -> dict[str, Any]:
    """Everything that can be offered without a fleet; kept at ``place`` under the mark."""
    commands = {name: _command(name) for name in sorted(namespace.task_names)}
    found = {"mark": mark, "commands": commands, "roles": list(TAGS), "main": MAIN}
    found["aliases"] = [f"--{former}" for former in ALIASES.values()]
    # Where nothing can be kept, the next key press asks again.
    with suppress(OSError, BunkerError):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, json.dumps(found).encode())
    return found


def _command(name: str) -> dict[str, Any]:
    task = namespace[name]
    context = ParserContext(name, args=task.declared())
    options = {
        flag: _kind(argument.name) if argument.takes_value else ""
        for flag, argument in context.flags.items()
        if flag.startswith("--")
    }
    for argument in context.args.values():
        if former := ALIASES.get(argument.name or ""):
            options[f"--{former}"] = options[f"--{argument.names[0]}"]
    kinds = [_kind(argument.name) for argument in context.positional_args]
    hosts = task.words == "host"
    return {
        "hosts": hosts,
        "options": options,
        "words": [WORDS.get(name, kinds[0]), *kinds[1:]] if kinds else [],
    }


def _kind(name: str | None) -> str:
    """What the values of an option are."""
    return name if name in KINDS else "value"
