"""Which generation to roll back to: asked on a terminal, else the one before."""

import sys
from collections.abc import Sequence

from bunker.errors import BunkerError
from bunker.fleet import Fleet, Host
from bunker.generations import read_generations
from bunker.remote import Remote
from bunker.terminal.console import make_console, print_lines
from bunker.terminal.generations_text import history_lines
from bunker.terminal.output import tell
from bunker.workflows.status import collect_status


def pick_generation(fleet: Fleet, hosts: Sequence[Host], *, may_ask: bool) -> str:
    """The number of a generation as text; empty for the one before what runs now.

    After a deployment that was cut off, what ran last and well is the newest of all. Several hosts
    count their generations each on their own, so they can only roll back by one.
    """
    if len(hosts) != 1 or not may_ask:
        return ""
    host = hosts[0]
    found = read_generations([Remote.of(fleet, host)])[host.name]
    if isinstance(found, BunkerError):
        raise found
    (status,) = collect_status(fleet, [host])
    cut_off = status.probe is not None and not status.probe.applied
    earlier = list(found) if cut_off else list(found)[:-1]
    if not earlier:
        raise BunkerError("there is no earlier generation to roll back to", where=host.name)
    if not sys.stdin.isatty():
        return ""
    print_lines(history_lines(host.name, found), make_console(sys.stderr))
    tell(f"Roll back to which generation? [{earlier[-1].number}] ", end="")
    answer = sys.stdin.readline().strip() or str(earlier[-1].number)
    if answer not in {str(generation.number) for generation in earlier}:
        known = ", ".join(str(generation.number) for generation in earlier)
        raise BunkerError(f"{answer!r} is no earlier generation", expected=f"one of {known}")
    return answer
