"""lab.up, status, ssh and down: real hosts in containers on this machine."""

import time
from dataclasses import asdict
from typing import Annotated

from bunker.cli.command import operator_command
from bunker.cli.hosts import replace_process
from bunker.cli.options import Options
from bunker.cli.values import Command, number_of
from bunker.terminal.lines import table

NAME = "lab"


@operator_command(select=False, fleet=False)
def up(
    options: Options,
    hosts: Annotated[str, "how many hosts: north, east, south, west, host-5, … (default: 1)"] = "1",
    base: Annotated[
        str,
        "what they run: debian:trixie, debian:bookworm, ubuntu:24.04, or servers that are"
        " not new: host-with-a-past, ubuntu-like",
    ] = "debian:trixie",
) -> None:
    """Bring up real hosts in containers.

    They boot systemd and sshd; beside them run a registry mirror and a git server. What runs
    already is left as it is, so running it again is quick. Starts a Docker engine where none runs
    and this user may start one. Images are pulled where a registry can be reached, and built from
    distribution packages where not. The lab becomes the fleet `lab`, with keys and secrets of its
    own.

    Examples:
      invoke lab.up --hosts 2
      invoke lab.up --hosts 1 --base debian:bookworm
      invoke deploy --fleet lab --host north
    """
    from bunker.lab.lab import fleet_up

    number = number_of(hosts, "--hosts", 1)
    started = time.monotonic()
    state, folder = fleet_up(options.root, NAME, number, base)
    seconds = time.monotonic() - started
    names = [host.name for host in state.hosts]
    options.answer(
        {"hosts": names, "fleet": NAME, "seconds": round(seconds, 1)},
        f"The lab is up after {seconds:.0f} s: {', '.join(names)}"
        f" (fleet {NAME} in {folder.relative_to(options.root)})\n"
        f"Deploy one with: invoke deploy --fleet {NAME} --host {names[0] if names else 'NAME'}",
    )


@operator_command(select=False, fleet=False)
def status(options: Options) -> None:
    """The lab's hosts as they are now.

    Example:
      invoke lab.status --json
    """
    from bunker.lab.lab import Lab

    rows = Lab(options.root, NAME).status()
    cells = []
    for row in rows:
        address = f"{row.address}:{row.port}"
        cells.append((row.name, row.base, address, row.state, row.system_state or "no answer"))
    lines = table(("HOST", "BASE", "ADDRESS", "CONTAINER", "SYSTEM"), cells)
    down = "The lab is down. Bring it up with: invoke lab.up --hosts 1"
    options.answer([asdict(row) for row in rows], lines if rows else down)


@operator_command(select=False, fleet=False)
def ssh(
    options: Options,
    name: Annotated[str, "name of the lab host"],
    command: Command = "",
) -> None:
    """Log in to a lab host.

    Example:
      invoke lab.ssh north --command 'sudo docker ps'
    """
    from bunker.lab.lab import Lab

    argv = Lab(options.root, NAME).ssh_command(name)
    replace_process([*argv, command] if command else argv)


@operator_command(select=False, fleet=False)
def down(options: Options) -> None:
    """Remove the lab, and nothing else.

    Its containers, volumes, networks and fleet. Built images stay as a cache.

    Example:
      invoke lab.down
    """
    from bunker.lab.fleet import remove_fleet, written_hosts
    from bunker.lab.lab import Lab

    hosts = written_hosts(options.root, NAME)
    Lab(options.root, NAME).down()
    remove_fleet(options.root, NAME, hosts)
    options.answer({"fleet": NAME, "state": "down"}, "The lab is down.")
