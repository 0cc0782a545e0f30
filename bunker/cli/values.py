"""What options and plain words of several commands are: their types, with their help texts."""

import re
from typing import Annotated

from bunker.cli import pick
from bunker.errors import BunkerError
from bunker.runs.kind import APP

CONFIRM = "names of the hosts that may lose data by this (with commas), where the plan says so"
RUN = "id of the run, or how it begins or ends"
App = Annotated[str, APP]
Command = Annotated[str, "run this instead of a login shell"]
Confirm = Annotated[str, CONFIRM]
Diff = Annotated[bool, "show every line that changes"]
Dry = Annotated[bool, "show the plan and stop"]
HostName = Annotated[str, "name of the host", pick.hosts()]
RunId = Annotated[str, RUN, pick.runs()]
Resumable = Annotated[str, RUN, pick.runs("interrupted", "paused")]
Unended = Annotated[str, RUN, pick.runs("running", "interrupted", "paused")]
Ended = Annotated[str, RUN, pick.runs("failed", "rolled back", "cancelled")]
Verbose = Annotated[bool, "show every step's output"]


def seconds_of(text: str, where: str, default: int) -> int:
    """Seconds of an option that names a length of time; ``default`` where it is not given."""
    from bunker.duration import parse_duration

    return parse_duration(text, where=where) if text else default


def number_of(text: str, where: str, default: int, *, least: int = 0) -> int:
    """A count that an option names; ``default`` where it is not given."""
    if not text:
        return default
    # Not isdecimal(): that takes the digits of every script, and any number of them.
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
        raise BunkerError(
            f"{text[:40]!r} is not a number", where=where, expected=f"{least} or more"
        )
    return int(text)
