"""The options that every task takes, as one object."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from bunker.errors import BunkerError, Declined
from bunker.terminal.lines import Line
from bunker.terminal.output import print_json, say, tell

if TYPE_CHECKING:
    from bunker.fleet import Fleet, Host
    from bunker.fleet.settings import FleetSettings
    from bunker.remote import Remote
    from bunker.terminal.recap_text import Repeat
    from bunker.terminal.reporter import Reporter
    from bunker.workflows.request import DeployRequest

SELECTION = ("host", "group", "tag")
ALIASES: Mapping[str, str] = {"role": "tags", "no_analysis": "no-judgement"}
"""By option: the name that it had before, which works in every command that has the option."""


@dataclass(frozen=True)
class Options:
    """What was chosen on the command line. ``fleet_given`` is empty where nothing was."""

    fleet_given: str = ""
    hosts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    json: bool = False
    debug: bool = False
    yes: bool = False

    @classmethod
    def of(
        cls,
        *,
        host: Annotated[
            Sequence[str], "host by name or pattern (north-*); repeat it, or separate with commas"
        ] = (),
        group: Annotated[
            Sequence[str], "all hosts of a group; repeat it, or separate with commas"
        ] = (),
        tag: Annotated[
            Sequence[str],
            "only hosts that have this tag; repeat it for hosts that have all of them",
        ] = (),
        fleet: Annotated[
            str, "inventory to work on (default: $BUNKER_FLEET, else the only one with hosts)"
        ] = "",
        json: Annotated[bool, "print JSON on stdout"] = False,
        debug: Annotated[bool, "show the traceback of an error"] = False,
        yes: Annotated[bool, "do not ask for a confirmation"] = False,
    ) -> Options:
        """The options from invoke's arguments."""
        return cls(fleet or "", words(host), words(group), words(tag), json, debug, yes)

    @cached_property
    def root(self) -> Path:
        """The folder that holds inventories/ and group_data/: $BUNKER_ROOT, set by tasks.py."""
        path = Path(os.environ.get("BUNKER_ROOT") or Path.cwd()).resolve()
        if not path.is_dir():
            remedy = "Correct or unset BUNKER_ROOT"
            raise BunkerError("there is no such folder", where=str(path), remedy=remedy)
        return path

    @cached_property
    def fleet_name(self) -> str:
        """The fleet to work on; from here on this process uses the keys of a lab's fleet."""
        from bunker.fleet import default_fleet_name
        from bunker.lab.fleet import use_lab_keys

        name = self.fleet_given or default_fleet_name(self.root)
        use_lab_keys(self.root, name)
        return name

    @property
    def chosen(self) -> bool:
        """Whether any host, group or tag was named."""
        return bool(self.hosts or self.groups or self.tags)

    @property
    def fleet_folder(self) -> Path:
        """Where the fleet's host files and secrets are; it may be empty but must be a fleet."""
        from bunker.fleet import fleet_names

        if self.fleet_name not in fleet_names(self.root):
            self.load_fleet()  # raises the sentence that names the fleets there are
        return self.root / "inventories" / self.fleet_name

    @property
    def settings(self) -> FleetSettings:
        """What holds for the fleet as a whole."""
        from bunker.fleet.settings import load_settings

        return load_settings(self.fleet_folder)

    def load_fleet(self, *, quiet: bool = False) -> Fleet:
        """The checked fleet, with a warning for each host that a fault of its files leaves out.

        Unless ``quiet``, for a command that shows them itself.
        """
        from bunker.fleet import load_fleet

        found = load_fleet(self.root, self.fleet_name, require_secrets=False, partial=True)
        if found.broken and not found.hosts:
            found.require_all("Correct them")
        for text in () if quiet else found.warnings:
            tell(f"warning: {text}")
        return found

    def choosing(self) -> Options:
        """The same with hosts, asked for where none are named and an operator can choose."""
        from bunker.cli.pick import may_ask, several

        if self.chosen or not may_ask(self):
            return self
        return replace(self, hosts=several(self.load_fleet()))

    def select(self, *, everyone: bool = False, quiet: bool = False) -> tuple[Fleet, list[Host]]:
        """The fleet and the chosen hosts; with ``everyone`` no choice means all of them."""
        fleet = self.load_fleet(quiet=quiet)
        if everyone and not self.chosen:
            return fleet, list(fleet.hosts.values())
        chosen = self.choosing()
        return fleet, fleet.select(hosts=chosen.hosts, groups=chosen.groups, tags=chosen.tags)

    def remotes(self, *, everyone: bool = False) -> tuple[Fleet, list[Remote]]:
        """The fleet and how its chosen hosts are reached."""
        from bunker.remote import Remote

        fleet, hosts = self.select(everyone=everyone)
        return fleet, [Remote.of(fleet, host) for host in hosts]

    def select_applications(self, app: str) -> tuple[Fleet, list[Host]]:
        """The fleet and those of the chosen hosts that run an application, each as that sees it.

        Raises BunkerError where a host has several and none is named.
        """
        from bunker.applications.of_host import application_of
        from bunker.fleet.applications import with_application

        fleet, hosts = self.select()
        chosen = with_application(hosts, self.hosts, app)
        return fleet, [application_of(host, app).host for host in chosen]

    def select_one(self, *, app: str | None = None, secrets: bool = False) -> tuple[Fleet, Host]:
        """The fleet and exactly one host: one that has secrets, or this application, if it must.

        With an application (empty: the only one) it is the host as that sees it.
        """
        fleet, hosts = self.select() if app is None else self.select_applications(app)
        if secrets:
            from bunker.fleet.applications import having
            from deploys.roles import may_have_vault

            def has(host: Host) -> bool:
                return may_have_vault(host) or fleet.has_secrets(host)

            hosts = having(hosts, has, "need of secrets", self.hosts)
        if len(hosts) != 1:
            names = ", ".join(host.name for host in hosts)
            raise BunkerError(
                f"{len(hosts)} hosts were chosen: {names}",
                expected="one host",
                remedy="Name it with --host NAME",
            )
        return fleet, hosts[0]

    def repeat(self, command: str = "invoke deploy", *more: str) -> Repeat:
        """How a command is repeated for single hosts of this fleet."""
        from bunker.terminal.recap_text import Repeat

        fleet = ("--fleet", self.fleet_given) if self.fleet_given else ()
        return Repeat(" ".join((command, *map(shlex.quote, (*fleet, *more)))), self.fleet_given)

    def confirm(self, question: str, otherwise: str) -> None:
        """Go on only after a yes; ``otherwise`` says what was not done without one."""
        from bunker.terminal.reporter import ask

        if not ask(question, yes=self.yes):
            raise Declined(otherwise)

    def reporter(
        self, *, verbose: bool = False, diff: bool = False, repeat: Repeat | None = None
    ) -> Reporter:
        """Who shows a run: a terminal, or a program that reads this process's stdout."""
        from bunker.terminal.json_reporter import JsonReporter
        from bunker.terminal.rich_reporter import RichReporter

        if self.json:
            return JsonReporter(yes=self.yes, repeat=repeat)
        return RichReporter(verbose=verbose, diff=diff, yes=self.yes, repeat=repeat)

    def request(self, **more: Any) -> DeployRequest:
        """A change of the chosen hosts, or a look at them, as planning takes it."""
        from bunker.workflows.request import DeployRequest

        chosen: dict[str, Any] = {
            "hosts": self.hosts,
            "groups": self.groups,
            "tags": self.tags,
            **more,
        }
        return DeployRequest(self.root, self.fleet_name, **chosen, yes=self.yes, debug=self.debug)

    def answer(self, value: Any, shown: str | Iterable[Line]) -> None:
        """The command's answer on stdout: ``value`` with ``--json``, else a text or lines."""
        if self.json:
            print_json(value)
        elif isinstance(shown, str):
            say(shown)
        else:
            from bunker.terminal.console import print_lines

            print_lines(shown)


def words(values: Iterable[str]) -> tuple[str, ...]:
    """Repeated and comma-separated values as one list, without blanks and repetitions."""
    parts = (part.strip() for value in values for part in value.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def command_line() -> str:
    """The command as it was typed, to be typed again. Secrets are never arguments."""
    return shlex.join(["invoke", *sys.argv[1:]])
