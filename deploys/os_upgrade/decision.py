"""What an upgrade of a host consists of, decided from what the host says. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

from bunker.errors import BunkerError
from bunker.packages import ENGINE_PACKAGES, Package
from bunker.plan.changes import Change
from deploys.os_upgrade.state import RebootState, UpgradeState

ROLE: Final = "os"
Reboot = Literal["if-required", "never", "always"]
REBOOTS: Final[tuple[Reboot, ...]] = ("if-required", "never", "always")

LISTS_ARE_OLD_SECONDS: Final = 3600
"""Package lists older than this say too little about what an upgrade would bring."""


@dataclass(frozen=True)
class UpgradeDecision:
    """``upgrade``: lists and packages; ``reboot``: look afterwards whether one is due."""

    upgrade: bool
    reboot: bool
    changes: tuple[Change, ...]

    @property
    def needed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.changes)


def reboot_choice(value: object) -> Reboot:
    """The host data ``bunker_reboot``; raises BunkerError for a word that is none of them."""
    for word in REBOOTS:
        if value == word:
            return word
    raise BunkerError(
        f"{value!r} says nothing about a reboot",
        where="bunker_reboot",
        expected=" | ".join(REBOOTS),
    )


def decide(state: UpgradeState, reboot: Reboot, protected: Collection[str]) -> UpgradeDecision:
    """What is to be done on a host.

    ``protected`` are packages that Bunker itself or the instance needs: an upgrade that removes
    one of them is refused. Raises BunkerError for that, and where apt cannot plan an upgrade.
    """
    if state.problem and not state.half_installed:
        raise BunkerError(
            f"apt cannot plan an upgrade: {state.problem}",
            remedy="Fix that on the host (often `apt-get --fix-broken install`), then run again",
        )
    lost = sorted(p.name for p in state.packages if not p.new and p.name in protected)
    if lost:
        raise BunkerError(
            f"the upgrade would remove {', '.join(lost)}, which the host needs",
            remedy="Look at the host's package sources, pins and holds: `apt-get -s dist-upgrade`",
        )
    age = state.lists_age_seconds
    stale = age is None or age > LISTS_ARE_OLD_SECONDS
    upgrade = stale or bool(state.packages) or state.half_installed
    changes: list[Change] = []
    if stale:
        changes.append(_lists(age))
    if state.packages or state.half_installed:
        changes.append(_packages(state))
    engine = [package for package in state.packages if package.name in ENGINE_PACKAGES]
    if engine and state.engine:
        changes.append(_engine(engine, live_restore=state.live_restore))
    reasons = _reboot_reasons(state.reboot, state.packages, reboot)
    if reasons:
        changes.append(
            Change(ROLE, "reboot", "~", f"reboot: {', '.join(reasons)}", restarts=("the host",))
        )
    if state.unfinished:
        summary = f"an interrupted upgrade is finished (run {state.unfinished})"
        changes.append(Change(ROLE, "upgrade", "~", summary))
    may_reboot = reboot == "always" or (
        reboot == "if-required" and (upgrade or bool(reasons) or bool(state.unfinished))
    )
    return UpgradeDecision(upgrade, bool(changes) and may_reboot, tuple(changes))


def age_text(seconds: int | None) -> str:
    """How old something is, in the largest unit that fits."""
    if seconds is None:
        return "of unknown age"
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {word}{'s' * (count > 1)} old"
    return "fresh"


def _lists(age: int | None) -> Change:
    summary = f"package lists are {age_text(age)}: they are fetched, and what is new is upgraded"
    return Change(ROLE, "package lists", "~", summary)


def _packages(state: UpgradeState) -> Change:
    upgraded = sum(1 for package in state.packages if package.old and package.new)
    parts = [
        (upgraded, "to upgrade"),
        (sum(1 for package in state.packages if not package.old), "new"),
        (sum(1 for package in state.packages if not package.new), "to remove"),
    ]
    summary = ", ".join(f"{count} {word}" for count, word in parts if count) or "none to upgrade"
    if state.half_installed:
        summary += "; an interrupted installation is finished first"
    if state.packages:
        summary += f" (by package lists that are {age_text(state.lists_age_seconds)})"
    lines = tuple(sorted((package.line for package in state.packages), key=lambda line: line[2:]))
    return Change(ROLE, "packages", "~", summary, lines)


def _engine(packages: list[Package], *, live_restore: bool) -> Change:
    versions = ", ".join(f"{item.name} {item.old} → {item.new}" for item in packages)
    fate = "containers run on (live-restore)" if live_restore else "containers restart with it"
    summary = f"docker engine: restarted by its upgrade ({versions}); {fate}"
    return Change(ROLE, "docker engine", "~", summary, restarts=("docker engine",))


def _reboot_reasons(
    boot: RebootState, packages: tuple[Package, ...], reboot: Reboot
) -> tuple[str, ...]:
    """Why a reboot is certain; an upgrade may bring one that cannot be foreseen."""
    if reboot == "never":
        return ()
    reasons = boot.reasons
    reasons += tuple(
        f"new kernel {package.name}" for package in packages if _is_kernel(package) and package.new
    )
    return reasons or (("asked for",) if reboot == "always" else ())


def _is_kernel(package: Package) -> bool:
    return package.name.startswith("linux-image-")
