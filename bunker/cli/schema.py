"""schema.check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.errors import BunkerError, ExitCode
from bunker.runs.kind import APP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bunker.workflows.schema_check import Checked


@operator_command(words="files")
def check(
    options: Options,
    files: Annotated[list[str], "SQL files, or folders of Prisma migrations"],
    *,
    ref: Annotated[str, "A..B: the migrations that commit, tag or branch B has and A has not"] = "",
    repository: Annotated[
        str, "with --ref: a local path or an address (default: that of --host)"
    ] = "",
    history: Annotated[str, "folder of the migrations before, for files that are not in it"] = "",
    app: Annotated[str, f"with --ref and --host: {APP}"] = "",
) -> ExitCode:
    """Check migrations: does older code go on working?

    Every statement is safe, unsafe or not understood, with the reason. Needs no fleet, no host and
    no database; nothing is executed. Of a file in a folder of Prisma migrations the ones before it
    are read too: they say which indexes are unique. Several files are checked as one list, in the
    order of their names, as Prisma applies them.

    Examples:
      invoke schema.check prisma/migrations/20250310090000_drop/migration.sql
      invoke schema.check prisma/migrations --json
      invoke schema.check --ref v2.0.0..HEAD --repository .
      invoke schema.check --ref v2.0.0..v2.1.0 --host north-1

    Exit codes: 0 all safe, 8 something is unsafe or not understood, 1 nothing could be read.
    """
    from bunker.terminal.schema_text import schema_lines
    from bunker.workflows.schema_check import check_files, check_refs

    if bool(files) == bool(ref):
        raise BunkerError(
            "there is nothing to check" if not files else "files and --ref are one too many",
            expected="files of SQL, a folder of migrations, or --ref A..B",
        )
    if ref:
        checked = check_refs(ref, repository or _source(options, app))
    else:
        checked = check_files(files, history)
    safe = all(one.safe for one in checked)
    options.answer({"safe": safe, "migrations": _json(checked)}, schema_lines(checked))
    return ExitCode.OK if safe else ExitCode.UNSAFE_FOR_OLDER_CODE


def _source(options: Options, app: str) -> Any:
    from bunker.applications.of_host import secrets_of
    from bunker.secrets import decrypt_hosts
    from bunker.source import Source

    if not options.chosen:
        raise BunkerError(
            "no repository was chosen",
            expected="--repository PATH or ADDRESS, or --host NAME for that host's own",
        )
    fleet, host = options.select_one(app=app)
    vault = decrypt_hosts(fleet.folder, fleet.with_secrets([host])).get(host.name, {})
    return Source.of(host, secrets_of(host, vault), fleet.root)


def _json(checked: Sequence[Checked]) -> list[dict[str, Any]]:
    return [
        {
            "file": one.file,
            "name": one.safety.name,
            "safe": one.safe,
            "statements": [
                {
                    "line": statement.line,
                    "statement": statement.text,
                    "verdict": statement.verdict,
                    "reasons": list(statement.reasons),
                }
                for statement in one.safety.statements
            ],
        }
        for one in checked
    ]
