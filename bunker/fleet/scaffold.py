"""Adding a server to the fleet: everything is checked first, and a failure leaves nothing."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bunker.errors import BunkerError
from bunker.files import make_unversioned, write_atomically
from bunker.fleet import known_hosts
from bunker.fleet.applications import has_application
from bunker.fleet.fleet import Fleet
from bunker.fleet.host_file import render_host_file
from bunker.fleet.loader import load_fleet
from bunker.fleet.models import Host
from bunker.host_keys import HostKey, scan_host_key
from bunker.locks import locked
from bunker.remote import Remote
from deploys.roles import needs_vault

Confirm = Callable[[Sequence[HostKey]], bool]
CreateSecrets = Callable[[Path, Host], Path]
DEFAULT_GROUP = "changemaker"
LOCK_SECONDS = 30


@dataclass(frozen=True)
class Added:
    """What was written for a new instance; no secrets where no role of it needs some."""

    host: Host
    host_file: Path
    secrets_file: Path | None
    host_keys: tuple[HostKey, ...]


def add_instance(
    root: Path,
    fleet_name: str,
    name: str,
    domain: str,
    address: str,
    *,
    tier: int = 1,
    groups: Sequence[str] = (),
    application: bool = True,
    ref: str | None = None,
    port: int = 22,
    user: str = "deploy",
    confirm: Confirm,
    create_secrets: CreateSecrets,
) -> Added:
    """Add one server: host file, encrypted secrets and confirmed host key, or nothing at all.

    Args:
        groups: added after ``changemaker``, which every instance is in.
        application: without one the host is not in ``changemaker``.
        ref: the application's ref for this host alone; None takes the groups' default.
        confirm: is shown the server's keys and says whether their fingerprints are right.
        create_secrets: makes NAME.sops.yml in the fleet's folder and returns its path.

    Raises:
        Problems: the new host does not fit the fleet, or the fleet has problems already.
        Unreachable: the server shows no key or does not let us in.
        BunkerError: not confirmed, no sudo without password, or a file could not be written.
    """
    data: dict[str, object] = {"host": name, "address": address, "domain": domain, "tier": tier}
    if port != 22:
        data["port"] = port
    if user != "deploy":
        data["user"] = user
    data["groups"] = list(dict.fromkeys([*([DEFAULT_GROUP] if application else []), *groups]))
    if ref:
        data["application"] = {"ref": ref}
    text = render_host_file(data)
    with _locked(root, fleet_name):
        fleet = load_fleet(root, fleet_name, candidates={name: text})
        host = fleet.hosts[name]
        _check_choice(host, application=application)
        _refuse_leftovers(fleet, host)
        keys = _confirmed_keys(fleet, host, confirm)
        _try_with(fleet, host, keys)
        with _undoing([fleet.known_hosts, fleet.secrets_file(name), fleet.host_file(name)]):
            _record(fleet, host, keys)
            secrets = create_secrets(fleet.folder, host) if needs_vault(host) else None
            if secrets and (secrets != fleet.secrets_file(name) or not secrets.is_file()):
                raise BunkerError("no secrets were made", where=str(fleet.secrets_file(name)))
            # Last, because the file is what makes the host a member of the fleet.
            write_atomically(fleet.host_file(name), text.encode(), mode=0o644)
    return Added(host, fleet.host_file(name), secrets, tuple(keys))


def trust_instance(root: Path, fleet_name: str, name: str, *, confirm: Confirm) -> list[HostKey]:
    """Record the keys of a server that was reinstalled, after confirmation; replaces the old ones.

    The host must let us in with the new keys, else nothing is changed.
    """
    with _locked(root, fleet_name):
        fleet = load_fleet(root, fleet_name, require_secrets=False, partial=True)
        host = fleet.host(name)
        keys = scan_host_key(host.address, host.port)
        _ask(host, keys, confirm)
        _try_with(fleet, host, keys)
        _record(fleet, host, keys)
    return keys


def check_access(remote: Remote) -> None:
    """Raises unless a fresh login works and root commands need no password."""
    login = remote.run("true", timeout=30)
    if not login.ok:
        raise BunkerError(
            f"the login of {remote.host.user} works, but no command does",
            where=remote.host.name,
            remedy="Give the user an ordinary shell, and no forced command for the key",
        )
    if not remote.run("sudo -n true", timeout=30).ok:
        user = remote.host.user
        raise BunkerError(
            f"{user} is not allowed to run sudo without a password",
            where=remote.host.name,
            remedy=f"As root on the host: install sudo, then put `{user} ALL=(ALL) NOPASSWD: ALL` "
            f"into /etc/sudoers.d/{user} (visudo -f /etc/sudoers.d/{user})",
        )


def _check_choice(host: Host, *, application: bool) -> None:
    if has_application(host) != application:
        raise BunkerError(
            f"{host.name} would have an application all the same",
            expected="no --ref and no group whose hosts have one, such as changemaker",
        )


def _refuse_leftovers(fleet: Fleet, host: Host) -> None:
    if needs_vault(host) and not fleet.sops_config.is_file():
        raise BunkerError(
            f"the fleet {fleet.name} is not ready for secrets: it has no .sops.yaml",
            where=str(fleet.folder),
            remedy="Run `invoke secrets.init` first",
        )
    if fleet.secrets_file(host.name).exists():
        raise BunkerError(
            f"there are secrets of {host.name} already, but no host file",
            where=str(fleet.secrets_file(host.name)),
            expected="neither",
            remedy="Remove the file if it is left from an earlier host, or choose another name",
        )


def _confirmed_keys(fleet: Fleet, host: Host, confirm: Confirm) -> list[HostKey]:
    keys = scan_host_key(host.address, host.port)
    known = known_hosts.lines_of(fleet.known_hosts, host.address, host.port)
    shown = {tuple(key.line.split()[1:3]) for key in keys}
    if known and not shown & {tuple(line.split()[1:3]) for line in known}:
        raise BunkerError(
            f"{host.address} port {host.port} shows another key than the one recorded before",
            where=str(fleet.known_hosts),
            remedy="Only if the server was reinstalled: remove its old lines there, then run "
            "this again",
        )
    _ask(host, keys, confirm)
    return keys


def _record(fleet: Fleet, host: Host, keys: Sequence[HostKey]) -> None:
    known_hosts.record(fleet.known_hosts, host.address, host.port, [key.line for key in keys])


def _ask(host: Host, keys: Sequence[HostKey], confirm: Confirm) -> None:
    if not confirm(keys):
        raise BunkerError(
            "the host key was not confirmed; nothing was recorded",
            where=host.name,
            remedy="Compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the "
            "server's console",
        )


def _try_with(fleet: Fleet, host: Host, keys: Sequence[HostKey]) -> None:
    """Log in with the confirmed keys before they are recorded."""
    with tempfile.TemporaryDirectory(prefix="bunker-") as folder:
        path = Path(folder, "known_hosts")
        path.write_text("".join(f"{key.line}\n" for key in keys))
        check_access(Remote(host, path, fleet.ssh_key, ssh_config=fleet.ssh_config))


@contextmanager
def _undoing(paths: Sequence[Path]) -> Iterator[None]:
    """Put the files back as they were if anything, Ctrl-C included, ends the block early.

    The old content is kept as a second link, so that undoing works on a full disk too; this
    relies on every file being replaced, not written in place.
    """
    backups = {path: path.with_name(f".{path.name}.before") for path in paths}
    for path, backup in backups.items():
        backup.unlink(missing_ok=True)
        if path.is_file():
            backup.hardlink_to(path)
    try:
        yield
    except BaseException:
        for path, backup in backups.items():
            if backup.exists():
                backup.replace(path)
            else:
                path.unlink(missing_ok=True)
        raise
    finally:
        for backup in backups.values():
            backup.unlink(missing_ok=True)


@contextmanager
def _locked(root: Path, fleet_name: str) -> Iterator[None]:
    folder = root / "inventories" / fleet_name / ".locks"
    if not folder.parent.is_dir():  # no such fleet, which loading it will say
        yield
        return
    make_unversioned(folder)
    text = f"another command has been changing this fleet for {LOCK_SECONDS} seconds"
    refusal = BunkerError(text, where=fleet_name, remedy="Wait until it ends")
    with locked(folder / "_fleet.lock", LOCK_SECONDS, refusal):
        yield
