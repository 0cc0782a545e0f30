"""Packages: what is missing is installed in one go; an interrupted dpkg is finished first."""

from collections.abc import Sequence
from pathlib import Path

from bunker.distributions import distribution
from bunker.fleet.models import Host
from bunker.ops.context import changing, current_system
from bunker.ops.facts import Answer, asked
from bunker.ops.recorder import recorder
from bunker.ops.step import shell, step
from bunker.packages import Simulation, check_simulation
from bunker.plan.changes import Change
from bunker.role import Role, named
from bunker.shell import script_file, with_variables
from deploys.roles import packages_of

_SCRIPTS = Path(__file__).parent / "scripts"
APT_FUNCTIONS = script_file(_SCRIPTS / "apt.sh")
"""Shell functions ``apt`` and ``finish_installation``, which wait for whoever holds a lock."""


class Simulated(Answer[dict[str, list[str]]]):
    """What apt would do; asked only where a package is missing."""

    about = "what installing packages would do"
    read = staticmethod(dict)

    def command(self, packages: list[str]) -> str:  # type: ignore[override]
        return with_variables(script_file(_SCRIPTS / "simulate.sh"), PACKAGES=" ".join(packages))


def install_packages(role: Role, host: Host, *, missing: Sequence[str] | None = None) -> bool:
    """Declare the installation of a role's missing packages; tells whether anything is to be done.

    ``missing`` is for a role whose packages may be there under another name. Raises BunkerError
    where apt would remove something that a role of the host needs or a person installed.
    """
    system = current_system()
    release = distribution(system.os_release)
    wanted: Sequence[str] = named(role.packages)(host, release, system.packages)
    if missing is None:
        missing = [name for name in wanted if name not in system.packages]
    recording = recorder().current()
    recording.wanted.append([role.name, "packages", list(wanted)])
    recording.observed.append([role.name, "packages", list(missing), system.half_installed])
    if not missing and not system.half_installed:
        return False
    simulation = Simulation(None if system.half_installed else ())
    if missing and not system.half_installed:
        found = asked(Simulated, packages=list(missing))
        simulation = check_simulation(missing, found, packages_of(host, release, system.packages))
    for change in package_changes(
        role.name, missing, simulation, half_installed=system.half_installed
    ):
        recorder().change(change)
    removals = [package.name for package in simulation.removed]
    recording.observed.append([role.name, "removals", removals])
    script = changing(
        APT_FUNCTIONS + script_file(_SCRIPTS / "install.sh"),
        PACKAGES=" ".join(missing),
        REMOVALS=" ".join(removals),
    )
    step(f"{role.name}: packages", [shell(script)])
    return True


def package_changes(
    role: str, missing: Sequence[str], simulation: Simulation, *, half_installed: bool
) -> list[Change]:
    """The lines of a plan about packages: what comes, what goes for it, what restarts."""
    summary = f"{len(missing)} package{'s' * (len(missing) != 1)} to install"
    if half_installed:
        summary += "; an interrupted installation is finished first"
    if simulation.packages is None:
        summary += "; what else they need is known when the package lists are fetched"
    restarts = ("docker engine",) if simulation.touches_engine else ()
    lines = [f"+ {name}" for name in missing]
    replaced = [item.line for item in simulation.packages or () if item.old and item.new]
    changes = [Change(role, "packages", "+", summary, (*lines, *replaced), restarts)]
    if simulation.removed:
        count = len(simulation.removed)
        text = f"{count} package{'s' * (count != 1)} removed for them"
        gone = tuple(package.line for package in simulation.removed)
        changes.append(Change(role, "packages", "-", text, gone))
    return changes
