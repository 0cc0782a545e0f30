"""Edit a host's secrets in an editor: what is fit is stored, and none is lost by mistake."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bunker.errors import BunkerError, Declined
from bunker.masking import Secret
from bunker.secrets import catalog, files, memory_text, operator_key, vault
from bunker.secrets.edit_text import as_text, parse


@dataclass(frozen=True)
class EditReport:
    """Names of the secrets that an edit changed; all empty when nothing was written."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def edit(
    fleet_folder: Path,
    host_name: str,
    *,
    key_file: Path | None = None,
    editor: Sequence[str] | None = None,
    try_again: Callable[[BunkerError], bool] | None = None,
    remove: Collection[str] = (),
    confirm: Callable[[Sequence[str]], bool] | None = None,
    specs: Iterable[catalog.SecretSpec] | None = None,
    memory_folders: Sequence[Path] | None = None,
) -> EditReport:
    """Open a host's secrets in an editor and store what changed.

    ``editor`` is a command, by default ``$VISUAL`` or ``$EDITOR``. When the text is not fit,
    ``try_again`` gets the error and decides whether to open it again; without it, or when it
    says no, the error is raised and the vault stays as it was. Another user's change of the
    same key while the editor was open is refused. ``memory_folders`` are places to look for a
    memory file system; without one the edit is refused.

    A secret that every host needs cannot be removed. Any other that is missing from the text is
    removed if ``remove`` names it or ``confirm``, which gets the names, says so.
    """
    operator_key.locate(key_file)
    table = tuple(catalog.default_specs() if specs is None else specs)
    path = files.vault_path(fleet_folder, host_name)
    before = vault.read_host_secrets(fleet_folder, host_name, key_file=key_file)
    command = memory_text.editor_command(editor)
    known = catalog.known_names(table)
    needed = frozenset(spec.key for spec in table if spec.generated)
    places = memory_folders or memory_text.memory_folders()
    with memory_text.text_in_memory(places, f"{host_name}.yml") as text_file:
        text_file.write_text(as_text(host_name, before, known), encoding="utf-8")
        while True:
            memory_text.run_editor([*command, str(text_file)])
            try:
                after = parse(_read(text_file), str(path))
                if after is None:
                    return EditReport((), (), ())
                # What nothing of the host wants any more may stay as it is.
                stays = after.keys() - known
                new = {k: v for k, v in after.items() if k not in stays or before.get(k) != v}
                vault.refuse_unfit(new, known, str(path))
                _refuse_losses(before, after, needed, str(path))
                break
            except BunkerError as error:
                if try_again is None or not try_again(error):
                    raise
        removed = sorted(before.keys() - after.keys())
        _confirm_removal([name for name in removed if name not in remove], confirm, str(path))
    changes: dict[str, Secret | None] = dict.fromkeys(removed)
    changes |= {name: value for name, value in after.items() if before.get(name) != value}
    vault.change_secrets(
        fleet_folder, host_name, changes, key_file=key_file, specs=table, based_on=before
    )
    return EditReport(**catalog.difference(before, after))


def _read(text_file: Path) -> bytes:
    try:
        return text_file.read_bytes()
    except OSError as error:
        raise BunkerError(
            f"the editor left no text ({error.strerror}); nothing was written",
            where=str(text_file),
        ) from None


def _refuse_losses(
    before: Mapping[str, Secret], after: Mapping[str, Secret], needed: frozenset[str], where: str
) -> None:
    """Raise where a secret that the host cannot do without would be gone."""
    gone = sorted(needed & (before.keys() - after.keys()))
    if gone:
        raise BunkerError(
            f"the text lacks {', '.join(gone)}, which every host needs; nothing was written",
            where=where,
            remedy="Leave their lines as they are, or empty the file to give up",
        )


def _confirm_removal(
    names: Sequence[str], confirm: Callable[[Sequence[str]], bool] | None, where: str
) -> None:
    if not names:
        return
    listed = ", ".join(names)
    if confirm is None:
        options = " ".join(f"--remove {name}" for name in names)
        raise BunkerError(
            f"the text lacks {listed}, and the removal was not confirmed; nothing was written",
            where=where,
            remedy=f"To remove it, say so: {options}",
        )
    if not confirm(names):
        raise Declined(f"nothing was written; {listed} stays in {where}")
