"""The production fleet: one YAML file per host in `inventories/production/` (docs/inventory.md)."""

from bunker.fleet import pyinfra_inventory

globals().update(pyinfra_inventory(__file__))
