"""What `invoke --list` shows, in a checkout and in a fleet of its own: tasks.py imports it.

Every task of the modules named here is part of it. They are in bunker/cli/, by collection, and load
what they need when they run.
"""

import os
import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from invoke.collection import Collection
from invoke.tasks import Task

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
    recipients,
    runs,
    schema,
    secrets,
    secrets_access,
    version,
)
from bunker.cli.command import OperatorTask, refused
from bunker.cli.front import check

# Where inventories/ and group_data/ are, for whatever folder the command is given in: beside the
# tasks.py that invoke loads, which imports this module.
_front = getattr(sys.modules.get("tasks"), "__file__", None)
if _front:
    os.environ.setdefault("BUNKER_ROOT", str(Path(_front).resolve().parent))


def _tasks(*modules: ModuleType) -> list[Task[Any]]:
    return [one for module in modules for one in vars(module).values() if isinstance(one, Task)]


namespace = Collection(
    *kinds.commands_of(),
    *_tasks(preflight, deploy, approvals, hosts, generations, version, completion),
    lab=Collection(*_tasks(lab)),
    instance=Collection(*_tasks(instance)),
    secrets=Collection(
        *_tasks(secrets, secrets_access),
        key=Collection(recipients.new),
        recipient=Collection(recipients.add, recipients.remove, recipients.list_),
    ),
    run=Collection(*_tasks(runs)),
    env=Collection(*_tasks(env)),
    fleet=Collection(*_tasks(fleet)),
    schema=Collection(*_tasks(schema), *kinds.commands_of("schema")),
    maintenance=Collection(*_tasks(maintenance)),
    notify=Collection(*_tasks(notify)),
    audit=Collection(*_tasks(audit)),
)

namespace.default = "status"
OperatorTask.names = frozenset(namespace.task_names)
if Path(sys.argv[0]).stem in ("invoke", "inv") or sys.argv[0].endswith("/invoke/__main__.py"):
    OperatorTask.check = partial(refused, partial(check, sys.argv[1:], namespace))
