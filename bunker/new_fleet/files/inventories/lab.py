"""The Docker lab: `invoke lab.up` generates `inventories/lab/`, `invoke lab.down` removes it."""

from pathlib import Path

from bunker.fleet import pyinfra_inventory
from bunker.lab.fleet import use_lab_keys

use_lab_keys(Path(__file__).resolve().parent.parent)
globals().update(pyinfra_inventory(__file__))
