"""Reboots that fail, for tests of the waiting; run in the worker's own process."""

from __future__ import annotations

from bunker.ops.reboot import reboot_and_wait
from bunker.ops.recorder import recorder
from bunker.ops.step import step
from bunker.plan.changes import Change

PATIENCE_SECONDS = 6


def _reboot(schedule: str) -> None:
    recorder().change(Change("test", "reboot", "~", "reboot"))
    step("test: reboot", [reboot_and_wait(schedule, always=True, patience=PATIENCE_SECONDS)])


def never_goes_down() -> None:
    """The host promises to reboot and does not."""
    _reboot("true")


def never_comes_back() -> None:
    """The host lets nobody in any more."""
    _reboot("systemctl stop ssh.socket ssh.service 2>/dev/null || systemctl stop ssh.service")


def refuses() -> None:
    """The host cannot even be told."""
    _reboot("echo 'no systemd here' >&2; exit 1")
