"""A run that goes on after the command that began it has ended."""

import json
import subprocess
import sys
import time
from pathlib import Path

from bunker.cli.command import run_guarded
from bunker.cli.options import Options
from bunker.errors import BunkerError, ExitCode
from bunker.events import Waits
from bunker.journal.ownership import is_owned
from bunker.journal.place import state_folder
from bunker.journal.records import RunRequest
from bunker.lab.fleet import use_lab_keys
from bunker.product import CODE
from bunker.runs.control import execute
from bunker.terminal.reporter import Reporter

START_SECONDS = 20


def start_detached(root: Path, request: RunRequest, reporter: Reporter) -> ExitCode:
    """Begin the run in a process of its own, which the end of this terminal does not touch."""
    folder = state_folder(root) / "logs"
    folder.mkdir(mode=0o700, exist_ok=True)
    log = folder / f"{request.run}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bunker.runs.detached", str(root)],
            cwd=CODE,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
    log.chmod(0o600)
    assert process.stdin is not None  # noqa: S101 - asked for a pipe above
    process.stdin.write(json.dumps(request.to_json()))
    process.stdin.close()
    deadline = time.monotonic() + START_SECONDS
    while not is_owned(root, request.run):
        if process.poll() is not None or time.monotonic() > deadline:
            last = (log.read_text().strip().splitlines() or ["it said nothing"])[-1]
            raise BunkerError(f"the run could not be begun: {last}", where=str(log))
        time.sleep(0.1)
    commands = [f"invoke run.watch {request.run}", f"invoke run.cancel {request.run}"]
    message = f"the run {request.run} goes on by itself"
    reporter.event(Waits(run=request.run, message=message, commands=tuple(commands)))
    return ExitCode.OK


def main() -> int:
    """`python -m bunker.runs.detached ROOT`, with the request on standard input."""
    root = Path(sys.argv[1])
    request = RunRequest.from_json(json.loads(sys.stdin.read()))
    use_lab_keys(root, request.fleet)

    options = Options(yes=True, debug=request.debug)

    def body() -> ExitCode:
        with options.reporter() as reporter:
            return execute(root, request, reporter)

    return run_guarded(body, options, again=f"invoke run.resume {request.run}")


if __name__ == "__main__":
    sys.exit(main())
