"""A component: files that are validated, placed and activated together, and how to tell they are.

Pure data. All snippets are POSIX sh, run as root by ``sh -eu -c`` without standard input.
"""

from dataclasses import dataclass

from bunker.bundle import Bundle


@dataclass(frozen=True)
class Component:
    """One component of a role.

    ``validate`` runs before anything is moved; the files stand under ``$STAGE`` with their
    absolute paths. It must fail on a configuration that would not work. ``activate`` runs after
    the files were moved into place, is safe to run again, and restarts only where a reload is
    not enough. ``check`` only reads, is fast, and exits 0 when the running state agrees with the
    files. ``confirm_login`` marks what could lock the operator out: the host reverts it by itself
    unless a fresh login succeeds. After such a revert of the files ``revert_activate`` runs in
    place of ``activate``; it must never fail half-way. ``login_ports`` are the ports on which the
    fresh login has to work; empty means the port that is in use. ``confirm_seconds`` is how long
    the host waits for the confirmation; logging in may take 20 s on each port that does not
    answer. ``restarts`` are services that restart when the component is placed.

    Whatever does not come up is put back: the former files, then ``revert_activate``.
    """

    bundle: Bundle
    validate: str | None = None
    activate: str | None = None
    check: str | None = None
    confirm_login: bool = False
    revert_activate: str | None = None
    login_ports: tuple[int, ...] = ()
    confirm_seconds: int = 90
    restarts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The bundle's name, unique on a host."""
        return self.bundle.name
