"""What the environment table and an application's example disagree on, as lines."""

from collections.abc import Mapping

from bunker.application.envcheck import EnvCheck
from bunker.errors import BunkerError
from bunker.terminal.lines import Line, after, count, indented


def env_check_lines(found: Mapping[str, EnvCheck | BunkerError]) -> list[Line]:
    """What each host's example and our table disagree on."""
    lines: list[Line] = []
    for host, outcome in found.items():
        if isinstance(outcome, BunkerError):
            lines += after(f"{host}: ", str(outcome).removeprefix(f"{host}: "), "bad")
            continue
        if outcome.agrees:
            lines.append(Line(f"{host}: the table and .env.example agree", "good"))
            continue
        differences = len(outcome.missing) + len(outcome.unknown) + len(outcome.changed)
        lines.append(Line(f"{host}: {count(differences, 'difference')}", "warn"))
        for key in outcome.missing:
            lines += indented(f"+ {key}: in .env.example only; no host gets it", "  ", "add")
        for key in outcome.unknown:
            text = f"- {key}: in our table only; the application may not read it"
            lines += indented(text, "  ", "remove")
        for item in outcome.changed:
            text = f"~ {item.key}: our default {item.ours!r}, theirs {item.theirs!r}"
            lines += indented(text, "  ", "change")
    return lines
