"""Composite facts: everything a role wants to know of a host in one remote command each."""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pyinfra.api import FactBase
from pyinfra.api.exceptions import FactProcessError
from pyinfra.context import ctx_host

from bunker.answers import MARK, UnreadableAnswer, mode, moment, sections
from bunker.errors import BunkerError
from bunker.ops.recorder import name_of
from bunker.ops.step import AS_ROOT
from bunker.shell import failed_line_function, script_file

T = TypeVar("T")


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Around the reading of an answer about ``what``: the host's fault is one sentence about it.

    Raises BunkerError. Not pyinfra's FactProcessError: with that it goes on without the fact, and
    ends with "No hosts remaining!" or with what the missing fact leads to.
    """
    try:
        yield
    except (LookupError, ValueError) as error:
        known = isinstance(error, UnreadableAnswer)
        host = name_of(ctx_host.get()) if ctx_host.isset() else None
        raise BunkerError(
            f"its answer about {what} cannot be read: "
            + (str(error) if known else "a part of it is missing or of another form"),
            where=host,
            remedy=f"Look at what its commands print with: invoke ssh --host {host or 'NAME'}",
        ) from error


class Answer(FactBase[T], Generic[T]):
    """What a script of ours tells of a host, in sections.

    ``about`` says in errors what that is, ``read`` makes of the sections what a role wants to know:
    it raises LookupError or ValueError (UnreadableAnswer) where they make no sense.
    """

    about: ClassVar[str]
    read: ClassVar[Any]

    def process(self, output: list[str]) -> T:
        with reading(self.about):
            found: T = self.read(sections(output))
            return found


def asked(fact: type[Answer[T]], **arguments: Any) -> T:
    """What the current host answers; an error where it does not, never a default taken as real."""
    found: T | None = ctx_host.get().get_fact(fact, **arguments, **AS_ROOT)
    if found is None:
        raise FactProcessError(f"the host did not answer: {fact.about}")
    return found


def boot_function() -> str:
    """The shell function ``boot``: the section ``boot`` of a fact, see :func:`read_boot`."""
    return script_file(Path(__file__).parent / "scripts" / "boot.sh")


def read_boot(lines: Iterable[str]) -> dict[str, Any]:
    """Which boot of its host this is: ``id``, and ``since`` (seconds since 1970).

    Nothing where the host does not say. Raises UnreadableAnswer.
    """
    for line in lines:
        name, _, since = line.partition(" ")
        if name and since:
            return {"id": name, "since": moment(since, "the time of its boot")}
    return {}


@dataclass(frozen=True)
class FileState:
    """One path on a host; ``sha256`` is empty where nothing is there.

    ``group`` is "" where it is the owner's own, however that is called.
    """

    sha256: str
    mode: int = 0
    owner: str = ""
    group: str = ""

    @property
    def exists(self) -> bool:
        """Whether something is there (a link or a directory counts, with an odd hash)."""
        return bool(self.sha256)


@dataclass(frozen=True)
class ComponentsState:
    """Manifest of many components at once: their files, applied hashes and running checks.

    ``checks`` has a line of text for each failing check, what it said or which command failed;
    "" for one that passes.
    """

    files: Mapping[str, FileState]
    applied: Mapping[str, str]
    checks: Mapping[str, str] = field(default_factory=dict)


def _components(found: Mapping[str, Iterable[str]]) -> ComponentsState:
    files = {}
    for line in found["files"]:
        sha256, bits, owner, group, path = line.split(" ", 4)
        found_mode = mode(bits, f"the mode of {path}")
        files[path] = FileState(sha256, found_mode, owner, "" if group == "-" else group)
    applied = dict(line.split(" ", 1) for line in found["applied"] if " " in line)
    checks = {}
    for line in found["checks"]:
        name, word, *said = line.split(" ", 2)
        if word not in ("yes", "no"):
            raise UnreadableAnswer(f"the check of {name} says neither yes nor no")
        checks[name] = "" if word == "yes" else "".join(said).strip() or "its check fails"
    return ComponentsState(files, applied, checks)


class Components(Answer[ComponentsState]):
    """Compare any number of bundles with one remote command."""

    about = "its files and checks"
    read = staticmethod(_components)

    def command(  # type: ignore[override]
        self, paths: list[str], names: list[str], checks: dict[str, str]
    ) -> str:
        quoted = " ".join(shlex.quote(path) for path in paths)
        lines = [
            f"echo '{MARK} files'; owner=",
            f"for path in {quoted}; do",
            '  [ -e "$path" ] || [ -L "$path" ] || continue',
            '  if [ -f "$path" ] && [ ! -L "$path" ]; then',
            '    sum=$(sha256sum < "$path"); else sum="not-a-file"; fi',
            '  set -- $(stat -c "%a %U %G" -- "$path")',
            '  [ "$2" = "$owner" ] || { owner=$2; own=$(id -gn -- "$owner" || echo "$owner"); }',
            '  [ "$3" != "$own" ] || set -- "$1" "$2" -',
            '  echo "${sum%% *} $1 $2 $3 $path"',
            "done",
            f"echo '{MARK} applied'",
            f"for name in {' '.join(shlex.quote(name) for name in names)}; do",
            '  [ -f "/var/lib/bunker/applied/$name" ] || continue',
            '  echo "$name $(cat "/var/lib/bunker/applied/$name")"',
            "done",
            f"echo '{MARK} checks'",
            failed_line_function(),
        ]
        for name, check in checks.items():
            # A shell of its own: in the condition of an `if` a subshell would ignore its `set -e`,
            # and only the last line of a check would count.
            lines.append(
                f"check={shlex.quote(check.strip())}\n"
                'if sh -eu -c "$check" >/dev/null 2>&1 </dev/null; '
                # Not echo: what a check says may hold backslashes, and dash's echo reads them.
                f"then echo '{name} yes'; "
                f'else printf "%s\\n" "{name} no $(failed_line "$check")"; fi'
            )
        lines.append(f"echo '{MARK} end'")
        return "\n".join(lines)
