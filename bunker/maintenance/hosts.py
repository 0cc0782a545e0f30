"""Opening, closing and reading maintenance: one remote command per host, all hosts at once."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bunker.host_keys import Unreachable
from bunker.lease.holder import this_operator
from bunker.maintenance.maintenance import Maintenance, read_maintenance
from bunker.remote import Completed, Remote, run_many
from bunker.shell import script_file, with_variables

_SCRIPTS: Final = Path(__file__).parent
TIMEOUT_SECONDS: Final = 40

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
        BY=json.dumps(by or this_operator(), ensure_ascii=False),
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
