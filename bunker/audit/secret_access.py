"""Every opening and every change of secrets in the audit log: names of hosts and keys, no values.

Folders that are no fleet's (``<root>/inventories/<fleet>``) have no log and are left alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bunker.audit.log import append
from bunker.audit.who import purpose
from bunker.errors import BunkerError
from bunker.terminal.output import tell

_warned = False


def record_reading(fleet_folder: Path, hosts: Iterable[str], *, failed: Iterable[str] = ()) -> None:
    """Note that these hosts' secrets were opened, in one entry.

    A log that cannot be written is said once on stderr and does not keep the secrets from being
    used: a full disk must not stand in the way of a repair.
    """
    global _warned  # noqa: PLW0603 - said once in a process
    place = _log_of(fleet_folder)
    opened, refused = sorted(hosts), sorted(failed)
    if place is None or not (opened or refused):
        return
    what: dict[str, Any] = {"purpose": purpose()}
    if refused:
        what["could_not_open"] = refused
    outcome = "failed" if refused else "ok"
    try:
        append(*place, "secrets.read", hosts=opened or refused, what=what, outcome=outcome)
    except BunkerError as error:
        if not _warned:
            _warned = True
            tell(f"warning: secrets are read without a record of it: {error}")


@contextmanager
def recorded_change(
    fleet_folder: Path, hosts: Iterable[str], what: Mapping[str, Any]
) -> Iterator[None]:
    """Note a change of secrets before it is written; without the note there is no change.

    ``what`` names keys, never values. A change that then fails gets a second entry, ``failed``.
    Raises BunkerError, before anything is written, where the log cannot be.
    """
    place = _log_of(fleet_folder)
    if place is None:
        yield
        return
    names = sorted(hosts)
    details = {"purpose": purpose(), **what}
    try:
        append(*place, "secrets.changed", hosts=names, what=details, outcome="ok")
    except BunkerError as error:
        raise BunkerError(
            f"the secrets were not changed, because that cannot be recorded: {error.problem}",
            where=error.where,
            expected=error.expected,
            remedy=error.remedy,
        ) from None
    try:
        yield
    except BaseException:
        # The first fault is the one to tell; the log may have failed together with the disk.
        with suppress(BunkerError):
            append(*place, "secrets.changed", hosts=names, what=details, outcome="failed")
        raise


def _log_of(fleet_folder: Path) -> tuple[Path, str] | None:
    folder = fleet_folder.absolute()
    if folder.parent.name != "inventories":
        return None
    return folder.parent.parent, folder.name
