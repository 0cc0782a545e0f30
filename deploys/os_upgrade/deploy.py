"""Upgrading the operating system of one host: packages, engine, and a reboot where one is due.

A plan reads the package lists that are there and writes nothing. Applied: fetch the lists, upgrade,
look whether a reboot is due, wait for the new boot, and check the instance's health. What was
cut off is marked on the host (/var/lib/bunker/os-upgrade), and the next run finishes it.

Host data ``bunker_reboot``: ``if-required`` (default), ``never``, ``always``.
"""

from pathlib import Path

from pyinfra.api.deploy import deploy
from pyinfra.context import ctx_host

from bunker.application.layout import MAIN
from bunker.applications.of_host import applications_of
from bunker.distributions import distribution
from bunker.fleet.models import Host
from bunker.ops.context import changing, current_host, current_run, current_system
from bunker.ops.facts import Answer, asked
from bunker.ops.packages import APT_FUNCTIONS
from bunker.ops.reboot import SCHEDULE, reboot_and_wait
from bunker.ops.recorder import recorder
from bunker.ops.step import shell, step
from bunker.role import named
from bunker.shell import script_file
from deploys.os_upgrade.decision import Reboot, UpgradeDecision, decide, reboot_choice
from deploys.os_upgrade.state import STATE_SCRIPT, UpgradeState, read_upgrade_state
from deploys.roles import health_function, packages_of

_SCRIPTS = Path(__file__).parent / "scripts"


class Upgrade(Answer[UpgradeState]):
    """One command for everything that this role decides on."""

    about = "what there is to upgrade"
    read = staticmethod(read_upgrade_state)

    def command(self) -> str:
        return STATE_SCRIPT


@deploy("os-upgrade")
def upgrade(host: Host, reboot: Reboot) -> None:
    """Declare the upgrade of one host."""
    system = current_system()
    release = distribution(system.os_release)
    protected = sorted(packages_of(host, release, system.packages))
    state = asked(Upgrade)
    decision = decide(state, reboot, protected)
    _record(state, decision, reboot)
    if decision.needed:
        _declare(host, state, decision, reboot, protected)


def os_upgrade() -> None:
    """The upgrade of the current host, for a worker: ``deploys.os_upgrade.deploy:os_upgrade``."""
    data = ctx_host.get().data
    upgrade(current_host(), reboot_choice(data.get("bunker_reboot") or "if-required"))


def _record(state: UpgradeState, decision: UpgradeDecision, reboot: Reboot) -> None:
    recording = recorder().current()
    packages = [package.line for package in state.packages]
    # Neither the age of the lists nor the moment of the boot: they differ at every look.
    recording.observed.append(
        ["os", packages, state.half_installed, state.reboot.reasons, state.unfinished]
    )
    recording.wanted.append(["os", reboot])
    recording.facts |= {
        "packages": len(packages),
        "engine": state.engine,
        "reboot_due": bool(state.reboot.reasons),
        "reboot_reasons": list(state.reboot.reasons),
        "package_lists_age_seconds": state.lists_age_seconds,
    }
    for change in decision.changes:
        recorder().change(change)


def _declare(
    host: Host,
    state: UpgradeState,
    decision: UpgradeDecision,
    reboot: Reboot,
    protected: list[str],
) -> None:
    run, mark = current_run(), script_file(_SCRIPTS / "unfinished.sh")
    if decision.upgrade:
        lists = changing(APT_FUNCTIONS + mark + script_file(_SCRIPTS / "lists.sh"), RUN=run)
        step("os: update package lists", [shell(lists)])
        packages = changing(
            APT_FUNCTIONS + mark + script_file(_SCRIPTS / "packages.sh"),
            RUN=run,
            PROTECTED=" ".join(protected),
        )
        step("os: upgrade packages", [shell(packages)])
    if decision.reboot:
        schedule = changing(mark + SCHEDULE, RUN=run)
        always = reboot == "always"
        step("os: reboot where one is due", [reboot_and_wait(schedule, always=always)])
    declare_gate(host)
    step("os: done", [shell(changing(script_file(_SCRIPTS / "finished.sh")))])


def declare_gate(host: Host) -> None:
    """The gate after a boot: of its applications where it has any, else of its roles."""
    applications = applications_of(host)
    if not applications:
        roles = changing(health_function(host) + script_file(_SCRIPTS / "roles_healthy.sh"))
        step("os: health gate", [shell(roles)])
    for one in applications:
        title = "os: health gate" + (f" of {one.name}" if one.name != MAIN else "")
        step(title, [shell(named(one.port.gate)(one.host))])
