"""Rebooting one host: once in a run, waited for, and over when its instance is healthy again.

Which run reboots which boot is marked on the host (/var/lib/bunker/reboot), so that a run that was
cut off while the host was away does not reboot it a second time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bunker.answers import line
from bunker.ops.context import changing, current_host, current_run
from bunker.ops.facts import Answer, asked
from bunker.ops.reboot import SCHEDULE, reboot_and_wait
from bunker.ops.recorder import recorder
from bunker.ops.step import shell, step
from bunker.plan.changes import Change
from bunker.shell import script_file
from deploys.os_upgrade.deploy import declare_gate
from deploys.os_upgrade.state import REBOOT_SCRIPT, RebootState, read_reboot_state

_SCRIPTS = Path(__file__).parent / "scripts"


@dataclass(frozen=True)
class State:
    """``marker`` is the run that was rebooting the host, and the boot that it wanted to end."""

    boot: RebootState
    marker: tuple[str, str] | None

    def is_done(self, run: str) -> bool:
        """Whether this run has rebooted the host already."""
        marked, boot = self.marker or ("", "")
        return marked == run and boot != self.boot.boot


def read_state(found: Mapping[str, Sequence[str]]) -> State:
    """The state from the answer's sections; a LookupError or ValueError where it makes no sense."""
    run, _, boot = line("".join(found["rebooting"][:1]), "the reboot's mark").partition(" ")
    return State(
        boot=read_reboot_state(found),
        marker=(run, boot) if boot else None,
    )


class RebootFacts(Answer[State]):
    """One command for everything that this role decides on."""

    about = "which boot this is"
    read = staticmethod(read_state)

    def command(self) -> str:
        return script_file(_SCRIPTS / "state.sh") + REBOOT_SCRIPT


def reboot() -> None:
    """The reboot of the current host, for a worker: ``deploys.reboot.deploy:reboot``."""
    host = current_host()
    state = asked(RebootFacts)
    run, boot = current_run(), state.boot
    done = state.is_done(run)
    recorder().current().observed.append(["boot", boot.boot])
    reasons = ", ".join(boot.reasons) or "asked for"
    summary = "has booted anew; its gate is left" if done else f"reboot: {reasons}"
    recorder().change(Change("os", "reboot", "~", summary, restarts=() if done else ("the host",)))
    if not done:
        mark = changing(script_file(_SCRIPTS / "before.sh"), RUN=run, BOOT=boot.boot)
        step("os: mark the boot", [shell(mark)])
        step("os: reboot", [reboot_and_wait(changing(SCHEDULE), always=True)])
    declare_gate(host)
    step("os: done", [shell(changing(script_file(_SCRIPTS / "finished.sh")))])
