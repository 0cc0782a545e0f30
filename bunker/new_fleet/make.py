"""Making a fleet's repository, or completing one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bunker import secrets
from bunker.errors import BunkerError
from bunker.files import write_atomically
from bunker.fleet.schema import write_schemas
from bunker.git import Git, GitMissing

FILES: Final = Path(__file__).parent / "files"
FLEET: Final = "production"
FRONT: Final = "tasks.py"
_MARK: Final = "from bunker.tasks import namespace"
_NOT_YET_OURS: Final = frozenset({".git", ".venv", "venv", ".python-version"})
"""What may lie in a folder that is to become a fleet: how people begin."""


@dataclass(frozen=True)
class Made:
    """What was written (paths from the folder), and what the operator does next."""

    folder: Path
    written: tuple[str, ...]
    next_commands: tuple[str, ...]
    notes: tuple[str, ...] = ()


def make_fleet(folder: Path) -> Made:
    """Make a fleet's repository, or add what an earlier try, or an older version, left out.

    No file that is there is changed. Raises BunkerError for a folder that holds something else.
    """
    folder = folder.expanduser().absolute()
    _refuse_other(folder)
    written = []
    # The front door comes first: it tells a second try whose folder this is.
    for path, content in sorted(_wanted().items(), key=lambda item: item[0] != FRONT):
        target = folder / path
        if not target.exists():
            _make_folder(target.parent)
            write_atomically(target, content, mode=0o644)
            written.append(path)
    written += [path.relative_to(folder).as_posix() for path in write_schemas(folder)]
    notes = _repository(folder)
    commands = _next(folder, written)
    return Made(folder, tuple(written), commands, notes)


def _wanted() -> dict[str, bytes]:
    """Every file by its path in the repository."""
    found = {}
    for path in FILES.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(FILES).as_posix()
            found[".gitignore" if name == "gitignore" else name] = path.read_bytes()
    return found


def _refuse_other(folder: Path) -> None:
    try:
        held = {entry.name for entry in folder.iterdir()} - _NOT_YET_OURS
        ours = FRONT in held and _MARK in (folder / FRONT).read_text(errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        problem = f"no fleet can be made there: {error.strerror}"
        raise BunkerError(problem, where=str(folder), expected="a folder of yours") from None
    if held and not ours:
        raise BunkerError(
            f"the folder is not empty: it holds {min(held)}",
            where=str(folder),
            expected="a new or an empty folder, or a fleet that was begun before",
            remedy="Name another folder: python -m bunker init DIR",
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"the folder cannot be made: {error.strerror}"
        raise BunkerError(problem, where=str(folder), remedy="Name another folder") from None


def _repository(folder: Path) -> tuple[str, ...]:
    """Make it a git repository, unless it is in one; what the operator should know of that."""
    try:
        git = Git(folder, where=str(folder))
        if not git.line("rev-parse", "--show-toplevel"):
            git.output("init", "--quiet")
    except GitMissing as error:
        return (f"not a git repository yet: {error}",)
    return ()


def _next(folder: Path, written: list[str]) -> tuple[str, ...]:
    """The commands that follow, with the first `.sops.yaml` made where a key is there already."""
    rules = folder / "inventories" / FLEET / ".sops.yaml"
    commands = []
    if folder != Path.cwd():
        commands.append(f"cd {folder}")
    if not rules.exists():
        if secrets.default_key_path().exists():
            secrets.init(rules.parent)
            written.append(rules.relative_to(folder).as_posix())
        else:
            commands.append(f"invoke secrets.init --fleet {FLEET}")
    if written:
        commands.append("git add -A && git commit -m 'A fleet of our own'")
    commands.append("invoke instance.add NAME DOMAIN ADDRESS")
    return tuple(commands)
