"""approve: a second operator's word for a rollout."""

from __future__ import annotations

import sys

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.errors import BunkerError


@operator_command(
    select=False,
    fleet=False,
    positional=("request",),
    help={
        "request": "the request's file, or the beginning of its digest",
        "key": "your SSH key (default: $BUNKER_OPERATOR_SSH_KEY, else ~/.ssh/id_ed25519)",
        "lasts": "how long the approval holds, such as 4h (default: 24h, at most 7d)",
    },
)
def approve(options: Options, request: str, key: str = "", lasts: str = "24h") -> None:
    """Approve what another operator wants to roll out.

    Shows the plan, the hosts, the exact commits and who asked, asks, and signs that with your SSH
    key. The approval lies beside the request and holds for exactly that and one run, until it
    expires. Your key must be among the fleet's approvers, and must not be a key of whoever asked.
    Changes nothing on hosts.

    Examples:
      invoke approve 3f9c0a1b22de
      invoke approve request.json --key ~/.ssh/id_ed25519 --lasts 4h
    """
    from datetime import timedelta  # noqa: PLC0415 - keeps `--list` fast

    from bunker.approvals.approval import give_approval  # noqa: PLC0415
    from bunker.approvals.requests import read_request  # noqa: PLC0415
    from bunker.approvals.ssh_keys import operator_key  # noqa: PLC0415
    from bunker.duration import parse_duration  # noqa: PLC0415
    from bunker.fleet import fleet_names  # noqa: PLC0415
    from bunker.fleet.settings import load_settings  # noqa: PLC0415
    from bunker.terminal.lines import Line  # noqa: PLC0415
    from bunker.terminal.output import make_console, print_json, print_lines  # noqa: PLC0415
    from bunker.terminal.plan_text import diff_style  # noqa: PLC0415
    from bunker.terminal.reporter import ask  # noqa: PLC0415

    lifetime = timedelta(seconds=parse_duration(lasts, where="--lasts"))
    found = read_request(options.root, request)
    subject = found.subject
    settings = None
    if subject.fleet in fleet_names(options.root):
        settings = load_settings(options.root / "inventories" / subject.fleet)
    # What is asked about goes where the question goes.
    plan = [Line(text, diff_style(text)) for text in found.shown]
    print_lines([*plan, *map(Line, subject.lines())], make_console(sys.stderr))
    if not ask("Approve exactly this?", yes=options.yes):
        raise BunkerError("nothing was approved: it was not confirmed")
    approval = give_approval(found, operator_key(key), settings, lifetime)
    if options.json:
        print_json({**approval.to_json(), "file": str(approval.file)})
        return
    until = f"{approval.expires:%Y-%m-%d %H:%M} UTC"
    lines = [f"approved by {approval.approver} until {until}"]
    if settings is None:
        lines.append("(not checked here: whether your key is among the fleet's approvers)")
    lines.append(f"start it with: --approve {approval.file}")
    print_lines(map(Line, lines))
