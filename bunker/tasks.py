"""What `invoke --list` shows, in a checkout and in a fleet of its own: tasks.py imports it.

Only names are assembled here. The tasks are in bunker/cli/, by collection, and load what they need
when they run.
"""

import os
import sys
from pathlib import Path

from invoke.collection import Collection

from bunker.cli import (
    approvals,
    audit,
    completion,
    deploy,
    env,
    fleet,
    generations,
    hosts,
    instance,
    kinds,
    lab,
    maintenance,
    notify,
    preflight,
    runs,
    schema,
    secrets,
    secrets_access,
    version,
)

# Where inventories/ and group_data/ are, for whatever folder the command is given in: beside the
# tasks.py that invoke loads, which imports this module.
_front = getattr(sys.modules.get("tasks"), "__file__", None)
if _front:
    os.environ.setdefault("BUNKER_ROOT", str(Path(_front).resolve().parent))

namespace = Collection(
    preflight.preflight,
    *kinds.COMMANDS,
    deploy.plan,
    deploy.apply,
    approvals.approve,
    hosts.status,
    hosts.health,
    hosts.logs,
    hosts.ssh,
    generations.history,
    generations.diff,
    version.version,
    completion.completion,
    lab=Collection(lab.up, lab.status, lab.ssh, lab.down),
    instance=Collection(
        instance.add, instance.list_, instance.show, instance.trust, instance.remove
    ),
    secrets=Collection(
        secrets_access.init,
        secrets.generate,
        secrets.show,
        secrets.set_,
        secrets.edit,
        secrets.restore,
        secrets_access.rekey,
        secrets_access.check,
    ),
    run=Collection(runs.list_, runs.show, runs.watch, runs.resume, runs.cancel, runs.retry_failed),
    env=Collection(env.check),
    fleet=Collection(fleet.init, fleet.schema),
    schema=Collection(schema.check),
    maintenance=Collection(maintenance.on, maintenance.off, maintenance.list_),
    notify=Collection(notify.test, notify.secret),
    audit=Collection(audit.show, audit.verify),
)
