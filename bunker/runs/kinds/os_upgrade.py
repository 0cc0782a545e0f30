"""`invoke os-upgrade`: packages and the engine, one host at a time."""

from dataclasses import dataclass

from bunker.runs.kind import Kind, argument
from bunker.runs.rolling import one_by_one
from bunker.runs.work import Work


@dataclass(frozen=True)
class Arguments:
    """``reboot`` says when a host is rebooted."""

    reboot: str = argument(
        "if-required (default), never or always",
        choices=("if-required", "never", "always"),
        default="if-required",
    )


def work(given: Arguments) -> Work:
    """A role of its own."""
    return Work("deploys.os_upgrade.deploy:os_upgrade", {"bunker_reboot": given.reboot})


OS_UPGRADE = Kind(
    name="os-upgrade",
    help="""Upgrade packages and the engine, one host at a time.

    Each host goes into maintenance, is upgraded, rebooted if that is required, waited for until it
    has booted anew and its gates pass; only then the next one begins.

    Examples:
      invoke os-upgrade --group changemaker
      invoke os-upgrade --host north-1 --reboot never

    Exit codes: 0 done or nothing to do, 3 some hosts failed, 5 held by another run,
    130 interrupted.
    """,
    arguments=Arguments,
    work=work,
    workflow=one_by_one,
    pace=("batch", "max_fail"),
)
