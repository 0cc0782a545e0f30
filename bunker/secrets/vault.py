"""One host's vault: created, read and changed; every write locked, verified and atomic."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from bunker.audit.secret_access import record_reading, recorded_change
from bunker.errors import BunkerError, refuse
from bunker.masking import MASK, Secret
from bunker.secrets import catalog, files, operator_key, sops

HOST_FIELD = catalog.HOST_FIELD


def create_host_secrets(
    fleet_folder: Path,
    host_name: str,
    *,
    overrides: Mapping[str, Secret] | None = None,
    key_file: Path | None = None,
    specs: Iterable[catalog.SecretSpec] | None = None,
) -> Path:
    """Generate every secret of a new host and write its encrypted file; returns the file's path.

    ``overrides`` gives values that exist already, such as those of an import or external
    credentials. Refuses to replace an existing file.
    """
    key = operator_key.locate(key_file)
    specs = tuple(catalog.default_specs() if specs is None else specs)
    path = files.vault_path(fleet_folder, host_name)
    given = {name: catalog.normalise(name, value) for name, value in (overrides or {}).items()}
    refuse_unfit(given, catalog.known_names(specs), str(path))
    values = {HOST_FIELD: Secret(host_name)}
    values |= {spec.key: catalog.generate(spec) for spec in specs if spec.generated}
    values |= given
    with files.locked(fleet_folder, host_name):
        if path.exists():
            raise _has_them(path)
        ciphertext = sops.encrypt(values, path=path, config=files.config_path(fleet_folder))
        details = {"created": sorted(without_host(values))}
        with recorded_change(fleet_folder, [host_name], details):
            store_verified(path, ciphertext, values, key_file=key)
    return path


def add_missing_secrets(
    fleet_folder: Path,
    host_name: str,
    *,
    key_file: Path | None = None,
    specs: Iterable[catalog.SecretSpec],
) -> tuple[str, ...]:
    """Generate those secrets that a host with a vault lacks; returns their names.

    Changes nothing else. Raises BunkerError where none is missing.
    """
    before = read_host_secrets(fleet_folder, host_name, key_file=key_file)
    specs = tuple(specs)
    made = {
        spec.key: catalog.generate(spec)
        for spec in specs
        if spec.generated and spec.key not in before
    }
    if not made:
        raise _has_them(files.vault_path(fleet_folder, host_name))
    change_secrets(fleet_folder, host_name, made, key_file=key_file, specs=specs, based_on=before)
    return tuple(made)


def _has_them(path: Path) -> BunkerError:
    return BunkerError(
        "the host has secrets already; nothing was changed",
        where=str(path),
        remedy="Use `invoke secrets.set` or `invoke secrets.edit`",
    )


def read_host_secrets(
    fleet_folder: Path, host_name: str, *, key_file: Path | None = None
) -> dict[str, Secret]:
    """The secrets of one host, without the ``host`` field, once that is known to be right."""
    key = operator_key.locate(key_file)
    path = files.vault_path(fleet_folder, host_name)
    try:
        values = open_vault(files.read(path), path, host_name, key)
    except BunkerError:
        record_reading(fleet_folder, [], failed=[host_name])
        raise
    record_reading(fleet_folder, [host_name])
    return without_host(values)


def set_secret(
    fleet_folder: Path,
    host_name: str,
    key: str,
    value: Secret,
    *,
    key_file: Path | None = None,
    specs: Iterable[catalog.SecretSpec] | None = None,
) -> bool:
    """Store one value; False when it was there already and nothing was written."""
    changes = {key: catalog.normalise(key, value)}
    return change_secrets(fleet_folder, host_name, changes, key_file=key_file, specs=specs)


def change_secrets(
    fleet_folder: Path,
    host_name: str,
    changes: Mapping[str, Secret | None],
    *,
    key_file: Path | None = None,
    specs: Iterable[catalog.SecretSpec] | None = None,
    based_on: Mapping[str, Secret] | None = None,
) -> bool:
    """Set several values at once, or remove those whose change is None; False: nothing to do.

    With ``based_on``, the values that the changes were made from, a key that another operator has
    changed since then is refused.
    """
    operator = operator_key.locate(key_file)
    path = files.vault_path(fleet_folder, host_name)
    known = catalog.known_names(catalog.default_specs() if specs is None else specs)
    # A name that the table no longer knows may still be removed.
    fit = {name: value for name, value in changes.items() if value is not None}
    refuse_unfit(fit, known, str(path))
    if HOST_FIELD in changes:
        raise BunkerError("the field `host` binds the file to its host", where=str(path))
    with files.locked(fleet_folder, host_name):
        ciphertext = files.read(path)
        values = open_vault(ciphertext, path, host_name, operator)
        if based_on is not None:
            _refuse_overtaken(changes, values, based_on, path)
        needed = {name: new for name, new in changes.items() if values.get(name) != new}
        if not needed:
            return False
        wanted = {name: value for name, value in (values | needed).items() if value is not None}
        changed = sops.change(ciphertext, needed, path=path, key_file=operator)
        details = {
            "set": sorted(name for name, value in needed.items() if value is not None),
            "removed": sorted(name for name, value in needed.items() if value is None),
        }
        with recorded_change(fleet_folder, [host_name], details):
            store_verified(path, changed, wanted, key_file=operator)
    return True


def show(
    fleet_folder: Path, host_name: str, *, reveal: bool = False, key_file: Path | None = None
) -> dict[str, str]:
    """A host's secrets by name, masked unless ``reveal``."""
    secrets = read_host_secrets(fleet_folder, host_name, key_file=key_file)
    return {name: value.reveal() if reveal else MASK for name, value in secrets.items()}


def open_vault(ciphertext: bytes, path: Path, host_name: str, key: Path) -> dict[str, Secret]:
    """Decrypt a vault and make sure that it belongs to this host; keeps the ``host`` field."""
    values = sops.decrypt(ciphertext, path=path, key_file=key)
    if HOST_FIELD not in values:
        raise BunkerError(
            "the file does not say whose secrets it holds",
            where=str(path),
            expected=f"`{HOST_FIELD}: {host_name}` inside",
            remedy="Restore the file from git",
        )
    found = values[HOST_FIELD].reveal()
    if found != host_name:
        raise BunkerError(
            f"the file holds the secrets of host {found!r}",
            where=str(path),
            expected=f"those of {host_name!r}",
            remedy="It was copied or renamed: restore each host's own file from git",
        )
    return values


def without_host(values: Mapping[str, Secret]) -> dict[str, Secret]:
    return {name: value for name, value in values.items() if name != HOST_FIELD}


def store_verified(
    path: Path, ciphertext: bytes, values: Mapping[str, Secret], *, key_file: Path
) -> None:
    """Write a vault only after decrypting it again gave exactly the wanted values."""
    verify(path, ciphertext, values, key_file=key_file)
    files.replace(path, ciphertext)


def verify(path: Path, ciphertext: bytes, values: Mapping[str, Secret], *, key_file: Path) -> None:
    """Make sure that this ciphertext gives back these values with the operator's own key."""
    try:
        same = sops.decrypt(ciphertext, path=path, key_file=key_file) == dict(values)
    except BunkerError as error:
        raise BunkerError(
            f"the new version could not be opened again ({error.problem}); nothing was written",
            where=str(path),
            remedy="Check that .sops.yaml names your own recipient",
        ) from None
    if not same:
        problem = "the new version gave other values than were put in; nothing was written"
        remedy = "This is a fault of this program or of sops; please report it"
        raise BunkerError(problem, where=str(path), remedy=remedy)


def refuse_unfit(values: Mapping[str, Secret], known: frozenset[str], where: str) -> None:
    """Raise all that is wrong with these entries at once."""
    found = (catalog.problem_with(name, value, known, where) for name, value in values.items())
    refuse("these secrets cannot be stored", [problem for problem in found if problem])


def _refuse_overtaken(
    changes: Mapping[str, Secret | None],
    values: Mapping[str, Secret],
    based_on: Mapping[str, Secret],
    path: Path,
) -> None:
    overtaken = sorted(name for name in changes if values.get(name) != based_on.get(name))
    if overtaken:
        raise BunkerError(
            f"another process changed {', '.join(overtaken)} meanwhile; nothing was written",
            where=str(path),
            remedy="Look at the new values and make the change again",
        )
