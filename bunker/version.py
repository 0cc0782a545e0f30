"""Which version of this program runs."""

import tomllib
from functools import cache
from importlib import metadata
from typing import Final

from bunker.errors import BunkerError
from bunker.git import Git
from bunker.product import CODE, IS_CHECKOUT

DISTRIBUTION: Final = "bunker-ops"


@cache
def version() -> str:
    """Such as ``0.1.0``; in a checkout ``0.1.0+g280ba2b``, or ``….changed`` where files differ."""
    if not IS_CHECKOUT:
        return metadata.version(DISTRIBUTION)
    with (CODE / "pyproject.toml").open("rb") as file:
        release: str = tomllib.load(file)["project"]["version"]
    try:
        commit = Git(CODE).line("describe", "--always", "--exclude=*", "--dirty=.changed")
    except BunkerError:  # no git here, or one that does not answer
        commit = ""
    return f"{release}+g{commit}" if commit else release
