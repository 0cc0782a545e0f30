"""What an upgrade of a host consists of, from what the host says of itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bunker.errors import BunkerError
from deploys.os_upgrade.decision import age_text, decide, reboot_choice
from deploys.os_upgrade.state import (
    Package,
    RebootState,
    UpgradeState,
    newer_kernel,
    read_upgrade_state,
)

ANSWER = {
    "upgrades": [
        "Inst libc6 [2.41-12] (2.41-12+deb13u1 Debian:13.1/stable [amd64])",
        "Inst docker.io [26.1.5-9] (26.1.5-10 Debian:13.1/stable [amd64]) []",
        "Inst linux-image-6.12.48+deb13-amd64 (6.12.48-1 Debian-Security:13/stable [amd64])",
        "Remv obsolete [1.0-1]",
    ],
    "lists": ["7260"],
    "audit": [],
    "engine": ["26.1.5+dfsg1 true"],
    "unfinished": [],
    "boot": ["1234 Tue 2026-11-24 14:00:00 UTC "],
    "reboot": ["dbus", "linux-base", "dbus"],
    "kernel": ["6.12.38+deb13-amd64"],
    "kernels": ["6.12.38+deb13-amd64", "6.12.48+deb13-amd64", "6.12.50+deb13-cloud-amd64"],
    "end": [],
}
QUIET = UpgradeState(
    packages=(),
    problem="",
    lists_age_seconds=60,
    half_installed=False,
    engine="26.1.5",
    live_restore=True,
    unfinished="",
    reboot=RebootState("1234"),
)


def test_the_answer_of_a_host_is_read_whole() -> None:
    state = read_upgrade_state(ANSWER)
    assert [package.line for package in state.packages] == [
        "~ libc6 2.41-12 → 2.41-12+deb13u1",
        "~ docker.io 26.1.5-9 → 26.1.5-10",
        "+ linux-image-6.12.48+deb13-amd64 6.12.48-1",
        "- obsolete 1.0-1",
    ]
    assert state.lists_age_seconds == 7260
    assert (state.engine, state.live_restore) == ("26.1.5+dfsg1", True)
    assert state.reboot.reasons == (
        "dbus",
        "linux-base",
        "kernel 6.12.48+deb13-amd64 is installed, 6.12.38+deb13-amd64 runs",
    )


@pytest.mark.parametrize(
    ("running", "installed", "newest"),
    [
        ("6.1.0-9-amd64", ["6.1.0-9-amd64", "6.1.0-10-amd64"], "6.1.0-10-amd64"),
        ("6.1.0-10-amd64", ["6.1.0-9-amd64", "6.1.0-10-amd64"], ""),
        ("6.1.0-10-amd64", ["6.1.0-11-rt-amd64", "6.1.0-12-cloud-amd64"], ""),
        ("6.8.0-45-generic", ["6.8.0-100-generic"], "6.8.0-100-generic"),
        ("6.12.9+bpo-amd64", ["6.12.12+bpo-amd64"], "6.12.12+bpo-amd64"),
        ("6.12.9+deb13-cloud-amd64", [], ""),
        ("a-kernel-of-its-own", ["6.1.0-9-amd64"], ""),
    ],
)
def test_only_a_newer_kernel_of_the_same_flavour_asks_for_a_reboot(
    running: str, installed: list[str], newest: str
) -> None:
    assert newer_kernel(running, installed) == newest


def test_a_host_that_is_up_to_date_has_nothing_to_do() -> None:
    for reboot in ("if-required", "never"):
        decision = decide(QUIET, reboot_choice(reboot), ())
        assert (decision.needed, decision.upgrade, decision.reboot) == (False, False, False)
    always = decide(QUIET, "always", ())
    assert (always.upgrade, always.reboot) == (False, True)
    assert always.changes[0].summary == "reboot: asked for"


def test_the_plan_counts_packages_and_names_the_engine_and_the_reboot() -> None:
    decision = decide(read_upgrade_state(ANSWER), "if-required", ())
    lists, packages, engine, reboot = decision.changes
    assert lists.summary.startswith("package lists are 2 hours old")
    assert packages.summary == (
        "2 to upgrade, 1 new, 1 to remove (by package lists that are 2 hours old)"
    )
    assert "docker.io 26.1.5-9 → 26.1.5-10" in engine.summary
    assert "containers run on" in engine.summary
    assert "new kernel linux-image-6.12.48+deb13-amd64" in reboot.summary
    never = decide(read_upgrade_state(ANSWER), "never", ())
    assert not never.reboot
    assert "reboot" not in {change.subject for change in never.changes}


def test_old_or_unknown_package_lists_are_a_reason_to_look() -> None:
    for age in (None, 3601):
        decision = decide(replace(QUIET, lists_age_seconds=age), "if-required", ())
        assert [change.subject for change in decision.changes] == ["package lists"]
        assert decision.upgrade
        assert decision.reboot, "what the lists bring may ask for one"
    assert not decide(replace(QUIET, lists_age_seconds=3600), "if-required", ()).needed


def test_what_was_cut_off_is_finished() -> None:
    state = replace(QUIET, half_installed=True, unfinished="run-1", problem="unmet dependencies")
    decision = decide(state, "if-required", ())
    assert [change.summary for change in decision.changes] == [
        "none to upgrade; an interrupted installation is finished first",
        "an interrupted upgrade is finished (run run-1)",
    ]


def test_an_upgrade_that_apt_cannot_plan_or_that_removes_what_is_needed_is_refused() -> None:
    with pytest.raises(BunkerError, match="apt cannot plan an upgrade: unmet"):
        decide(replace(QUIET, problem="unmet dependencies"), "never", ())
    removing = replace(QUIET, packages=(Package("fail2ban", "1.0", ""),))
    with pytest.raises(BunkerError, match="would remove fail2ban"):
        decide(removing, "never", ("fail2ban", "sudo"))
    assert decide(removing, "never", ("sudo",)).needed
    with pytest.raises(BunkerError, match=r"'no' says nothing.*if-required \| never \| always"):
        reboot_choice("no")


def test_ages_are_told_in_their_largest_unit() -> None:
    texts = [age_text(seconds) for seconds in (None, 0, 60, 7199, 86400, 200000)]
    assert texts == [
        "of unknown age",
        "fresh",
        "1 minute old",
        "1 hour old",
        "1 day old",
        "2 days old",
    ]
