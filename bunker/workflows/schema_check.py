"""Checks migrations before they are applied: files, or what a commit has and another has not."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bunker.application.migrations import (
    MigrationSafety,
    classify_migrations,
    classify_with_history,
)
from bunker.errors import BunkerError
from bunker.source import Source, read_files

MIGRATION = re.compile(r"((?:.*/)?migrations)/([^/]+)/migration\.sql")


@dataclass(frozen=True)
class Checked:
    """One migration: the file it stands in, and the verdict."""

    file: str
    safety: MigrationSafety

    @property
    def safe(self) -> bool:
        """Whether the older code goes on working after it."""
        return self.safety.safe


def check_files(words: Iterable[str], history: str = "") -> list[Checked]:
    """Check files as one list; of a folder of migrations, each one by itself.

    The migrations that stand beside one and before it are its history; ``history`` names another
    folder. Raises BunkerError where something cannot be read.
    """
    files: list[Path] = []
    checked: list[Checked] = []
    for path in map(Path, words):
        if not path.is_dir():
            files.append(path)
        elif (path / "migration.sql").exists():
            files.append(path / "migration.sql")
        else:
            for file in _below(path):
                checked += _classify({file: _read(file)}, _before(file, [file]))
    if files:
        first = min(files, key=_name)
        earlier = list(_below(Path(history))) if history else _before(first, files)
        checked += _classify({file: _read(file) for file in files}, earlier)
    return checked


def _classify(sql: Mapping[Path, str], earlier: Iterable[Path]) -> list[Checked]:
    order = sorted(sql, key=lambda file: (_name(file), file))
    numbered = {f"{number:06d}": sql[file] for number, file in enumerate(order)}
    classified = classify_migrations(numbered, [_read(file) for file in earlier])
    return [
        Checked(str(file), replace(one, name=_name(file)))
        for file, one in zip(order, classified, strict=True)
    ]


def _name(file: Path) -> str:
    return file.resolve().parent.name if file.name == "migration.sql" else file.stem


def _below(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*/migration.sql"))
    if not found:
        raise BunkerError(
            "there are no migrations in it", where=str(folder), expected="NAME/migration.sql below"
        )
    return found


def _before(first: Path, given: list[Path]) -> list[Path]:
    if first.name != "migration.sql":
        return []
    known = {file.resolve() for file in given}
    beside = sorted(first.resolve().parent.parent.glob("*/migration.sql"))
    return [file for file in beside if file not in known and _name(file) < _name(first)]


def _read(file: Path) -> str:
    try:
        if file.exists() and not file.is_file():
            raise BunkerError("it is no regular file", where=str(file))
        return _text(str(file), file.read_bytes())
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise BunkerError(f"it cannot be read: {reason}", where=str(file)) from None


def check_refs(span: str, source: Source | str) -> list[Checked]:
    """Check, as one list, the migrations that B of ``A..B`` has and A has not."""
    old, dots, new = span.partition("..")
    if not dots or not old or not new or old.startswith("-") or new.startswith((".", "-")):
        raise BunkerError(f"{span!r} is no span of commits", expected="A..B", where="--ref")
    origin = source if isinstance(source, Source) else Source(source, new)
    before, after = read_files(origin, (old, new), MIGRATION)
    checked: list[Checked] = []
    for folder in sorted({_folder(path) for path in after}):
        had, has = _named(before, folder), _named(after, folder)
        names = [name for name in has if name not in had]
        checked += [
            Checked(f"{folder}/{one.name}/migration.sql", one)
            for one in classify_with_history(names, had, {**had, **has})
        ]
    return checked


def _named(tree: Mapping[str, bytes], folder: str) -> dict[str, str]:
    """The SQL of a folder's migrations, by name."""
    mine = [path for path in tree if _folder(path) == folder]
    return {path.split("/")[-2]: _text(path, tree[path]) for path in mine}


def _folder(path: str) -> str:
    return path.rsplit("/", 2)[0]


def _text(path: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise BunkerError("it is not UTF-8 text", where=path) from None
