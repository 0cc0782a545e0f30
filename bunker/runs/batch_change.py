"""Changing the hosts of one batch: leases, plan, apply, and the rollback of those that failed.

Everything here may be repeated from its start: a run whose process died does just that. What a
host says now decides what is left to do.
"""

import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from bunker.errors import BunkerError, attempt
from bunker.events import HostEvent, Outcome, RollbackBegan, RunBatch, Waiting
from bunker.fleet import Fleet, Host
from bunker.fleet.applications import has_application
from bunker.lease.leases import HostLeases
from bunker.outcomes import HostOutcome, Outcomes
from bunker.remote import Remote
from bunker.runs import accounts
from bunker.runs.confirmed import Changed, Confirmed, losing, moved, stale
from bunker.runs.context import RunContext
from bunker.runs.host_outcomes import Applied, failed, refused, rolled_back
from bunker.runs.kinds import kind_of
from bunker.runs.pinning import pin_outcomes, warn_of_files
from bunker.runs.work import Work, rollback
from bunker.worker.client import WorkerClient
from bunker.workflows.planning import prepare
from bunker.workflows.request import DeployRequest, Target, select_targets, worker_request

RESTART_SECONDS: Final = 180
NOT_THERE: Final = "the host is not in the fleet any more"


@dataclass(frozen=True)
class BatchChange:
    """One batch of one run, executed in this process."""

    context: RunContext
    batch: RunBatch

    def run(self) -> Outcomes:
        """Change the hosts and say how each ended; never raises for a single host."""
        fleet, names, outcomes = self._hosts(self.batch.hosts)
        if names:
            with self._leases(fleet, names) as leases:
                outcomes |= refused(leases)
                free = [name for name in names if name in leases.held]
                if free:
                    outcomes |= self._change(free)
                lost = sorted(leases.lost & set(free))
                self._audit(leases, {n: o for n, o in outcomes.items() if n not in lost})
            if lost and not self.context.stopping:
                # A reboot ends a lease; it is taken again so that the host gets the log's head.
                with self._leases(fleet, lost) as again:
                    self._audit(again, {name: outcomes[name] for name in lost})
        return self._recorded(outcomes)

    def roll_back_all(self, why: str) -> Outcomes:
        """Roll back every host of this batch to its generation from before the run."""
        fleet, names, outcomes = self._hosts(self.batch.hosts)
        with self._leases(fleet, names) as leases:
            outcomes |= refused(leases)
            free = {name: failed(why) for name in names if name in leases.held}
            outcomes |= self._roll_back(free)
            self._audit(leases, outcomes)
        return self._recorded(outcomes)

    def _hosts(self, names: Sequence[str]) -> tuple[Fleet, list[str], dict[str, HostOutcome]]:
        """The fleet, those of the hosts that it has, and the outcomes of the others."""
        fleet = self.context.load_fleet()
        found = {name: attempt(fleet.host, name) for name in names}
        gone = {
            name: HostOutcome(
                outcome="failed", message=str(one) if name in fleet.broken else NOT_THERE
            )
            for name, one in found.items()
            if isinstance(one, BunkerError)
        }
        return fleet, [name for name in found if name not in gone], gone

    def _recorded(self, outcomes: Outcomes) -> Outcomes:
        if not self.context.stopping:
            context = self.context
            pin_outcomes(context.root, context.request, outcomes, context.event)
            warn_of_files(outcomes, context.event)
        for name in sorted(outcomes):
            self.context.event(Outcome(host=name, result=outcomes[name]))
        return outcomes

    @contextmanager
    def _leases(self, fleet: Fleet, names: Sequence[str]) -> Iterator[HostLeases]:
        request = self.context.request
        with HostLeases(
            [Remote.of(fleet, fleet.hosts[name]) for name in names],
            run=request.run,
            purpose=request.kind,
            wait_seconds=request.wait_seconds,
            maintenance_seconds=kind_of(request)[0].maintenance_seconds,
            on_wait=lambda host, holder: self.context.event(
                Waiting(host=host, message=holder.sentence())
            ),
        ) as leases:
            yield leases

    def _change(self, names: list[str]) -> dict[str, HostOutcome]:
        request, before = self.context.request, self.context.before
        kind, arguments = kind_of(request)
        outcomes = {n: before.rolled_back[n] for n in names if n in before.rolled_back}
        rolling_back = {n: Applied(before.failures[n]) for n in names if n in before.failures}
        outcomes |= {name: found.outcome for name, found in rolling_back.items()}
        outcomes |= self._roll_back(rolling_back)
        forward = [name for name in names if name not in outcomes]
        if not forward or self.context.stopping:
            return outcomes
        confirmed = request.plans if request.exact else {}
        changed = self._apply(forward, kind.work(arguments), confirmed)
        for name, found in changed.items():
            if found.outcome.outcome == "ok" and name in before.touched:
                # This run changed it all the same, before its process died.
                found.update(outcome="changed")
        outcomes |= {name: found.outcome for name, found in changed.items()}
        if kind.undone and not self.context.stopping:
            outcomes |= self._roll_back({n: f for n, f in changed.items() if f.outcome.step})
        return outcomes

    def _roll_back(self, failures: Changed) -> dict[str, HostOutcome]:
        """Roll hosts back to the generation they had before this run, where that is safe.

        A host without an application has no generations: each of its parts was put back alone.
        """
        names = self._with_generations(failures)
        if not names:
            return {}
        self.context.event(RollbackBegan(hosts=tuple(names)))
        kind, arguments = kind_of(self.context.request)
        # What was asked of one application is no question about the others of its host.
        application = kind.work(arguments).application
        work = rollback(of_run=self.context.request.run, application=application)
        after = self._apply(names, work, {})
        # A host that restarts is away for a while, and then rolls back.
        away = [name for name in names if after[name].outcome.outcome == "unreachable"]
        if away and self._answers_again(away):
            after |= self._apply(away, work, {})
        found = {
            name: rolled_back(
                failures[name],
                after[name],
                rolling_back=name in self.context.before.rolling_back,
                stopping=self.context.stopping,
            )
            for name in names
        }
        return {name: outcome for name, outcome in found.items() if outcome}

    def _with_generations(self, names: Iterable[str]) -> list[str]:
        try:
            hosts = self.context.load_fleet().hosts
        except BunkerError:  # its files changed while the run was under way
            return list(names)
        return [name for name in names if name not in hosts or has_application(hosts[name])]

    def _answers_again(self, names: Sequence[str]) -> bool:
        """Wait at most three minutes until all of these hosts' SSH servers answer."""
        fleet = self.context.load_fleet()
        until = time.monotonic() + RESTART_SECONDS
        waiting = list(names)
        while waiting and time.monotonic() < until and not self.context.stopping:
            waiting = [n for n in waiting if n in fleet.hosts and not _listens(fleet.hosts[n])]
            time.sleep(1)
        return not waiting and not self.context.stopping

    def _apply(self, names: list[str], work: Work, confirmed: Confirmed) -> Changed:
        run = self.context.request
        try:
            _, known, gone = self._hosts(names)
            outcomes = {name: Applied(outcome) for name, outcome in gone.items()}
            if not known:
                return outcomes
            request = DeployRequest(
                root=self.context.root,
                fleet_name=run.fleet,
                hosts=tuple(known),
                work=replace(work, ref=run.ref, settings=run.settings),
                commits=run.commits,
                debug=run.debug,
            )
            fleet, targets = select_targets(request)
            message = worker_request(request, fleet, targets, run.run)
        except BunkerError as error:
            # The fleet's files changed while the run was under way.
            return {name: failed(str(error)) for name in names}
        outcomes |= {n: failed(str(fleet.fault(n))) for n in known if n in fleet.broken}
        outcomes |= moved(self.context, request, fleet, targets)
        targets = [target for target in targets if target.host.name not in outcomes]
        if not targets:
            return outcomes
        with WorkerClient(message, cwd=self.context.root) as worker:
            self.context.use(worker)
            try:
                return outcomes | self._through(worker, targets, confirmed)
            except BunkerError as error:
                if not self.context.stopping:
                    # How far it came is not known, so a rollback is looked for on every host.
                    return {name: failed(str(error), step="the worker") for name in names}
                return {name: Applied(HostOutcome(outcome="interrupted")) for name in names}
            finally:
                self.context.use(None)

    def _through(
        self, worker: WorkerClient, targets: Sequence[Target], confirmed: Confirmed
    ) -> Changed:
        """Let the worker plan and apply what is to change."""
        run = self.context.request
        found = prepare(run.fleet, worker, targets, self.context.event)
        changed = {name: Applied(outcome) for name, outcome in found.outcomes.items()}
        left = stale(self.context, found, confirmed)
        left |= losing(self.context, found, [one for one in targets if one.host.name not in left])
        changed |= left
        hosts = [plan.host for plan in found.to_change if plan.host not in left]
        changed |= {name: Applied(HostOutcome(outcome="not started")) for name in hosts}
        if hosts and not self.context.stopping:
            worker.apply(hosts)
            for event in worker.events(until="done"):
                self.context.event(event)
                if isinstance(event, HostEvent) and event.host in changed:
                    changed[event.host].take(event)
        for plan in found.plans.values():
            changed[plan.host].planned(plan, run.run)
        return changed

    def _audit(self, leases: HostLeases, outcomes: Outcomes) -> None:
        if not self.context.stopping:
            accounts.record_hosts(self.context, outcomes, leases)


def _listens(host: Host) -> bool:
    try:
        with socket.create_connection((host.address, host.port), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
