"""Edit a host's secrets in an editor: the text lies in memory only, and is wiped afterwards."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bunker.errors import BunkerError
from bunker.masking import Secret
from bunker.secrets import catalog, files, operator_key, vault

_HEADER = """\
# Secrets of {host}: one KEY: value in a line. Save and leave to store, empty the file to give up.
# Not set: {absent}
"""
# Files beside the text (swap, backup, undo, registers) would outlive the editor on the disk.
_QUIET_VIM = ("-n", "-i", "NONE", "--cmd", "set noundofile nobackup nowritebackup")
_QUIET_OPTIONS = {"vim": _QUIET_VIM, "nvim": _QUIET_VIM, "vim.basic": _QUIET_VIM}


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
    specs: Iterable[catalog.SecretSpec] | None = None,
    memory_folders: Sequence[Path] | None = None,
) -> EditReport:
    """Open a host's secrets in an editor and store what changed.

    ``editor`` is a command, by default ``$VISUAL`` or ``$EDITOR``. When the text is not fit,
    ``try_again`` gets the error and decides whether to open it again; without it, or when it
    says no, the error is raised and the vault stays as it was. Somebody else's change of the
    same key while the editor was open is refused. ``memory_folders`` are places to look for a
    memory file system; without one the edit is refused.
    """
    operator_key.locate(key_file)
    table = tuple(catalog.default_specs() if specs is None else specs)
    path = files.vault_path(fleet_folder, host_name)
    before = vault.read_host_secrets(fleet_folder, host_name, key_file=key_file)
    command = _editor_command(editor)
    known = catalog.known_names(table)
    with _memory_file(memory_folders or _memory_folders(), f"{host_name}.yml") as text_file:
        text_file.write_text(_as_text(host_name, before, known))
        while True:
            _open_editor([*command, str(text_file)])
            try:
                text = Secret(text_file.read_text(errors="replace"))
                after = _parse(text, known, str(path))
                break
            except BunkerError as error:
                if try_again is None or not try_again(error):
                    raise
    if after is None:
        return EditReport((), (), ())
    changes: dict[str, Secret | None] = {name: None for name in before if name not in after}
    changes |= {name: value for name, value in after.items() if before.get(name) != value}
    vault.change_secrets(
        fleet_folder, host_name, changes, key_file=key_file, specs=table, based_on=before
    )
    return EditReport(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(name for name in changes if name in before and name in after)),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


def _as_text(host: str, values: Mapping[str, Secret], known: frozenset[str]) -> str:
    absent = ", ".join(sorted(known - values.keys())) or "none"
    rows = (f"{name}: {_scalar(value)}\n" for name, value in values.items())
    return _HEADER.format(host=host, absent=absent) + "".join(rows)


def _scalar(value: Secret) -> str:
    text = value.reveal()
    lines = text.split("\n")
    simple = all(line.isprintable() for line in lines) and not text.startswith((" ", "\n"))
    if simple and len(lines) > 2 and lines[-1] == "" and lines[-2] != "":
        return "|\n" + "\n".join(f"  {line}" for line in lines[:-1])
    # A JSON text is a YAML text, whatever characters are in it.
    return json.dumps(text, ensure_ascii=False)


def _parse(text: Secret, known: frozenset[str], where: str) -> dict[str, Secret] | None:
    """What the operator wrote; None for an emptied file."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - keeps `invoke --list` fast
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    # "base" reads every value as text: 0123, yes and 1e3 stay what was typed.
    loader = YAML(typ="base", pure=True)
    place = ""
    try:
        document = loader.load(text.reveal())
    except YAMLError as error:
        # The error quotes the line, with the secret in it: only its number may go on.
        mark = None
        if isinstance(error, MarkedYAMLError):
            mark = error.problem_mark or error.context_mark
        place = f" near line {mark.line + 1}" if mark else ""
        document = NotImplemented
    if document is NotImplemented:
        problem = f"the text cannot be read{place}; nothing was written"
        raise BunkerError(problem, where=where, expected="KEY: value, each key once")
    if document is None:
        return None
    if not isinstance(document, dict) or not all(isinstance(v, str) for v in document.values()):
        problem = "the text is not a list of KEY: value; nothing was written"
        raise BunkerError(problem, where=where, expected="one text for each key")
    values = {key: catalog.normalise(key, Secret(value)) for key, value in document.items()}
    vault.refuse_unfit(values, known, where)
    return values


def _editor_command(editor: Sequence[str] | None) -> list[str]:
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    command = list(editor) if editor else shlex.split(named)
    program = shutil.which(command[0])
    if program is None:
        remedy = "Set EDITOR to an editor that is installed, such as `nano` or `vim`"
        raise BunkerError(f"the editor {command[0]!r} was not found", remedy=remedy)
    quiet = _QUIET_OPTIONS.get(Path(program).resolve().name, ())
    return [program, *command[1:], *quiet]


def _open_editor(command: list[str]) -> None:
    code = subprocess.run(command, check=False).returncode
    if code != 0:
        problem = f"the editor ended with exit code {code}; nothing was written"
        raise BunkerError(problem, where=command[0])


def _memory_folders() -> list[Path]:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return [*([Path(runtime)] if runtime else []), Path("/dev/shm")]  # noqa: S108 - private inside


@contextmanager
def _memory_file(candidates: Sequence[Path], name: str) -> Iterator[Path]:
    in_memory = next((folder for folder in candidates if _is_in_memory(folder)), None)
    if in_memory is None:
        raise BunkerError(
            "there is no memory file system, and secrets in clear must not touch the disk",
            where=", ".join(map(str, candidates)),
            expected="a tmpfs such as /dev/shm",
            remedy="Use `invoke secrets.set`, which needs none",
        )
    folder = Path(tempfile.mkdtemp(prefix="bunker-edit-", dir=in_memory))  # mode 0700
    try:
        text_file = folder / name
        text_file.touch(mode=0o600)
        yield text_file
    finally:
        _wipe(folder)


def _is_in_memory(folder: Path) -> bool:
    """Whether a folder lies on tmpfs and can be written; unknown systems answer no."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists() or not os.access(folder, os.W_OK | os.X_OK):
        return False
    resolved = folder.resolve()
    # Later lines are mounted over earlier ones, so among equal depths the last one counts.
    best = (-1, "")
    for line in mounts.read_text().splitlines():
        _device, place, kind, *_rest = line.split(" ")
        point = Path(place.encode().decode("unicode_escape"))
        if (point == resolved or point in resolved.parents) and len(point.parts) >= best[0]:
            best = (len(point.parts), kind)
    return best[1] in {"tmpfs", "ramfs"}


def _wipe(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("r+b") as stream:
                stream.write(b"\0" * path.stat().st_size)
                stream.flush()
    shutil.rmtree(folder)
