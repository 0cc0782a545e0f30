"""`nox -s demo`: a lab, a whole instance deployed onto a fresh host over SSH, and its status.

It uses the code behind `invoke lab.up`, `invoke deploy --yes` and `invoke status`. A second run
finds everything done and changes nothing.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bunker.cli.command import run_guarded
from bunker.cli.options import Options
from bunker.errors import BunkerError, ExitCode
from bunker.fleet import load_fleet
from bunker.lab.fleet import KEY_VARIABLE, operator_key
from bunker.lab.lab import fleet_up
from bunker.lab.models import LabHost
from bunker.runs.kinds.deploy import DEPLOY, Arguments
from bunker.runs.start import Intent, begin
from bunker.terminal.console import make_console, print_lines
from bunker.terminal.home_text import total_line
from bunker.terminal.lines import Line
from bunker.terminal.output import say
from bunker.terminal.recap_text import Repeat
from bunker.terminal.rich_reporter import RichReporter
from bunker.terminal.status_text import status_lines
from bunker.workflows.request import DeployRequest
from bunker.workflows.status import HostStatus, collect_status

LAB = "lab"
AGAIN = "nox -s demo"


def main(root: Path | None = None) -> int:
    """Run the demo; the process's exit code."""
    return run_guarded(lambda: demonstrate(root or Options().root), Options(), again=AGAIN)


def demonstrate(root: Path) -> ExitCode:
    """Lab, deploy, status, and what to try next."""
    started = time.monotonic()
    _title("1/3", "a fresh server: a container that boots systemd and sshd (invoke lab.up)")
    state, _folder = fleet_up(root, LAB, 1)
    # Whatever key the operator uses for real fleets, the lab's secrets open with the lab's own.
    os.environ[KEY_VARIABLE] = str(operator_key(root, LAB))
    host = state.hosts[0]
    say(f"{host.name} answers at {host.address} after {time.monotonic() - started:.0f} s")

    say("")
    _title("2/3", f"a whole instance (invoke deploy --fleet {LAB} --host {host.name} --yes)")
    request = DeployRequest(root=root, fleet_name=LAB, hosts=(host.name,), yes=True)
    repeat = Repeat(f"invoke deploy --fleet {LAB}", LAB)
    with RichReporter(yes=True, repeat=repeat) as reporter:
        code = begin(Intent(request, DEPLOY, Arguments()), reporter)
    if code != ExitCode.OK:
        say("\nThe demo stops here: the host was not deployed. What failed stands above.")
        say(next_text(root, host))
        return code

    say("")
    _title("3/3", f"how it is (invoke status --fleet {LAB})")
    found = _status(root, host)
    console = make_console()
    width = console.width if console.is_terminal else 0
    print_lines([*status_lines([found], width), total_line(LAB, [found])], console)
    say(f"\nDone after {time.monotonic() - started:.0f} s.")
    if found.verdict.healthy:
        say(open_text(host, found.domain))
    say(next_text(root, host))
    if not found.verdict.healthy:
        raise BunkerError(
            f"{host.name} was deployed and is {found.verdict.state}",
            expected="healthy",
            remedy=f"Look at it with: invoke health --fleet {LAB} --host {host.name}",
        )
    return ExitCode.OK


def open_text(host: LabHost, domain: str) -> str:
    """Where the instance answers, for a browser and for curl."""
    return (
        f"\nOpen http://{host.address}/ on this machine, or:\n"
        f"  curl -H 'Host: {domain}' http://{host.address}/api/health"
    )


def next_text(root: Path, host: LabHost) -> str:
    """Commands to try next, and how to end."""
    activate = Path(sys.prefix) / "bin" / "activate"
    shown = activate.relative_to(root) if activate.is_relative_to(root) else activate
    chosen = f"--fleet {LAB} --host {host.name}"
    commands = {
        f"invoke deploy {chosen}": "again: nothing to change",
        f"invoke health {chosen}": "every container, the failing part named",
        f"invoke logs {chosen} --service api": "logs, with secrets masked",
        f"invoke upgrade {chosen} --ref v2.1.0": "the next version, and no visitor notices",
        f"invoke rollback {chosen}": "roll it back to a generation of your choice",
        f"invoke secrets.show {chosen}": "which secrets it has, masked",
        "invoke lab.ssh " + host.name: "log in and look around",
        "invoke lab.down": "remove the lab and nothing else",
    }
    width = max(map(len, commands))
    lines = [f"  {command:<{width}}  # {what}" for command, what in commands.items()]
    return "\n".join(["", f"To go on: source {shown}", *lines])


def _status(root: Path, host: LabHost) -> HostStatus:
    fleet = load_fleet(root, LAB)
    [found] = collect_status(fleet, [fleet.host(host.name)])
    return found


def _title(number: str, text: str) -> None:
    print_lines([Line(f"{number} {text}", "heading")])


def parse(words: Sequence[str]) -> None:
    """The demo takes no options: `--help` says what it does, anything else is refused."""
    parser = argparse.ArgumentParser(
        prog="python -m bunker.lab.demo",
        description=__doc__,
        epilog=f"Run it with: {AGAIN}. Remove what it made with: invoke lab.down",
    )
    parser.parse_args(words)


if __name__ == "__main__":
    parse(sys.argv[1:])
    sys.exit(main())
