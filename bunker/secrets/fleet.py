"""Several hosts' vaults at once: opened in parallel and in memory, or given new recipients."""

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bunker.audit.secret_access import record_reading, recorded_change
from bunker.errors import BunkerError, refuse
from bunker.masking import Secret
from bunker.secrets import files, operator_key, sops, vault
from bunker.vault_text import recipients

Result = TypeVar("Result")


@dataclass(frozen=True)
class RekeyReport:
    """What a rekey did: who may open the vaults now, and what must still be done by hand."""

    hosts: tuple[str, ...]
    added_recipients: tuple[str, ...]
    removed_recipients: tuple[str, ...]
    warnings: tuple[str, ...]


def decrypt_hosts(
    fleet_folder: Path,
    host_names: Iterable[str],
    *,
    key_file: Path | None = None,
    failed: dict[str, BunkerError] | None = None,
) -> dict[str, dict[str, Secret]]:
    """The secrets of the named hosts only, by host; one sops process per core at a time.

    Raises :class:`Problems` with every host that could not be opened or holds another's file;
    with ``failed`` it puts them there instead.
    """
    names = list(host_names)
    if not names:
        return {}  # without the need of a key
    key = operator_key.locate(key_file)

    def read(name: str) -> dict[str, Secret]:
        path = files.vault_path(fleet_folder, name)
        return vault.without_host(vault.open_vault(files.read(path), path, name, key))

    results, problems = for_each(read, names)
    record_reading(fleet_folder, results, failed=problems)
    if failed is None:
        refuse("secrets could not be read", problems.values())
    else:
        failed.update(problems)
    return results


def rekey(
    fleet_folder: Path,
    host_names: Iterable[str] | None = None,
    *,
    key_file: Path | None = None,
) -> RekeyReport:
    """Encrypt vaults anew, with new data keys, for the recipients that .sops.yaml names now.

    Does the work of sops' ``updatekeys`` and ``rotate`` together, because ``updatekeys`` alone
    keeps the data key and so leaves later versions open to a removed recipient. Every vault is
    prepared and verified before the first is written.
    """
    key = operator_key.locate(key_file)
    config = files.config_path(fleet_folder)
    names = sorted(set(vault_names(fleet_folder) if host_names is None else host_names))
    before: set[str] = set()
    after: set[str] = set()

    def prepare(name: str) -> bytes:
        path = files.vault_path(fleet_folder, name)
        old = files.read(path)
        values = vault.open_vault(old, path, name, key)
        new = sops.encrypt(values, path=path, config=config)
        vault.verify(path, new, values, key_file=key)
        before.update(recipients(old))
        after.update(recipients(new))
        return new

    with ExitStack() as locks:
        for name in names:
            locks.enter_context(files.locked(fleet_folder, name))
        prepared, problems = for_each(prepare, names)
        refuse("no vault was changed", problems.values())
        removed = tuple(sorted(before - after))
        details = {"recipients": sorted(after), "recipients_removed": removed}
        with recorded_change(fleet_folder, names, details):
            for name, ciphertext in prepared.items():
                files.replace(files.vault_path(fleet_folder, name), ciphertext)
    warnings = [STILL_READABLE.format(len(removed))] if removed else []
    warnings += [ONE_RECIPIENT] if len(after) == 1 else []
    return RekeyReport(
        hosts=tuple(names),
        added_recipients=tuple(sorted(after - before)),
        removed_recipients=removed,
        warnings=tuple(warnings),
    )


def vault_names(fleet_folder: Path) -> list[str]:
    """The hosts that have a vault in this fleet."""
    found = fleet_folder.glob("*.sops.yml")
    return sorted(path.name.removesuffix(".sops.yml") for path in found if path.name[0] != ".")


def for_each(
    work: Callable[[str], Result], names: Iterable[str]
) -> tuple[dict[str, Result], Mapping[str, BunkerError]]:
    """Do something for every host, as many at a time as there are cores; results and failures.

    The work is a waiting for sops processes, so threads are enough.
    """
    ordered = list(dict.fromkeys(names))
    results: dict[str, Result] = {}
    problems: dict[str, BunkerError] = {}
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        futures = {name: pool.submit(work, name) for name in ordered}
        for name, future in futures.items():
            try:
                results[name] = future.result()
            except BunkerError as error:
                problems[name] = error
    return results, problems


STILL_READABLE = (
    "{} removed recipient(s) can still read every older version in git: give the secrets "
    "themselves new values with `invoke secrets.set`, then `invoke configure` "
    "(docs/daily-work.md, Rotate a secret, says which can be)"
)
ONE_RECIPIENT = (
    "only one recipient can open these secrets: if that key is lost, they are lost. Add the "
    "public key of a colleague, or of a key kept offline: invoke secrets.recipient.add KEY"
)
