"""The package and the settings of earlyoom. Pure."""

from collections.abc import Mapping

from bunker.bundle import Bundle, BundleFile, Component
from bunker.distributions import Distribution
from bunker.fleet.models import Host
from deploys.earlyoom.settings import EarlyoomSettings

PATH = "/etc/default/earlyoom"


def earlyoom_packages(
    _host: Host, _distribution: Distribution, _installed: Mapping[str, str]
) -> tuple[str, ...]:
    """Its package, called the same everywhere."""
    return ("earlyoom",)


def earlyoom_component(host: Host) -> Component:
    """Its settings, and the service that reads them."""
    settings = host.roles.of(EarlyoomSettings)
    content = f'EARLYOOM_ARGS="-m {settings.least_free_percent} -r 3600"\n'
    return Component(
        bundle=Bundle("earlyoom", (BundleFile(PATH, content.encode()),)),
        validate=f'sh -n "$STAGE{PATH}"',
        activate="systemctl enable --quiet earlyoom\nsystemctl restart earlyoom",
        check="systemctl is-active --quiet earlyoom",
    )
