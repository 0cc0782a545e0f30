"""What the roles want to know of a host's operating system before they decide: one command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bunker.answers import MARK, moment
from bunker.ops.facts import Answer, reading
from bunker.ops.logins import logins_script
from bunker.shell import script_file
from deploys.docker.past import ENGINE_SCRIPT, EngineState, read_engine

_SCRIPTS = Path(__file__).parent / "scripts"
_SURROUNDINGS = script_file(_SCRIPTS / "apt.sh") + script_file(_SCRIPTS / "surroundings.sh")


@dataclass(frozen=True)
class SystemState:
    """The operating system as it is: release, packages, and whether dpkg was cut off.

    ``packages`` has the version of every installed package. ``found`` are the answers to the
    questions that roles add, by section; each role reads its own. ``clock`` is the host's time
    (seconds since 1970).
    """

    os_release: Mapping[str, str]
    packages: Mapping[str, str]
    half_installed: bool
    found: Mapping[str, Sequence[str]]
    clock: float | None = None

    @property
    def engine(self) -> EngineState:
        """What its Docker engine was told before us. BunkerError where that cannot be read."""
        with reading("its Docker engine"):
            return read_engine(self.found)


def _system(found: Mapping[str, Sequence[str]]) -> SystemState:
    release = {}
    for line in found["os"]:
        key, separator, value = line.partition("=")
        if separator:
            release[key] = value.strip().strip('"')
    packages = {}
    for line in found["packages"]:
        status, name, version = ([*line.split(" ", 2), "", ""])[:3]
        if status == "installed":
            packages[name] = version
    return SystemState(
        os_release=release,
        packages=packages,
        half_installed=any(line.strip() for line in found["audit"]),
        found=found,
        clock=next((moment(line, "its clock") for line in found.get("clock", ())), None),
    )


class System(Answer[SystemState]):
    """One command for all roles."""

    about = "its operating system"
    read = staticmethod(_system)

    def command(self, user: str) -> str:  # type: ignore[override]
        return rf"""
echo '{MARK} os'; cat /etc/os-release
echo '{MARK} packages'; dpkg-query -W -f='${{db:Status-Status}} ${{Package}} ${{Version}}\n'
echo '{MARK} audit'; dpkg --audit | head -n 5
{ENGINE_SCRIPT}
{logins_script(user)}
(
{_SURROUNDINGS}
)
echo '{MARK} clock'; date +%s
echo '{MARK} end'
"""
