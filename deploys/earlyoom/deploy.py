"""earlyoom on one host."""

from pyinfra.api.deploy import deploy

from bunker.fleet.models import Host
from bunker.ops.packages import install_packages
from bunker.ops.place import place_components, read_components
from deploys.earlyoom import ROLE
from deploys.earlyoom.component import earlyoom_component


@deploy("earlyoom")
def earlyoom(host: Host) -> None:
    """Declare the package and its settings."""
    components = [earlyoom_component(host)]
    state = read_components(components)
    install_packages(ROLE, host)
    place_components(ROLE.name, components, state)
