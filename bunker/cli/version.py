"""version."""

import sys

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.product import CODE, folder


@operator_command(select=False, fleet=False)
def version(options: Options) -> None:
    """The version of Bunker Ops, and where it stands.

    In a checkout with its commit; `.changed` behind it where files differ from that commit. Each
    run notes the version that began it (`invoke run.show`).

    Examples:
      invoke version
      invoke version --json
    """
    from bunker.version import version as running

    found = {"version": running(), "code": str(CODE), "docs": str(folder("docs"))}
    text = f"Bunker Ops {found['version']}\ncode: {found['code']}\ndocuments: {found['docs']}"
    options.answer({**found, "python": sys.version.split()[0]}, text)
