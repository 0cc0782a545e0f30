"""Following a run from outside the process that executes it."""

from pathlib import Path

from bunker.errors import BunkerError, ExitCode
from bunker.journal.reader import open_journal
from bunker.journal.records import ENDED
from bunker.journal.summary import exit_code
from bunker.terminal.reporter import Reporter


def watch_run(root: Path, run: str, reporter: Reporter) -> ExitCode:
    """Show all events so far and every new one until the run ends, pauses or loses its process."""
    seen = 0
    with open_journal(root) as journal:
        name = journal.run(run).run
        while True:
            events = journal.follow(name, seen)
            seen += len(events)
            for event in events:
                reporter.event(event)
            if events:
                continue
            reporter.tick()
            record = journal.run(name)
            if record.state != "running":
                break
        if record.state in ENDED:
            reporter.recap(record.summary.hosts, reason=record.summary.reason)
            return exit_code(record.state, record.summary.hosts)
    raise BunkerError(
        f"the run {name} is {record.state}"
        + (f": {record.summary.paused}" if record.state == "paused" else ""),
        remedy=f"Resume it with: invoke run.resume {name}",
    )
