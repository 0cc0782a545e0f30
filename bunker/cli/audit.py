"""audit.show and audit.verify: who did what, and whether the record of it is whole."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Annotated

from bunker.cli.command import operator_command
from bunker.cli.options import Options, words
from bunker.cli.values import number_of
from bunker.errors import BunkerError, ExitCode
from bunker.terminal.lines import Line, count, indented, some, table
from bunker.terminal.output import tell

if TYPE_CHECKING:
    from bunker.audit import Entry, Verification
    from bunker.audit.host_heads import Witness


@operator_command(select=False)
def show(
    options: Options,
    host: Annotated[
        list[str], "only entries of these hosts or patterns (north-*); also of hosts that are gone"
    ],
    event: Annotated[
        list[str], "only these events or patterns, such as secrets.* (repeat it, or use commas)"
    ],
    run: Annotated[str, "only entries of this run"] = "",
    last: Annotated[str, "how many of the newest entries (default: 50; 0 for all)"] = "50",
) -> None:
    """Who did what to the fleet, newest entries last.

    Runs, openings and changes of secrets, commits of the inventory and approvals, from this
    machine's log. Says on stderr when the chain is broken. Changes nothing.

    Examples:
      invoke audit.show
      invoke audit.show --host north-1 --event 'secrets.*' --last 10
      invoke audit.show --run RUN --json
    """
    from bunker.audit import read, verify

    number = number_of(last, "--last", 50)
    fleet = _known_fleet(options)
    hosts, events = words(host), words(event)
    found = [entry for entry in read(options.root, fleet) if _fits(entry, hosts, run, events)]
    shown = found[-number:] if number else found
    total = f"{count(len(found), 'entry', 'entries')} of the fleet {fleet}"
    if len(shown) < len(found):
        total += f", the last {len(shown)} shown"
    options.answer(
        {"fleet": fleet, "entries": [entry.to_json() for entry in shown]},
        [*_entry_lines(shown), Line(total, "heading")],
    )
    try:
        problem = verify(options.root, fleet).problem
    except BunkerError as error:
        tell(f"warning: the log cannot be verified: {error}")
        return
    if problem is not None:
        tell(f"warning: the chain of the log is broken: {problem.text} (see `invoke audit.verify`)")


@operator_command(select=False)
def verify(
    options: Options,
    hosts: Annotated[
        bool, "also compare with the heads that runs left on the hosts, over SSH"
    ] = False,
) -> ExitCode:
    """Whether the audit log is whole.

    Checks every entry's MAC and its link to the one before, and the newest entry against the head
    file. With --hosts also against the heads on the hosts: one that knows a later or a different
    entry proves that the log was cut or rewritten. Changes nothing.

    Examples:
      invoke audit.verify
      invoke audit.verify --hosts --json

    Exit codes: 0 intact, 1 broken (the first bad entry is named first), 7 intact as far as can
    be seen, but a host could not be compared.
    """
    from bunker.audit import verify as check
    from bunker.audit.host_heads import ask_hosts

    fleet = _known_fleet(options)
    found = check(options.root, fleet)
    witnesses = ask_hosts(options.remotes(everyone=True)[1], found) if hosts else []
    states = {witness.state for witness in witnesses}
    ok = found.ok and "contradicts" not in states
    answer = {
        "fleet": fleet,
        "ok": ok,
        "entries": found.entries,
        "problems": [vars(problem) for problem in found.problems],
        "torn": found.torn,
        "head": vars(found.head) if found.head else None,
        "hosts": [{"host": w.host, "state": w.state, "text": w.text} for w in witnesses],
    }
    options.answer(answer, _verification_lines(found, witnesses))
    if ok and "unknown" in states:
        return ExitCode.GATE_INCONCLUSIVE
    return ExitCode.OK if ok else ExitCode.ERROR


def _known_fleet(options: Options) -> str:
    """The fleet's name; the log of a fleet that was removed can still be read."""
    from bunker.audit.files import AuditFiles

    files = AuditFiles.of(options.root, options.fleet_name)
    if not (files.log.exists() or files.head.exists()):
        _ = options.fleet_folder  # a name that was never a fleet's is an error with near misses
    return options.fleet_name


def _fits(entry: Entry, hosts: tuple[str, ...], run: str, events: tuple[str, ...]) -> bool:
    if run and entry.run != run:
        return False
    if events and not any(fnmatch.fnmatchcase(entry.event, pattern) for pattern in events):
        return False
    return not hosts or any(fnmatch.filter(entry.hosts, pattern) for pattern in hosts)


def _entry_lines(entries: list[Entry]) -> list[Line]:
    from bunker.audit.chain import dumps

    rows = []
    for entry in entries:
        what = entry.what if isinstance(entry.what, str) else dumps(entry.what or "")
        if isinstance(entry.what, dict):
            parts = (
                f"{name}: {value if isinstance(value, str) else dumps(value)}"
                for name, value in entry.what.items()
                if value is not None
            )
            what = ", ".join(parts)
        what = what if len(what) <= _WIDEST else what[: _WIDEST - 1] + "…"
        rows.append(
            (
                str(entry.seq),
                entry.time[:19].replace("T", " "),
                entry.who,
                entry.event,
                some(entry.hosts, 3),
                entry.run or "",
                entry.outcome or "",
                "" if entry.what is None else what,
            )
        )
    headers = ("SEQ", "TIME (UTC)", "WHO", "EVENT", "HOSTS", "RUN", "OUTCOME", "WHAT")
    return table(headers, rows) if rows else []


_WIDEST = 120


def _verification_lines(found: Verification, witnesses: list[Witness]) -> list[Line]:
    lines = []
    if found.problem is not None:
        lines.append(Line(f"chain broken: {found.problem.text}", "bad"))
        lines += [Line(f"  {problem.text}", "bad") for problem in found.problems[1:_MOST]]
        if len(found.problems) > _MOST:
            lines.append(Line(f"  and {len(found.problems) - _MOST} more"))
    if found.torn:
        text = "The last line is half of one, as a crash leaves it: the next entry sets it aside"
        lines.append(Line(text, "warn"))
    styles = {"agrees": "good", "contradicts": "bad", "none": "faint", "unknown": "warn"}
    for witness in witnesses:
        text = f"{witness.host}: {witness.text}"
        lines += indented(text, "  ", styles[witness.state])  # type: ignore[arg-type]
    entries = count(found.entries, "genuine entry", "genuine entries")
    if found.head is None:
        ending = f"The fleet {found.fleet} has nothing recorded yet"
        return [*lines, Line(ending if found.ok else f"{entries} in all", "heading")]
    ending = f"{entries}, the newest {found.head.seq} of {found.head.time[:19]} UTC"
    if any(witness.state == "contradicts" for witness in witnesses):
        return [*lines, Line(f"{ending}; the hosts know better", "bad")]
    return [*lines, Line(f"{'chain intact: ' if found.ok else ''}{ending}", "heading")]


_MOST = 20
