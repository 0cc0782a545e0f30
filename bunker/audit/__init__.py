"""Who did what to a fleet: a chained log that shows tampering, and commits of the inventory."""

from bunker.audit.chain import Entry, Head
from bunker.audit.inventory_commit import InventoryCommit, commit_inventory
from bunker.audit.log import append, head, read
from bunker.audit.verification import Problem, Verification, verify
