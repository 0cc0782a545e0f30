"""The worker's side: prepare all hosts, wait for the word, apply, report."""

import json
import time
import traceback
from dataclasses import replace
from typing import IO, Any

import gevent
from gevent.fileobject import FileObjectThread
from pyinfra.api.operations import run_host_op
from pyinfra.api.state import BaseStateCallback, State, StateStage
from pyinfra.context import ctx_config, ctx_host, ctx_inventory, ctx_state

from bunker.errors import BunkerError
from bunker.events import (
    OUTPUT_LINES,
    Connected,
    Done,
    Event,
    HostEnded,
    PlanFailed,
    Planned,
    Ready,
    Step,
    Unreachable,
)
from bunker.ops.recorder import name_of
from bunker.outcomes import Word
from bunker.plan.changes import HostPlan
from bunker.printable import without_sequences
from bunker.worker.batch import Batch, make_batch
from bunker.worker.logs import HostLog


class _ConnectErrors(BaseStateCallback):
    """Keeps why a host could not be reached; pyinfra itself only logs it."""

    messages: dict[str, str]

    def __init__(self) -> None:
        self.messages = {}

    def host_connect_error(self, state: State, host: Any, error: Exception) -> None:  # type: ignore[override]
        self.messages[name_of(host)] = str(error.args[0] if error.args else error)


class Worker:
    """One batch of hosts, from connecting to the last event."""

    def __init__(self, batch: Batch, emit: Any) -> None:
        self.batch = batch
        self.state = batch.state
        self.emit = emit
        self.stopping = False
        self.errors = _ConnectErrors()
        self.state.add_callback_handler(self.errors)
        # Unlike host and config these two are not local to a greenlet: the first host that is done
        # would take them away from all others, so they are set once, for good.
        ctx_state.set(self.state)
        ctx_inventory.set(self.state.inventory)
        self.redact = batch.recorder.redact
        self.log = HostLog(self.redact, emit if batch.verbose else None)
        self.planned: set[str] = set()

    def prepare(self) -> None:
        """Connect to every host and let its roles decide; no host's error touches another."""
        self.state.set_stage(StateStage.Connect)
        self.state.set_stage(StateStage.Prepare)
        spawn = self.state.pool.spawn
        gevent.joinall([spawn(self._prepare_host, host) for host in self.state.inventory])
        self.emit(Ready())

    def apply(self, names: set[str]) -> None:
        """Run the declared steps of the named hosts; every host goes at its own pace."""
        self.state.set_stage(StateStage.Execute)
        self.state.is_executing = True
        spawn, chosen = self.state.pool.spawn, self.planned & names
        hosts = [host for host in self.state.inventory if name_of(host) in chosen]
        gevent.joinall([spawn(self._apply_host, host) for host in hosts])

    def close(self) -> None:
        """Close the SSH sessions; pyinfra itself leaves their transports open."""
        for host in self.state.inventory:
            client = getattr(host.connector, "client", None)
            if client is not None:
                client.close()

    def _prepare_host(self, host: Any) -> None:
        name = name_of(host)
        with ctx_config.use(self.state.config.copy()), ctx_host.use(host):
            try:
                host.connect()
                if not host.connected:
                    message = self.errors.messages.get(name, "no connection")
                    self.emit(Unreachable(host=name, message=self.redact(message)))
                    return
                self.state.activate_host(host)
                self.emit(Connected(host=name))
                self.batch.deploy()
            except Exception as error:  # noqa: BLE001 - one host's error must not stop the others
                failed = PlanFailed(
                    host=name,
                    message=self._explain(host, error),
                    problems=tuple(self._problems(host, error)),
                    plan=self._plan(name),
                    commands=self.batch.commands(host),
                )
                self.emit(failed)
                return
        self.planned.add(name)
        commands = self.batch.commands(host)
        self.emit(Planned(host=name, plan=self._plan(name), commands=commands))

    def _plan(self, name: str) -> HostPlan:
        """The plan so far."""
        plan = self.redact.data(self.batch.recorder.plan(name).to_json(), names=False)
        plan["host"] = name  # whatever word someone chose for a password
        return HostPlan.from_json(plan)

    def _apply_host(self, host: Any) -> None:
        name = name_of(host)
        names = self.batch.recorder.steps(name)
        outcome: Word = "changed" if names else "ok"
        message = ""
        with ctx_config.use(self.state.config.copy()), ctx_host.use(host):
            for number, (title, op_hash) in enumerate(
                zip(names, host.op_hash_order, strict=True), start=1
            ):
                if self.stopping:
                    outcome = "interrupted" if number > 1 else "not started"
                    break
                step = Step(host=name, name=title, number=number, of=len(names), status="started")
                self.emit(step)
                started = time.monotonic()
                done, output = self._run_step(host, op_hash)
                seconds = round(time.monotonic() - started, 3)
                status: Any = "ok" if done else "failed"
                self.emit(replace(step, status=status, seconds=seconds, output=tuple(output)))
                if not done:
                    outcome, message = "failed", f"step {number} of {len(names)} failed: {title}"
                    break
        commands = self.batch.commands(host)
        self.emit(HostEnded(host=name, outcome=outcome, message=message, commands=commands))

    def _run_step(self, host: Any, op_hash: str) -> tuple[bool, list[str]]:
        self.log.clear(name_of(host))
        try:
            done = run_host_op(self.state, host, op_hash)
        except Exception as error:  # noqa: BLE001 - reported as this host's failure
            return False, [self._explain(host, error)]
        meta = self.state.ops[host][op_hash].operation_meta
        lines = [*meta.stdout_lines, *meta.stderr_lines]
        if not done and not any(line.strip() for line in lines):
            lines = self.log.lines(name_of(host))
        redacted = [self.redact(without_sequences(line)) for line in lines if line.strip()]
        return bool(done), redacted[-OUTPUT_LINES:]

    def _problems(self, host: Any, error: Exception) -> list[Any]:
        """What went wrong, each thing in its parts."""
        if not isinstance(error, BunkerError):
            return [BunkerError(self._explain(host, error)).to_json()]
        problems = [single.to_json() for single in error.each]
        return [self.redact.data(problem, names=False) for problem in problems]

    def _explain(self, host: Any, error: Exception) -> str:
        if self.batch.debug:
            return self.redact("".join(traceback.format_exception(error)))
        if isinstance(error, BunkerError):
            return self.redact(str(error))
        logged = "\n".join(self.log.lines(name_of(host))[-10:])
        text = f"{error}" or type(error).__name__
        return self.redact(f"{text}\n{logged}".strip())


def serve(source: IO[bytes], target: IO[str]) -> int:
    """Read a request, then one command; the end of the input means: stop before the next step."""
    stdin = FileObjectThread(source)

    def emit(event: Event) -> None:
        target.write(json.dumps(event.to_json(), ensure_ascii=False) + "\n")
        target.flush()

    batch = make_batch(json.loads(stdin.readline()))
    worker = Worker(batch, emit)
    try:
        worker.prepare()
        line = stdin.readline()
        command = json.loads(line) if line else {"command": "abort"}
        if command["command"] == "apply":
            watcher = gevent.spawn(_watch, stdin, worker)
            worker.apply(set(command["hosts"]))
            watcher.kill(block=False)
        emit(Done())
    finally:
        worker.close()
    return 0


def _watch(stdin: Any, worker: Worker) -> None:
    """`stop`, or the controller's death, ends the run before each host's next step."""
    stdin.readline()
    worker.stopping = True
