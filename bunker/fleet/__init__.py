"""The inventory: host files, group defaults, choosing hosts, and the bridge to pyinfra."""

from bunker.fleet.fleet import Fleet
from bunker.fleet.loader import default_fleet_name, fleet_names, load_fleet
from bunker.fleet.models import Host
from bunker.fleet.pyinfra_data import (
    connection_data,
    host_data,
    host_from_data,
    pyinfra_inventory,
)
