"""status, health, logs and ssh: looking at hosts without changing them."""

import os
import sys
from pathlib import Path
from typing import Annotated

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.cli.values import App, Command, number_of
from bunker.errors import ExitCode
from bunker.terminal.output import print_json, print_json_line, say


@operator_command()
def status(
    options: Options,
    exit_status: Annotated[
        bool, "end with exit code 3 unless every host is healthy or in maintenance"
    ] = False,
    watch: Annotated[bool, "look again and again, until Ctrl-C"] = False,
) -> ExitCode:
    """All hosts at a glance; what needs you first.

    Also `invoke` alone. State, generation, health, uptime, disk and containers. Asks every host at
    once, one command each; without a selection, all hosts of the fleet. What a host does not answer
    is shown as such, never guessed. Changes nothing.

    States: healthy; changing (a run works on it); degraded (the API works, a container does not);
    unhealthy; unfinished (a deployment began and did not end); not deployed; unreachable; unknown
    (no sensible answer).

    Below the table, as far as there is any: hosts that need you, with the reason and the next
    command; runs that have not ended, and what each answer to a paused one does; hosts that run
    another version than their files say; and normal work, with who does it.

    Examples:
      invoke
      invoke status north --watch
      invoke status --group canary --exit-status
      invoke status --json

    Exit codes: 0, whatever the hosts' state is; 3 with --exit-status and a host that is neither
    healthy nor in maintenance.
    """
    from bunker.workflows.home import home_json, look

    fleet, hosts = options.select(everyone=True, quiet=True)
    if options.json:
        statuses, runs = look(fleet, hosts)
        print_json(home_json(fleet, statuses, runs))
    else:
        from bunker.terminal.home_screen import HomeScreen

        statuses = HomeScreen(fleet, hosts, options.repeat()).show(watch=watch)
    # A host that was left out for its file may be anything.
    healthy = all(found.healthy for found in statuses) and not fleet.broken
    return ExitCode.OK if healthy or not exit_status else ExitCode.SOME_HOSTS_FAILED


@operator_command()
def health(options: Options) -> ExitCode:
    """Health of an instance, the failing part named.

    Asks `GET /api/health` through nginx on the host, as a visitor's browser would, and the engine
    for every container of the stack. Changes nothing.

    Examples:
      invoke health --host north-1
      invoke health --group canary --json

    Exit codes: 0 all healthy, 1 something is not.
    """
    from bunker.terminal.status_text import health_lines
    from bunker.workflows.status import collect_status

    fleet, hosts = options.select()
    statuses = collect_status(fleet, hosts)
    answer = {"fleet": fleet.name, "hosts": [found.to_json() for found in statuses]}
    repeat = options.repeat()
    options.answer(answer, (line for found in statuses for line in health_lines(found, repeat)))
    healthy = all(found.overall.healthy for found in statuses)
    return ExitCode.OK if healthy else ExitCode.ERROR


@operator_command()
def logs(
    options: Options,
    service: Annotated[str, "one service, such as api or nginx (default: all of them)"] = "",
    lines: Annotated[str, "how many of the last lines of each service (default: 100)"] = "100",
    follow: Annotated[bool, "go on with new lines until Ctrl-C"] = False,
    app: App = "",
) -> None:
    """Container logs of a host, with its secrets masked.

    Reads `docker compose logs` over SSH. Every value in the host's secrets file is replaced by a
    mask, so the operator's key is needed.

    Examples:
      invoke logs --host north-1 --service api
      invoke logs --host north-1 --service nginx --lines 20 --follow
    """
    from bunker.masking import Redactor
    from bunker.remote import Remote
    from bunker.secrets import decrypt_hosts
    from bunker.workflows.logs import stream_logs

    number = number_of(lines, "--lines", 100)
    fleet, host = options.select_one(app=app)
    redact = Redactor(decrypt_hosts(fleet.folder, [host.name])[host.name].values())

    def write(line: str) -> None:
        if options.json:
            print_json_line({"event": "line", "host": host.name, "text": line})
        else:
            say(line, whole=True)

    remote, fleet_name = Remote.of(fleet, host), fleet.name
    stream_logs(
        remote, redact, write, fleet=fleet_name, service=service, lines=number, follow=follow
    )


@operator_command()
def ssh(options: Options, command: Command = "") -> None:
    """Log in to a host, as the fleet does.

    With the fleet's key and pinned host keys, and the host's user and port.

    Examples:
      invoke ssh --host north-1
      invoke ssh --host north-1 --command 'systemctl --failed'
    """
    from bunker.remote import Remote

    fleet, host = options.select_one()
    interactive = not command and sys.stdin.isatty()
    replace_process(Remote.of(fleet, host).command(command, tty=interactive))


def replace_process(argv: list[str]) -> None:
    """Become another program, which answers the terminal and gives the exit code from here on."""
    from bunker.openssh import no_client

    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execvp(Path(argv[0]).name, argv)  # noqa: S606 - a program of our own choosing, no shell
    except FileNotFoundError:
        raise no_client(argv[0]) from None
