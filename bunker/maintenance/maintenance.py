"""Opening, closing and reading maintenance: one remote command per host, all hosts at once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bunker.answers import clock_and_record, line, moment, of, text
from bunker.audit.who import operator
from bunker.duration import describe_duration
from bunker.host_keys import Unreachable
from bunker.json_form import JsonForm
from bunker.remote import Completed, Remote, run_many
from bunker.shell import script_file, with_variables

_SCRIPTS: Final = Path(__file__).parent
TIMEOUT_SECONDS: Final = 40


@dataclass(frozen=True)
class Maintenance(JsonForm):
    """Open maintenance. Times are seconds since 1970 by the host's clock.

    ``run`` is the run that opened it and closes it again; None where a person did.
    ``seconds_left`` is counted from when the host was asked.
    """

    until: int
    reason: str
    by: str
    run: str | None
    opened: int
    seconds_left: int

    def sentence(self) -> str:
        """``maintenance until 2026-11-24 16:00 (25 minutes left): new disk, by anna@desk``."""
        end = datetime.fromtimestamp(self.until, UTC).astimezone()
        run = f" in run {self.run}" if self.run else ""
        return (
            f"maintenance until {end:%Y-%m-%d %H:%M} ({describe_duration(self.seconds_left)} left)"
            f": {self.reason}, by {self.by}{run}"
        )


def read_maintenance(lines: Sequence[str]) -> Maintenance | None:
    """What a host answered: its clock, then the file in base64, if there is one.

    None where no maintenance is open: there is no file, it has ended, or it cannot be read.
    """
    try:
        what = "its maintenance"
        now, found = clock_and_record(lines, what)
        until = moment(of(found, "until", what), "until")
        left = until - now
        if left <= 0:
            return None
        return Maintenance(
            until=until,
            reason=text(of(found, "reason", what), "reason"),
            by=text(of(found, "by", what), "by"),
            run=line(found["run"], "run") if found.get("run") else None,
            opened=moment(of(found, "opened", what), "opened"),
            seconds_left=left,
        )
    except ValueError:
        return None


Answer = Maintenance | None | Unreachable
"""What is open; None where nothing is; why the host could not say."""


def open_maintenance(
    remotes: Sequence[Remote], seconds: int, reason: str, *, by: str | None = None
) -> dict[str, Answer]:
    """Open maintenance on all of these hosts; it replaces what is open, and stays after a run.

    The answers are what is open afterwards, by host.
    """
    script = with_variables(
        script_file(_SCRIPTS / "open.sh") + script_file(_SCRIPTS / "read.sh"),
        SECONDS_LONG=seconds,
        REASON=json.dumps(reason, ensure_ascii=False),
        BY=json.dumps(by or operator(), ensure_ascii=False),
    )
    return _ask(remotes, script)


def close_maintenance(remotes: Sequence[Remote]) -> dict[str, Answer]:
    """End maintenance, whoever opened it. The answers are what was open before, by host."""
    remove = "rm -f /var/lib/bunker/maintenance.json\n"
    parts = (script_file(_SCRIPTS / name) for name in ("close.sh", "read.sh"))
    return _ask(remotes, with_variables("".join(parts) + remove))


def maintenance_of(remotes: Sequence[Remote]) -> dict[str, Answer]:
    """What maintenance is open on each of these hosts."""
    return _ask(remotes, with_variables(script_file(_SCRIPTS / "read.sh")))


def _ask(remotes: Sequence[Remote], script: str) -> dict[str, Answer]:
    answers = run_many(remotes, script, timeout=TIMEOUT_SECONDS, sudo=True)
    return {name: _read(name, answer) for name, answer in answers.items()}


def _read(name: str, answer: Completed | Unreachable) -> Answer:
    if isinstance(answer, Unreachable):
        return answer
    if not answer.ok:
        last = (answer.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return Unreachable(f"the host refused to answer: {last}", where=name)
    return read_maintenance(answer.stdout.splitlines())
