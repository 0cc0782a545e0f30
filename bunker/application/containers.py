"""Containers of an instance: which are healthy. A one-off is healthy when done."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bunker.answers import UnreadableAnswer, line, whole
from bunker.shell import script_file

_SCRIPT: Final = Path(__file__).parent / "containers.sh"
_FIELDS: Final = 7


@dataclass(frozen=True)
class Container:
    """One container of the instance's Compose project.

    ``health`` is "none" where it has no health check. ``once``: it is one that does something and
    ends, and is started by nothing but Compose. ``status`` is the engine's own text.
    """

    service: str
    state: str
    health: str
    status: str = ""
    exit_code: int = 0
    once: bool = False

    @property
    def done(self) -> bool:
        """Whether it has ended with 0 and was to end."""
        return self.once and self.state == "exited" and self.exit_code == 0

    @property
    def fine(self) -> bool:
        """Done, or running and not known to be sick. A health check that starts is no fault."""
        return self.done or (self.state == "running" and self.health != "unhealthy")

    @property
    def condition(self) -> str:
        """How it is, in words to be put after its name."""
        if self.state == "exited":
            return f"ended with {self.exit_code}"
        sick = self.state == "running" and self.health not in ("none", "healthy")
        return f"is {self.health if sick else self.state}"


def containers_function() -> str:
    """The shell function ``instance_containers``, which reads ``$PROJECT``; only reads."""
    return script_file(_SCRIPT)


def read_containers(lines: Iterable[str]) -> tuple[Container, ...]:
    """What the function printed, by service. Raises UnreadableAnswer for another text."""
    found = []
    for text in lines:
        if not text.strip():
            continue
        fields = line(text, "a container").split("|", 6)
        if len(fields) != _FIELDS:
            raise UnreadableAnswer("a container is told in another form")
        service, state, health, code, once, _name, status = fields
        ended = whole(code, f"the exit code of {service}", least=-(1 << 31), most=1 << 32)
        found.append(Container(service, state, health, status, ended, once == "once"))
    return tuple(sorted(found, key=lambda container: container.service))
