"""Defaults by group: `group_data/*.py`, plain assignments, read exactly as pyinfra reads them."""

import ast
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bunker.errors import BunkerError
from bunker.files import read_listed
from bunker.fleet.environment import secrets_in_environment
from bunker.fleet.explain import explain
from bunker.fleet.merge import Layer, deep_merge
from bunker.fleet.models import Host
from bunker.fleet.yaml_file import DEEPEST
from bunker.fleet.yaml_file import Path as KeyPath
from bunker.suggest import suggest

# What only one host can be called or reached by has no sense as a default of many.
PER_HOST = frozenset({"name", "address", "domain", "label", "notes", "groups"})
DEFAULTS = frozenset(Host.model_fields) - PER_HOST
SOME_HOST = {"name": "some", "address": "192.0.2.1", "domain": "some.example.org"}
PYINFRA_PREFIXES = ("_", "ssh_")
PLAIN = "plain values: text, numbers, True and False, lists, dictionaries"
FOLDERS = ("group_data", "inventories/group_data")


@dataclass(frozen=True)
class GroupFile:
    """One file: ours (fields of a host) and pyinfra's own keys (``_sudo``, ``ssh_*``) apart."""

    group: str
    where: str
    fields: dict[str, Any] = field(default_factory=dict)
    pyinfra: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[BunkerError] = field(default_factory=list)

    def layer(self) -> Layer:
        """The file as a source of host values."""
        return Layer(self.fields, self.place)

    def place(self, path: KeyPath) -> str:
        """``file:line`` of the assignment that holds a key."""
        line = self.lines.get(str(path[0])) if path else None
        return f"{self.where}:{line}" if line else self.where


class GroupData:
    """Every group's defaults, from the root folder first and the inventories' folder on top."""

    def __init__(self, files: list[GroupFile]) -> None:
        self._files: dict[str, list[GroupFile]] = {}
        for file in files:
            self._files.setdefault(file.group, []).append(file)
        self._merged: dict[tuple[str, ...], dict[str, Any]] = {}
        self.problems = [problem for file in files for problem in file.problems]

    def files_for(self, groups: tuple[str, ...]) -> list[GroupFile]:
        """The files that count for a host, the weakest first; ``groups`` in pyinfra's order."""
        return [file for group in ("all", *groups) for file in self._files.get(group, [])]

    def defaults_for(self, groups: tuple[str, ...]) -> dict[str, Any]:
        """The merged fields, computed once for all hosts with the same groups."""
        if groups not in self._merged:
            merged: dict[str, Any] = {}
            for file in self.files_for(groups):
                merged = deep_merge(merged, file.fields)
            self._merged[groups] = merged
        return self._merged[groups]

    def pyinfra_for(self, groups: tuple[str, ...]) -> dict[str, Any]:
        """pyinfra's own keys; its rule: the last group's value holds, nothing is merged."""
        values: dict[str, Any] = {}
        for file in self.files_for(groups):
            values.update(file.pyinfra)
        return values


def load_group_data(root: Path) -> GroupData:
    """Reads both folders; what is wrong with a file stands in it."""
    files = []
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.py")):
            files.append(_read(path, f"{folder}/{path.name}"))
    return GroupData(files)


def _read(path: Path, where: str) -> GroupFile:
    result = GroupFile(path.stem, where)
    problems = result.problems
    try:
        for key, value in _assigned(path, result):
            try:
                _take(key, value, result)
            except BunkerError as error:
                problems.append(error)
    except BunkerError as error:
        problems.append(error)
        return result
    problems.extend(secrets_in_environment(result.layer(), "NAME"))
    try:
        # On its own, so that a fault shows before the first host joins the group.
        Host.model_validate({**SOME_HOST, **result.fields})
    except ValidationError as error:
        problems.extend(explain(error, [result.layer()], where))
    return result


def _assigned(path: Path, file: GroupFile) -> list[tuple[str, Any]]:
    """What the file assigns for others; raises BunkerError where it cannot be known."""
    try:
        tree = ast.parse(read_listed(path, where=file.where), str(path))
        values: dict[str, Any] = {"__file__": str(path)}
        # Group data is code of this repository, as trusted as the deploys themselves.
        exec(compile(tree, str(path), "exec"), values)  # noqa: S102
    except (BunkerError, KeyboardInterrupt):
        raise
    except SyntaxError as error:
        place = f"{file.where}:{error.lineno}" if error.lineno else file.where
        raise BunkerError(f"this is not valid Python: {error.msg}", where=place) from None
    except BaseException as error:  # noqa: BLE001 - whatever a file of the operator raises
        raise _failed(error, path, file.where) from None
    file.lines.update(_lines(tree))
    exported = values.get("__all__", values.keys() - _imported(tree))
    if not isinstance(exported, list | tuple | set) or not all(
        isinstance(key, str) and key in values for key in exported
    ):
        expected = "a list of names that the file assigns"
        raise BunkerError("__all__ is not right", where=file.place(("__all__",)), expected=expected)
    return [
        (key, value)
        for key, value in values.items()
        if key in exported and not key.startswith("__")
    ]


def _take(key: str, value: Any, file: GroupFile) -> None:
    """Note one assignment; raises BunkerError for what cannot be a default of a group."""
    place = file.place((key,))
    if key.startswith(PYINFRA_PREFIXES):
        file.pyinfra[key] = value
        if "password" in key:
            raise BunkerError(
                f"{key} is a secret and must not stand in a plain file",
                where=place,
                remedy="Remove it: log in with a key (ssh-agent), and let the user run sudo without"
                " a password; the value that stood there counts as disclosed",
            )
    elif key in DEFAULTS:
        try:
            file.fields[key] = _plain(value)
        except TypeError as error:
            raise BunkerError(f"{key} holds {error}", where=place, expected=PLAIN) from None
    else:
        raise _unknown(key, file)


def _failed(error: BaseException, path: Path, where: str) -> BunkerError:
    """What a file raised while it was read, with the line of the file that led there."""
    own = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == str(path)
    ]
    place = f"{where}:{own[-1]}" if own else where
    if isinstance(error, SystemExit):
        remedy = "Remove the call of sys.exit, or correct what it complains about"
        return BunkerError("the file ended the program", where=place, remedy=remedy)
    try:
        text = (str(error).splitlines() or [""])[0]
    except Exception:  # noqa: BLE001 - an exception of the file's own making
        text = ""
    reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return BunkerError(f"reading the file failed: {reason}", where=place)


def _plain(value: Any, depth: int = 0) -> Any:
    """A copy of plain data; TypeError for what a YAML file could not say, or that never ends."""
    if depth > DEEPEST:
        raise TypeError("something that is nested too deeply")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("a key that is no text")
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"a value of the type {type(value).__name__}")


def _unknown(key: str, file: GroupFile) -> BunkerError:
    if key in PER_HOST:
        problem, expected = f"{key} belongs to one host, not to a group", "it in the host's file"
        return BunkerError(problem, where=file.place((key,)), expected=expected)
    return BunkerError(
        f"{key} is not a known key",
        where=file.place((key,)),
        remedy=suggest(key, DEFAULTS),
    )


def _lines(tree: ast.Module) -> dict[str, int]:
    lines = {}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                lines[target.id] = node.lineno
    return lines


def _imported(tree: ast.Module) -> set[str]:
    """Names that import statements bind: pyinfra does not take them for data either."""
    return {
        alias.asname or alias.name.split(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
