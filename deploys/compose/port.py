"""What the rest of the program asks of a Compose project. Pure."""

from pathlib import Path
from typing import Final

from bunker.applications.question import Question
from bunker.fleet.models import Host
from bunker.shell import script_file
from deploys.compose.files import entry_of
from deploys.compose.settings import OWN_KEYS

FRONT_DOOR: Final = Path(__file__).parent / "scripts" / "front_door.sh"


def question(host: Host) -> Question:
    """The address of its settings, where there is one."""
    url = entry_of(host).url or ""
    return Question(script_file(FRONT_DOOR), subject=url, shown=f"GET {url}")


def public_keys(host: Host) -> frozenset[str]:
    """What its settings say in plaintext."""
    return frozenset(entry_of(host).environment) | OWN_KEYS


def published_ports(host: Host) -> tuple[int, ...]:
    """Those that may be reached from outside."""
    return entry_of(host).ports


def ports(host: Host) -> dict[int, str]:
    """The same, by where they stand; what else it takes only Compose knows."""
    return dict.fromkeys(entry_of(host).ports, "ports")
