"""How two generations of a host differ: commits, images, configuration, migrations.

The files that were kept hold secrets. They come over SSH into memory only, and leave this module
as a diff in which secret values show as changed, never as what they are.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from bunker.answers import decoded, sections
from bunker.application.dotenv import parse_dotenv
from bunker.application.layout import layout_function
from bunker.application.migrations import MigrationSafety, classify_migrations
from bunker.applications.of_host import port_of
from bunker.bundle import BundleFile
from bunker.bundle_diff import FileMeta, diff_file
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.generations.model import Generation
from bunker.json_form import JsonForm
from bunker.masking import Redactor, Secret
from bunker.remote import Remote
from bunker.role import named
from bunker.shell import script_file, with_variables

TIMEOUT_SECONDS = 60
_SCRIPT = Path(__file__).parent / "compare.sh"


@dataclass(frozen=True)
class FileDifference:
    """A file that differs, and how, without secrets."""

    path: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ImageDifference:
    """The ids of a service's image; None where there is no such service."""

    old: str | None
    new: str | None


@dataclass(frozen=True)
class Difference(JsonForm):
    """What is other in ``new`` than in ``old``.

    added and removed: commits ("4f2a91c Subject"), newest first; None where the checkout does not
    know both commits any more. images: by service. files: None where the files of one
    of the two are not kept; ``missing`` names the generations. migrations: those applied between
    the two, oldest first; ``backwards`` where the new one has fewer, which only a restored
    database can have.
    """

    old: Generation
    new: Generation
    added: Annotated[tuple[str, ...] | None, Field(alias="commits_added")]
    removed: Annotated[tuple[str, ...] | None, Field(alias="commits_removed")]
    images: Mapping[str, ImageDifference]
    files: tuple[FileDifference, ...] | None
    missing: Annotated[tuple[int, ...], Field(alias="files_not_kept")]
    migrations: tuple[MigrationSafety, ...]
    backwards: Annotated[bool, Field(alias="migrations_backwards")]

    @property
    def nothing(self) -> bool:
        """True where nothing is known to differ and everything was compared."""
        commits = bool(self.added or self.removed) or self.old.commit != self.new.commit
        return not (commits or self.images or self.files or self.missing or self.migrations)

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        found = super().to_json()
        for migration in found["migrations"]:
            del migration["statements"]
        return found


def read_difference(remote: Remote, old: Generation, new: Generation) -> Difference:
    """Compare two generations of one host. One command; changes nothing.

    Raises Unreachable, or BunkerError where the host's answer makes no sense.
    """
    script = with_variables(
        layout_function() + script_file(_SCRIPT),
        APP_NAME=remote.host.application.name,
        OLD=f"{old.number:06d}",
        NEW=f"{new.number:06d}",
        OLD_COMMIT=_plain(old.commit),
        NEW_COMMIT=_plain(new.commit),
        DIRECTORY=remote.host.application.directory,
    )
    public = _public_keys(remote.host)
    answer = remote.run(script, sudo=True, timeout=TIMEOUT_SECONDS)
    if not answer.ok:
        raise BunkerError("the generations cannot be compared", where=remote.host.name)
    try:
        rows = [row.split(" ") for row in sections(answer.stdout.splitlines())]
        return _difference(old, new, rows, public)
    except (ValueError, IndexError):
        raise BunkerError("the comparison makes no sense", where=remote.host.name) from None


def _public_keys(host: Host) -> frozenset[str]:
    keys: frozenset[str] = named(port_of(host).public_keys)(host)
    return keys


def _plain(commit: str) -> str:
    # It becomes an argument of git: never an option, never another revision.
    if not commit or set(commit) - set("0123456789abcdef"):
        raise BunkerError(f"{commit!r} is no commit")
    return commit


@dataclass(frozen=True)
class _Kept:
    content: bytes
    meta: FileMeta


def _difference(
    old: Generation, new: Generation, rows: list[list[str]], public: frozenset[str]
) -> Difference:
    kinds = [row[0] for row in rows]
    missing = tuple(
        generation.number
        for side, generation in (("old", old), ("new", new))
        if [side, "none"] in rows or side not in kinds
    )
    files = None if missing else _file_differences(_kept(rows, "old"), _kept(rows, "new"), public)
    heads = (old.migration_head, new.migration_head)
    sql = {row[1]: _text(row[2]) for row in rows if row[0] == "migration"}
    between = {name: sql[name] for name in sql if min(heads) < name <= max(heads)}
    history = [sql[name] for name in sorted(sql) if name <= min(heads)]
    migrations = tuple(classify_migrations(between, history))
    services = sorted(old.images.keys() | new.images.keys())
    return Difference(
        old=old,
        new=new,
        added=_commits(rows, "added"),
        removed=_commits(rows, "removed"),
        images={
            service: ImageDifference(old.images.get(service), new.images.get(service))
            for service in services
            if old.images.get(service) != new.images.get(service)
        },
        files=files,
        missing=missing,
        migrations=migrations,
        backwards=heads[1] < heads[0],
    )


def _commits(rows: list[list[str]], kind: str) -> tuple[str, ...] | None:
    if [f"{kind}-unknown"] in rows:
        return None
    return tuple(_text(row[1]) for row in rows if row[0] == kind)


def _kept(rows: list[list[str]], side: str) -> dict[str, _Kept]:
    found = {}
    for _, mode, owner, path, content in (row for row in rows if row[0] == side):
        meta = FileMeta(int(mode, 8), owner)
        found[_text(path)] = _Kept(decoded(content, "a kept file"), meta)
    return found


def _text(encoded: str) -> str:
    return decoded(encoded, "the comparison").decode(errors="replace")


def _file_differences(
    old: Mapping[str, _Kept], new: Mapping[str, _Kept], public: frozenset[str]
) -> tuple[FileDifference, ...]:
    redact = Redactor(_secrets(chain(old.items(), new.items()), public))
    found = []
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        lines = diff_file(
            before.content if before else None,
            _as_file(path, after, public) if after else None,
            before.meta if before else None,
        )
        if lines:
            found.append(FileDifference(path, tuple(redact(line) for line in lines)))
    return tuple(found)


def _as_file(path: str, kept: _Kept, public: frozenset[str]) -> BundleFile:
    """A kept file with what may be shown of it; a file that is not known is secret."""
    known = path.endswith(("/docker-compose.override.yml", "/compose.bunker.yml"))
    return BundleFile(
        path,
        kept.content,
        kept.meta.mode,
        kept.meta.owner,
        kind="dotenv" if _is_dotenv(path) else "text",
        secret=not known,
        public_keys=public,
    )


def _is_dotenv(path: str) -> bool:
    return path.endswith("/.env")


def _secrets(files: Iterable[tuple[str, _Kept]], public: frozenset[str]) -> Iterator[Secret]:
    """The values of secret keys of every environment file: they must not show anywhere else."""
    for path, file in files:
        if _is_dotenv(path):
            with suppress(BunkerError):
                values = parse_dotenv(file.content)
                yield from (Secret(values[key]) for key in values if key not in public)
