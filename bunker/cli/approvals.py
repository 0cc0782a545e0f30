"""approve: a second operator's word for a rollout."""

import sys
from typing import Annotated

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.terminal.lines import Line


@operator_command(select=False, fleet=False)
def approve(
    options: Options,
    request: Annotated[str, "the request's file, or the beginning of its digest"],
    key: Annotated[
        str, "your SSH key (default: $BUNKER_OPERATOR_SSH_KEY, else ~/.ssh/id_ed25519)"
    ] = "",
    lasts: Annotated[
        str, "how long the approval holds, such as 4h (default: 24h, at most 7d)"
    ] = "24h",
) -> None:
    """Approve what another operator wants to roll out.

    Shows the plan, the hosts, the exact commits and who asked, asks, and signs that with your SSH
    key. The approval lies beside the request and holds for exactly that and one run, until it
    expires. Your key must be among the fleet's approvers, and must not be a key of whoever asked.
    Changes nothing on hosts.

    Examples:
      invoke approve 3f9c0a1b22de
      invoke approve request.json --key ~/.ssh/id_ed25519 --lasts 4h
    """
    from datetime import timedelta

    from bunker.approvals.approval import give_approval
    from bunker.approvals.requests import read_request
    from bunker.approvals.ssh_keys import operator_key
    from bunker.duration import parse_duration
    from bunker.fleet import fleet_names
    from bunker.fleet.settings import load_settings
    from bunker.terminal.console import make_console, print_lines
    from bunker.terminal.plan_text import diff_style

    lifetime = timedelta(seconds=parse_duration(lasts, where="--lasts"))
    found = read_request(options.root, request)
    subject = found.subject
    settings = None
    if subject.fleet in fleet_names(options.root):
        settings = load_settings(options.root / "inventories" / subject.fleet)
    # What is asked about goes where the question goes.
    styled = [(text, diff_style(text)) for text in found.shown]
    plan = [Line(text, style, quoted=bool(style)) for text, style in styled]
    print_lines([*plan, *map(Line, subject.lines())], make_console(sys.stderr))
    options.confirm("Approve exactly this?", "nothing was approved")
    approval = give_approval(found, operator_key(key), settings, lifetime)
    until = f"{approval.expires:%Y-%m-%d %H:%M} UTC"
    lines = [f"approved by {approval.approver} until {until}"]
    if settings is None:
        lines.append("(not checked here: whether your key is among the fleet's approvers)")
    lines.append(f"start it with: --approve {approval.file}")
    options.answer({**approval.to_json(), "file": str(approval.file)}, map(Line, lines))
