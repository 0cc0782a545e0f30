"""The files that the changemaker role places on a host."""

from collections.abc import Mapping

from bunker.application.dotenv import parse_dotenv
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


def http_port(bundle: Bundle) -> int:
    """The port on which nginx answers on the host, as the rendered environment says."""
    environment = next(file for file in bundle.files if file.kind == "dotenv")
    return int(parse_dotenv(environment.content)["NGINX_HTTP_PORT"])
