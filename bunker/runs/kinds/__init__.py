"""The kinds of run, by name, in the order in which people read of them. One line each."""

from typing import Any, Final

from bunker.errors import BunkerError
from bunker.journal.records import RunRequest
from bunker.runs.kind import Kind
from bunker.runs.kinds.canary import CANARY
from bunker.runs.kinds.configure import CONFIGURE
from bunker.runs.kinds.deploy import DEPLOY
from bunker.runs.kinds.os_upgrade import OS_UPGRADE
from bunker.runs.kinds.reboot import REBOOT
from bunker.runs.kinds.resolve import RESOLVE
from bunker.runs.kinds.rollback import ROLLBACK
from bunker.runs.kinds.rollout import ROLLOUT
from bunker.runs.kinds.upgrade import UPGRADE

_ALL: Final = (DEPLOY, CONFIGURE, UPGRADE, CANARY, ROLLOUT, ROLLBACK, OS_UPGRADE, REBOOT, RESOLVE)
KINDS: Final = {kind.name: kind for kind in _ALL}


def kind_of(request: RunRequest) -> tuple[Kind, Any]:
    """The kind of a run and its arguments; BunkerError where this version does not know it."""
    kind = KINDS.get(request.kind)
    if kind is None:
        raise BunkerError(
            f"this version of Bunker Ops has no {request.kind} runs",
            where=request.run,
            remedy="Use the version that began the run",
        )
    return kind, kind.make(request.arguments)
