"""Is every host's vault readable, its own, complete, and open to the right people only?"""

import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bunker.errors import BunkerError, refuse
from bunker.masking import Secret
from bunker.secrets import catalog, files, fleet, operator_key, sops, vault
from bunker.vault_text import plaintext_keys, recipients

FLEET_OWNER = "notifications"
"""Whom the fleet's own secrets belong to: a reserved name, so there is no such host."""


@dataclass(frozen=True)
class CheckReport:
    """``problems`` need an answer; ``warnings`` are advice."""

    hosts: tuple[str, ...]
    problems: tuple[BunkerError, ...]
    warnings: tuple[str, ...]

    def raise_for_problems(self) -> None:
        """Raise all problems at once, if there are any."""
        refuse("the fleet's secrets are not in order", self.problems)


def check(
    fleet_folder: Path,
    *,
    host_names: Iterable[str] | None = None,
    key_file: Path | None = None,
    specs: Callable[[str], Sequence[catalog.SecretSpec]] | None = None,
    handed_out: Callable[[str], Iterable[str]] = lambda _name: (),
) -> CheckReport:
    """Check the named hosts' vaults, or those of every host of the fleet; changes nothing.

    ``specs`` says which secrets a host may have; without it, those of all roles.
    ``handed_out`` are those that it needs though nothing makes them.

    Looks for files that cannot be opened or belong to another host, missing, unknown and weak
    keys, values in plaintext, modes, a vault without a host file, and recipients that differ from
    what .sops.yaml says.
    """
    key = operator_key.locate(key_file)
    names = _all_hosts(fleet_folder) if host_names is None else sorted(set(host_names))

    def look(name: str) -> tuple[list[BunkerError], list[str]]:
        table = specs(name) if specs else catalog.default_specs()
        return _check_host(fleet_folder, name, key, table, handed_out(name))

    results, unreadable = fleet.for_each(look, names)
    problems: list[BunkerError] = []
    warnings: list[str] = []
    for name in names:
        found, advice = results.get(name, ([], []))
        problems += [*([unreadable[name]] if name in unreadable else []), *found]
        warnings += advice
    config = files.config_path(fleet_folder)
    if not config.exists():
        remedy = "Restore it from git, or run `invoke secrets.init`"
        problems.append(BunkerError("the file is missing", where=str(config), remedy=remedy))
    return CheckReport(tuple(names), tuple(problems), tuple(dict.fromkeys(warnings)))


def _all_hosts(fleet_folder: Path) -> list[str]:
    hosts = {path.stem for path in fleet_folder.glob("*.yml") if _is_host_file(path)}
    return sorted(hosts | set(fleet.vault_names(fleet_folder)))


def _is_host_file(path: Path) -> bool:
    return not path.name.startswith(".") and not path.name.endswith(".sops.yml")


def _check_host(
    fleet_folder: Path,
    name: str,
    key: Path,
    specs: Sequence[catalog.SecretSpec],
    handed_out: Iterable[str],
) -> tuple[list[BunkerError], list[str]]:
    path = files.vault_path(fleet_folder, name)
    ciphertext = files.read(path)
    problems = _file_problems(fleet_folder, name, path)
    if name == FLEET_OWNER:
        specs = ()
    if exposed := plaintext_keys(ciphertext):
        problem = f"values stand in plaintext: {', '.join(exposed)}"
        remedy = "Rotate these secrets: whoever has the repository knows them"
        problems.append(BunkerError(problem, where=str(path), remedy=remedy))
    try:
        values = vault.open_vault(ciphertext, path, name, key)
    except BunkerError as error:
        return [*problems, error], []
    secrets = vault.without_host(values)
    # The fleet's own secrets have the names that its settings gave them.
    known = frozenset(secrets) if name == FLEET_OWNER else catalog.known_names(specs)
    warnings = []
    for entry, value in secrets.items():
        if catalog.is_left_over(entry, known):
            remedy = f"remove it with `invoke secrets.edit --host {name}`"
            warnings.append(f"{name}: {entry} belongs to no application of the host: {remedy}")
        elif problem_found := catalog.problem_with(entry, value, known, str(path)):
            problems.append(problem_found)
    missing = [spec.key for spec in specs if spec.generated and spec.key not in secrets]
    if missing:
        problem = f"missing: {', '.join(missing)}"
        remedy = f"Run `invoke secrets.generate {name}`"
        problems.append(BunkerError(problem, where=str(path), remedy=remedy))
    for absent in (entry for entry in handed_out if entry not in secrets):
        remedy = f"Run `invoke secrets.set --host {name} --key {absent}`"
        problems.append(BunkerError(f"missing: {absent}", where=str(path), remedy=remedy))
    for spec in specs:
        weakness = catalog.weakness_of(spec, secrets[spec.key]) if spec.key in secrets else None
        if weakness:
            remedy = (
                "Unless a database or encrypted data depend on it (docs/daily-work.md, Rotate a "
                f"secret), give it a new value: `invoke secrets.set --host {name} --key "
                f"{spec.key}`, then `invoke configure --host {name}`"
            )
            problems.append(BunkerError(weakness, where=str(path), remedy=remedy))
    recipient_problems, advice = _recipients(fleet_folder, path, ciphertext)
    return problems + recipient_problems, warnings + advice


def _file_problems(fleet_folder: Path, name: str, path: Path) -> list[BunkerError]:
    problems = []
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o022:
        problem = f"others may write to the file (mode {mode:04o})"
        remedy = f"Run `chmod go-w {path}`"
        problems.append(BunkerError(problem, where=str(path), remedy=remedy))
    host_file = fleet_folder / f"{name}.yml"
    if name != FLEET_OWNER and not host_file.exists():
        problem = f"secrets of a host that the fleet does not have: {host_file.name} is missing"
        remedy = "Restore the host's file from git, or remove this one as well"
        problems.append(BunkerError(problem, where=str(path), remedy=remedy))
    return problems


def _recipients(
    fleet_folder: Path, path: Path, ciphertext: bytes
) -> tuple[list[BunkerError], list[str]]:
    config = files.config_path(fleet_folder)
    if not config.exists():
        return [], []
    # Asking sops itself is the only reading of the rules that cannot differ from sops' own.
    probe = {vault.HOST_FIELD: Secret("probe")}
    wanted = set(recipients(sops.encrypt(probe, path=path, config=config)))
    actual = set(recipients(ciphertext))
    warnings = [fleet.ONE_RECIPIENT] if len(wanted) < 2 else []
    if wanted == actual:
        return [], warnings
    more, fewer = sorted(actual - wanted), sorted(wanted - actual)
    parts = [f"{who} can open it" for who in more] + [f"{who} cannot" for who in fewer]
    problem = BunkerError(
        f"its recipients are not those of .sops.yaml: {'; '.join(parts)}",
        where=str(path),
        remedy="Run `invoke secrets.rekey`",
    )
    return [problem], warnings
