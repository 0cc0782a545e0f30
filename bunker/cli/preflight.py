"""preflight: what has to be settled before a host can be deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.errors import ExitCode

if TYPE_CHECKING:
    from bunker.workflows.preflight import Finding


@operator_command()
def preflight(options: Options) -> ExitCode:
    """What has to be settled before a host is deployed.

    Plans the whole host as a deploy would, and shows only what needs an operator: what is refused,
    with the remedy of each; what would be removed; what would restart; what is left as it is.
    Works before the first deploy, and where secrets or the code are not to be had yet. Changes
    nothing and leaves nothing on the host.

    Examples:
      invoke preflight --host north-1
      invoke preflight --group canary --json

    Exit codes: 0 every host is ready, 1 error, 3 some have something to settle or are not reached.
    """
    from bunker.terminal.preflight_text import preflight_lines

    found = findings(options, options.hosts)
    answer = {"fleet": options.fleet_name, "hosts": [one.to_json() for one in found]}
    options.answer(answer, preflight_lines(found, options.repeat()))
    ready = all(finding.ready for finding in found)
    return ExitCode.OK if ready else ExitCode.SOME_HOSTS_FAILED


def findings(options: Options, hosts: tuple[str, ...]) -> list[Finding]:
    """Look at the chosen hosts; progress goes to stderr, or nowhere with --json."""
    from bunker.workflows.preflight import look_before

    request = options.request(hosts=hosts)
    if options.json:
        return look_before(request, lambda _event: None)
    with options.reporter() as reporter:
        return look_before(request, reporter.event)
