"""The files that the changemaker role places on a host."""

from collections.abc import Mapping

from bunker.application.environment import environment_file
from bunker.application.override import override_file
from bunker.application.table import HostIds
from bunker.bundle import Bundle
from bunker.fleet.models import Host
from bunker.masking import Secret


def changemaker_bundle(
    host: Host, secrets: Mapping[str, Secret], ids: HostIds | None = None
) -> Bundle:
    """The environment and the Compose override beside the application's own compose file.

    ``ids`` are the host's own; without them, as most hosts have them.
    """
    files = (environment_file(host, secrets, ids=ids), override_file(host))
    return Bundle(host.application.name, files)
