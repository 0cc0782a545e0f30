"""instance.add, list, show, trust and remove: the fleet's host files."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from bunker.cli.command import operator_command
from bunker.cli.options import Options, words
from bunker.cli.values import HostName, number_of
from bunker.errors import BunkerError
from bunker.terminal.lines import Line, count, table
from bunker.terminal.output import say, tell

if TYPE_CHECKING:
    from bunker.host_keys import HostKey
    from bunker.workflows.preflight import Finding


@operator_command(select=False)
def add(
    options: Options,
    *,
    name: Annotated[str, "name of the host, such as north-1"],
    domain: Annotated[str, "domain of the instance, such as north.example.org"],
    address: Annotated[str, "IP address or host name on which sshd answers"],
    group: Annotated[list[str], "further groups, after `changemaker`"],
    tier: Annotated[str, "1: managed, 2: managed and reporting to central"] = "1",
    ref: Annotated[str, "branch, tag or commit of the application, for this host alone"] = "",
    port: Annotated[str, "port of sshd"] = "22",
    user: Annotated[str, "user that logs in and may use sudo without a password"] = "deploy",
    fingerprint: Annotated[
        str, "accept the host key with this fingerprint (SHA256:…) without asking"
    ] = "",
    no_preflight: Annotated[
        bool, "do not look at what a deploy of the server would need first"
    ] = False,
    no_application: Annotated[
        bool, "a server without an instance: not in the group `changemaker`"
    ] = False,
) -> None:
    """Add a server: host file, encrypted secrets, host key.

    Shows the fingerprints of the server's host keys and records them after confirmation, then
    checks that the login and sudo work. If any part fails, nothing is left behind. Nothing is
    changed on the server; deploy it afterwards. At the end it says what has to be settled before
    that, as `invoke preflight` does; the server stays added whatever that is.

    --yes accepts whatever key the server shows: without a terminal rather pass --fingerprint.

    Examples:
      invoke instance.add north-1 north.example.org 203.0.113.7
      invoke instance.add north-2 north2.example.org 203.0.113.8 --tier 2 --group canary --ref v2.1
      invoke instance.add relay relay.example.org 203.0.113.9 --no-application
    """
    from bunker.applications.secret_specs import specs_of
    from bunker.fleet.scaffold import add_instance
    from bunker.fleet.schema import write_schemas
    from bunker.secrets import create_host_secrets

    _refuse_unnamed_lab(options)
    folder = options.fleet_folder
    added = add_instance(
        options.root,
        options.fleet_name,
        name,
        domain,
        address,
        tier=number_of(tier, "--tier", 1),
        groups=words(group),
        application=not no_application,
        ref=ref or None,
        port=number_of(port, "--port", 22),
        user=user,
        confirm=lambda keys: _confirm(keys, name, fingerprint, options),
        create_secrets=lambda folder, host: create_host_secrets(
            folder, host.name, specs=specs_of(host)
        ),
    )
    write_schemas(options.root)
    _record(options, name, {"added": domain, "address": address})
    written = [path for path in (added.host_file, added.secrets_file) if path]
    files = [str(path.relative_to(options.root)) for path in written]
    files.append(str((folder / "known_hosts").relative_to(options.root)))
    following = options.repeat().again(name)
    answer: dict[str, object] = {"host": name, "files": files, "next_command": following}
    if not options.json:
        say(f"Added {name}: {', '.join(files)}")
    next_step = f"Deploy it with: {following}"
    if not no_preflight:
        looked = _looked_at(options, name)
        answer["preflight"] = looked.to_json()
        if not looked.ready:
            next_step = f"Then look again with: {options.repeat().other('preflight', name)}"
    options.answer(answer, next_step)


@operator_command(select=False)
def trust(options: Options, name: HostName, fingerprint: str = "") -> None:
    """Record the new host key of a reinstalled server.

    Shows the fingerprints and records them after confirmation, in place of the old keys.

    Example:
      invoke instance.trust north-1
    """
    from bunker.fleet.scaffold import trust_instance

    keys = trust_instance(
        options.root,
        options.fleet_name,
        name,
        confirm=lambda keys: _confirm(keys, name, fingerprint, options),
    )
    fingerprints = [key.fingerprint for key in keys]
    _record(options, name, {"trusted": fingerprints})
    answer = {"host": name, "fingerprints": fingerprints}
    options.answer(answer, f"Recorded {len(keys)} host keys of {name}")


@operator_command(name="list", select=False)
def list_(options: Options) -> None:
    """All instances of the fleet.

    Examples:
      invoke instance.list
      invoke instance.list --fleet production --json
    """
    from bunker.fleet.listing import list_instances

    fleet = options.load_fleet()
    if options.json:
        # A program would take a host that is left out for one that is gone.
        fleet.require_all("Correct them")
    rows = list_instances(fleet)
    headers = ("HOST", "DOMAIN", "ADDRESS", "TIER", "REF", "GROUPS", "TAGS")
    cells = []
    for row in rows:
        address = row["address"] if row["port"] == 22 else f"{row['address']} port {row['port']}"
        groups, tags = ", ".join(row["groups"]), ", ".join(row["tags"])
        cells.append(
            (row["name"], row["domain"], address, str(row["tier"]), row["ref"], groups, tags)
        )
    total = Line(f"{count(len(rows), 'host')} in the fleet {fleet.name}", "heading")
    lines = table(headers, cells) if cells else []
    options.answer(rows, [*lines, total])


@operator_command(select=False)
def show(options: Options, name: HostName) -> None:
    """Every value of a host, and which file set it.

    Secrets are not part of it: see `invoke secrets.show`.

    Example:
      invoke instance.show north-1
    """
    from bunker.fleet.listing import show_instance

    values = show_instance(options.load_fleet(), name)
    rows = [(item.key, _shown(item.value), item.origin) for item in values]
    lines = table(("KEY", "VALUE", "FROM"), rows, whole=True)
    options.answer([asdict(value) for value in values], lines)


@operator_command(select=False)
def remove(
    options: Options,
    name: HostName,
    force: Annotated[bool, "also where git keeps no copy of the files"] = False,
) -> None:
    """Take a host out of the fleet; the server is not touched.

    Removes its files only, and asks first. The files are committed to git before they are removed,
    so that they can be had back; where there is no git it refuses, unless --force is given.

    Example:
      invoke instance.remove north-1
    """
    from bunker.audit.secret_access import recorded_change
    from bunker.fleet.removal import remove_instance

    host = options.load_fleet().host(name)
    question = f"Remove the files and secrets of {name} ({host.domain}) from {options.fleet_name}?"
    options.confirm(question, f"{name} was not removed")
    with recorded_change(options.fleet_folder, [name], {"removed": "the host's file"}):
        removed = remove_instance(options.root, options.fleet_name, name, force=force)
    _record(options, name, {"removed": host.domain, "kept_in": removed.kept_in})
    files = [str(path.relative_to(options.root)) for path in removed.files]
    commit = removed.kept_in
    kept = f"git has them in commit {commit[:12]}" if commit else "no copy is kept"
    answer = {"host": name, "files": files, "kept_in": commit}
    options.answer(answer, f"Removed {', '.join(files)}; {kept}")


def _looked_at(options: Options, name: str) -> Finding:
    """What has to be settled before a new host is deployed, shown unless a program reads."""
    from bunker.cli.preflight import findings
    from bunker.terminal.console import print_lines
    from bunker.terminal.preflight_text import finding_lines
    from bunker.workflows.preflight import Finding

    try:
        (found,) = findings(options, (name,))
    except BunkerError as error:  # the server is added all the same
        found = Finding(name, error.each, reached=False)
    if not options.json:
        print_lines(finding_lines(found))
    return found


def _record(options: Options, name: str, what: dict[str, object]) -> None:
    from bunker.audit.inventory_change import record_inventory_change

    record_inventory_change(options.root, options.fleet_name, name, what)


def _refuse_unnamed_lab(options: Options) -> None:
    """A lab is often the only fleet with hosts, so it would be chosen where none is named."""
    if options.fleet_given or os.environ.get("BUNKER_FLEET"):
        return
    if (options.root / ".lab" / options.fleet_name / "state.json").exists():
        raise BunkerError(
            f"no fleet is named, and {options.fleet_name} is a lab: its files go with it",
            expected="--fleet production",
            remedy=f"To add the host to the lab all the same, pass --fleet {options.fleet_name}",
        )


def _confirm(keys: Sequence[HostKey], name: str, fingerprint: str, options: Options) -> bool:
    from bunker.terminal.reporter import ask

    if fingerprint:
        return any(key.fingerprint == fingerprint for key in keys)
    tell(f"The server that is to be {name} shows these host keys:")
    for key in keys:
        tell(f"  {key.kind:<22} {key.fingerprint}")
    if not (options.yes or sys.stdin.isatty()):
        raise BunkerError(
            "the host keys need a confirmation, and there is no terminal to ask on;"
            " nothing was changed",
            remedy="Compare a fingerprint on the server's console, then pass it as --fingerprint",
        )
    return ask("Are these the fingerprints of that server?", yes=options.yes)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return "-" if value is None or value in ("", {}) else str(value)
