"""The versions of a vault that were replaced: kept beside it, encrypted, and brought back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bunker.audit.secret_access import recorded_change
from bunker.errors import BunkerError
from bunker.masking import Secret
from bunker.secrets import catalog, files, operator_key, sops, vault


@dataclass(frozen=True)
class KeptVersion:
    """One earlier version: ``number`` 1 is the newest, ``until`` is when it was replaced (UTC).

    ``added``, ``changed`` and ``removed`` name the secrets that bringing it back would touch.
    ``problem`` says why it cannot be brought back, or nothing.
    """

    number: int
    until: datetime
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    problem: str = ""

    @property
    def same(self) -> bool:
        """Whether it has just the values of now."""
        return not (self.added or self.changed or self.removed or self.problem)


def kept_versions(
    fleet_folder: Path, host_name: str, *, key_file: Path | None = None
) -> list[KeptVersion]:
    """The versions there are, the newest first, each compared with the vault as it is now.

    Where the vault itself cannot be opened any more, everything counts as added.
    """
    operator = operator_key.locate(key_file)
    path = files.vault_path(fleet_folder, host_name)
    now = _values_now(path, host_name, operator)
    found = []
    for number, kept in enumerate(files.kept(path), start=1):
        try:
            then = vault.open_vault(files.read(kept), kept, host_name, operator)
        except BunkerError as error:
            version = KeptVersion(number, _until(kept), problem=error.problem)
        else:
            version = KeptVersion(
                number, _until(kept), **catalog.difference(now, vault.without_host(then))
            )
        found.append(version)
    return found


def restore(
    fleet_folder: Path, host_name: str, version: int = 1, *, key_file: Path | None = None
) -> KeptVersion:
    """Bring a kept version back, encrypted for those who may read the fleet's secrets now.

    The version that is replaced is kept in turn. Raises BunkerError where there is none of this
    number, or it cannot be opened.
    """
    operator = operator_key.locate(key_file)
    path = files.vault_path(fleet_folder, host_name)
    with files.locked(fleet_folder, host_name):
        versions = files.kept(path)
        if not 1 <= version <= len(versions):
            raise BunkerError(
                f"there is no earlier version {version} of these secrets",
                where=str(path),
                expected=f"1 to {len(versions)}" if versions else "an earlier version",
                remedy="Git may have more: `git log -- " + path.name + "`",
            )
        kept = versions[version - 1]
        then = vault.open_vault(files.read(kept), kept, host_name, operator)
        now = _values_now(path, host_name, operator)
        found = KeptVersion(
            version, _until(kept), **catalog.difference(now, vault.without_host(then))
        )
        if found.same:
            return found
        ciphertext = sops.encrypt(then, path=path, config=files.config_path(fleet_folder))
        details = {
            "restored": kept.name,
            "set": sorted((*found.added, *found.changed)),
            "removed": list(found.removed),
        }
        with recorded_change(fleet_folder, [host_name], details):
            vault.store_verified(path, ciphertext, then, key_file=operator)
    return found


def _values_now(path: Path, host_name: str, key: Path) -> dict[str, Secret]:
    """None at all where the vault is gone or damaged, which is when one wants an earlier one."""
    try:
        return vault.without_host(vault.open_vault(files.read(path), path, host_name, key))
    except BunkerError:
        return {}


def _until(kept: Path) -> datetime:
    return datetime.strptime(kept.name.partition(".")[0], files.KEPT_TIME).replace(tzinfo=UTC)
