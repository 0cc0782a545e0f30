"""A request turned into pyinfra's state: inventory, data, secrets, and counted commands."""

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import paramiko.file
import pyinfra.api.arguments
from paramiko import SSHException
from pyinfra.api import Config, Inventory, State
from pyinfra.api.exceptions import ConnectError

from bunker.masking import Secret
from bunker.ops.recorder import Given, Recorder, attach, name_of
from bunker.role import named

MAX_PARALLEL = 100
"""Hosts at once; more only queue on the control machine's processor."""
PATIENCE_SECONDS = 8
"""After this no further try is begun. One try lasts at most 10 s, in which the kernel sends the
first packet again after 1, 3 and 7 s, so that a lost packet fails no host."""


@dataclass
class Batch:
    """One run's state and what the worker was told about it."""

    state: State
    recorder: Recorder
    deploy: Callable[[], None]
    verbose: bool = False
    debug: bool = False
    counts: dict[str, int] = field(default_factory=dict)

    def commands(self, host: Any) -> int:
        """Remote commands that were run on a host so far."""
        return self.counts.get(name_of(host), 0)


def make_batch(request: Mapping[str, Any]) -> Batch:
    """Build pyinfra's state from a worker request."""
    _read_type_hints_once()
    _read_any_bytes()
    recorder = Recorder(bytes.fromhex(request["fingerprint_key"]))
    hosts: list[tuple[str, dict[str, Any]]] = []
    groups: dict[str, list[str]] = {}
    for item in request["hosts"]:
        data = {**item["data"], "bunker_tags": request.get("tags", "")}
        # A connector other than SSH stands in front of the name, as pyinfra writes it.
        name = f"{item['connector']}/{item['name']}" if item.get("connector") else item["name"]
        hosts.append((name, data))
        for group in item.get("groups", ()):
            groups.setdefault(group, []).append(name)
        secrets = {key: Secret(value) for key, value in item["secrets"].items()}
        recorder.give(
            item["name"], Given(secrets, dict(item.get("commits", {})), request["run_id"])
        )
    inventory = Inventory((hosts, {}), **{name: (names, {}) for name, names in groups.items()})
    config = Config(PARALLEL=max(1, min(len(hosts), MAX_PARALLEL)))
    # A declared step is a change: roles compare before they declare, so pyinfra need not ask.
    state = State(inventory, config, check_for_changes=False)
    attach(state, recorder)
    batch = Batch(
        state=state,
        recorder=recorder,
        deploy=named(request["deploy"]),
        verbose=bool(request.get("verbose")),
        debug=bool(request.get("debug")),
    )
    for host in inventory:
        _count_commands(batch, host)
        limit_patience(host)
    return batch


def _count_commands(batch: Batch, host: Any) -> None:
    run = host.connector.run_shell_command

    @functools.wraps(run)
    def counted(*args: Any, **kwargs: Any) -> Any:
        batch.counts[name_of(host)] = batch.counts.get(name_of(host), 0) + 1
        return run(*args, **kwargs)

    host.connector.run_shell_command = counted


def _read_any_bytes() -> None:
    """Paramiko stops reading where a host prints something else than UTF-8.

    What follows would be lost, and the host's command wait for ever once no one takes its output.
    """
    module: Any = paramiko.file
    module.u = functools.partial(str, encoding="utf-8", errors="replace")


def _read_type_hints_once() -> None:
    """pyinfra reads the same type hints again for every fact and operation of every host.

    With 200 hosts that is most of the controller's time (29 s against 8 s, measured).
    """
    module: Any = pyinfra.api.arguments
    if not hasattr(module.get_type_hints, "cache_info"):
        module.get_type_hints = functools.cache(module.get_type_hints)


def limit_patience(host: Any) -> None:
    """Let pyinfra try again after quick failures only: a silent host costs one try, not four."""
    connector = host.connector
    connect = getattr(connector, "_connect", None)
    if connect is None:  # not SSH
        return
    started: list[float] = []

    @functools.wraps(connect)
    def limited() -> Any:
        started.append(time.monotonic())
        try:
            return connect()
        except (OSError, SSHException, EOFError) as error:
            if time.monotonic() - started[0] < PATIENCE_SECONDS:
                raise
            # pyinfra tries again after any error but its own.
            raise ConnectError(f"Could not connect ({error})") from error

    # pyinfra has no hook between two tries.
    connector._connect = limited
