"""Changing the hosts of one batch: leases, plan, apply, and the way back for those that failed.

Everything here may be repeated from its start: a run whose process died does just that. What a
host says now decides what is left to do.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bunker.errors import BunkerError
from bunker.fleet import Fleet, Host, load_fleet
from bunker.journal.records import WELL, RunBatch, RunRequest
from bunker.runs.host_outcomes import note, refused, restarted, told
from bunker.runs.port import Port
from bunker.runs.roles import WAY_BACK, role_data, role_of
from bunker.runs.summary import Outcomes
from bunker.worker.client import WorkerClient
from bunker.workflows.planning import Preparation, prepare, same_plan
from bunker.workflows.request import (
    WHOLE_HOST,
    DeployRequest,
    Target,
    select_targets,
    worker_request,
)

if TYPE_CHECKING:
    from bunker.lease.leases import HostLeases

RESTART_SECONDS: Final = 180
MAINTENANCE_SECONDS: Final = 3600
"""A run that dies leaves its hosts in maintenance no longer than this."""


@dataclass(frozen=True)
class BatchChange:
    """One batch of one run, executed in this process."""

    root: Path
    request: RunRequest
    batch: RunBatch
    port: Port

    def run(self) -> Outcomes:
        """Change the hosts and say how each ended; never raises for a single host."""
        fleet = load_fleet(self.root, self.request.fleet)
        names = [name for name in self.batch.hosts if name in fleet.hosts]
        outcomes: Outcomes = {
            name: {"outcome": "failed", "message": "the host is not in the fleet any more"}
            for name in self.batch.hosts
            if name not in fleet.hosts
        }
        if names:
            with self._leases(fleet, names) as leases:
                outcomes |= refused(leases)
                free = [name for name in names if name in leases.held]
                if free:
                    outcomes |= self._change(free)
                lost = sorted(leases.lost & set(free))
                self._audit(leases, {n: o for n, o in outcomes.items() if n not in lost})
            if lost and not self.port.stopping:
                # A reboot ends a lease; it is taken again so that the host gets the log's head.
                with self._leases(fleet, lost) as again:
                    self._audit(again, {name: outcomes[name] for name in lost})
        self._tell(outcomes)
        return outcomes

    def return_all(self, why: str) -> Outcomes:
        """Bring every host of this batch back to its generation from before the run."""
        fleet = load_fleet(self.root, self.request.fleet)
        failures = {name: {"outcome": "failed", "message": why} for name in self.batch.hosts}
        outcomes: Outcomes = {}
        with self._leases(fleet, self.batch.hosts) as leases:
            outcomes |= refused(leases)
            free = [name for name in self.batch.hosts if name in leases.held]
            outcomes |= self.way_back(free, failures)
            self._audit(leases, outcomes)
        self._tell(outcomes)
        return outcomes

    def _tell(self, outcomes: Outcomes) -> None:
        """The outcomes as events, without what only this batch needed to know."""
        for name in sorted(outcomes):
            for key in ("boot", "went_back", "ref_to"):
                outcomes[name].pop(key, None)
            self.port.event({"event": "outcome", "host": name, **outcomes[name]})

    @contextmanager
    def _leases(self, fleet: Fleet, names: Sequence[str]) -> Iterator[HostLeases]:
        from bunker.lease.leases import take_leases  # noqa: PLC0415 - see the package
        from bunker.remote import Remote  # noqa: PLC0415

        remotes = [Remote.of(fleet, fleet.hosts[name]) for name in names]
        with take_leases(
            remotes,
            run=self.request.run,
            purpose=self.request.kind,
            wait_seconds=self.request.wait_seconds,
            maintenance_seconds=MAINTENANCE_SECONDS,
            on_wait=lambda host, holder: self.port.event(
                {"event": "waiting", "host": host, "message": holder.sentence()}
            ),
        ) as leases:
            yield leases

    def _change(self, names: list[str]) -> Outcomes:
        wanted = role_of(self.request.kind)
        data = role_data(
            self.request.kind,
            to_generation=self.request.to_generation,
            restore=self.request.restore,
            reboot=self.request.reboot,
        )
        before = self.port.earlier
        outcomes: Outcomes = {n: before.rolled_back[n] for n in names if n in before.rolled_back}
        returning = {n: before.going_back[n] for n in names if n in before.going_back}
        outcomes |= returning
        outcomes |= self.way_back(list(returning), returning)
        forward = [name for name in names if name not in outcomes]
        if forward and not self.port.stopping:
            confirmed = self.request.plans if self.request.exact else {}
            outcomes |= self._apply(forward, wanted, data, confirmed=confirmed)
            for name in forward:
                if outcomes[name]["outcome"] == "ok" and name in before.touched:
                    # This run changed it all the same, before its process died.
                    outcomes[name]["outcome"] = "changed"
        if wanted == WHOLE_HOST and not self.port.stopping:
            failed = [name for name in forward if outcomes.get(name, {}).get("step")]
            outcomes |= self.way_back(failed, outcomes)
        return outcomes

    def way_back(self, names: list[str], failures: Mapping[str, Mapping[str, Any]]) -> Outcomes:
        """Bring hosts back to the generation they had before this run, where that is safe."""
        if not names:
            return {}
        self.port.event({"event": "way_back", "hosts": names})
        data = {"bunker_to": "", "bunker_restore": "", "bunker_of_run": self.request.run}
        returned = self._apply(names, WAY_BACK, data, confirmed={})
        # A host that restarts is away for a while, and then goes back.
        away = [name for name in names if returned[name]["outcome"] == "unreachable"]
        if away and self._answers_again(away):
            returned |= self._apply(away, WAY_BACK, data, confirmed={})
        found: Outcomes = {}
        for name in names:
            before, after = dict(failures[name]), returned[name]
            before |= restarted(before, after)
            returning = name in self.port.earlier.returning or after.get("went_back")
            if after["outcome"] == "ok" and not returning:
                if before.get("restarted"):
                    found[name] = before
                continue  # nothing had been touched yet, so nothing had to be put back
            if after["outcome"] in WELL:
                number = after.get("generation", {}).get("number")
                before["outcome"] = "rolled back"
                before["back_on"] = after.get("going_to") or number
                before["generation"] = after.get("generation")
            elif self.port.stopping and after["outcome"] in ("interrupted", "not started"):
                before["outcome"] = "interrupted"  # the run is taken up at its way back
            else:
                before["outcome"] = "failed"
                before["choice"] = after["message"]
            found[name] = before
        return found

    def _answers_again(self, names: Sequence[str]) -> bool:
        """Wait at most three minutes until all of these hosts' SSH servers answer."""
        fleet = load_fleet(self.root, self.request.fleet)
        until = time.monotonic() + RESTART_SECONDS
        waiting = list(names)
        while waiting and time.monotonic() < until and not self.port.stopping:
            waiting = [name for name in waiting if not _listens(fleet.hosts[name])]
            time.sleep(1)
        return not waiting and not self.port.stopping

    def _apply(
        self,
        names: list[str],
        role: str,
        data: Mapping[str, Any],
        *,
        confirmed: Mapping[str, tuple[str, str]],
    ) -> Outcomes:
        request = DeployRequest(
            root=self.root,
            fleet_name=self.request.fleet,
            hosts=tuple(names),
            tags_wanted=self.request.tags_wanted if role == WHOLE_HOST else (),
            ref=self.request.ref,
            commits=self.request.commits,
            role=role,
            data=data,
            debug=self.request.debug,
        )
        try:
            fleet, targets = select_targets(request)
            message = worker_request(request, fleet, targets, self.request.run)
        except BunkerError as error:
            # The fleet's files changed while the run was under way.
            return {name: {"outcome": "failed", "message": str(error)} for name in names}
        moved = self._moved(request, fleet, targets) if role != WAY_BACK else {}
        targets = [target for target in targets if target.host.name not in moved]
        if not targets:
            return moved
        with WorkerClient(message, cwd=self.root) as worker:
            self.port.use(worker)
            try:
                preparation = prepare(self.request.fleet, worker, targets, self.port)
                outcomes: Outcomes = {**moved, **preparation.outcomes}
                stale = self._stale(preparation, confirmed)
                outcomes |= stale
                hosts = [p.host for p in preparation.to_change if p.host not in stale]
                outcomes |= {name: {"outcome": "not started", "message": ""} for name in hosts}
                if hosts and not self.port.stopping:
                    worker.apply(hosts)
                    for event in worker.events(until="done"):
                        self.port.event(event)
                        note(event, outcomes)
                for plan in preparation.plans.values():
                    outcomes[plan.host] |= told(plan, self.request.run)
            except BunkerError as error:
                if not self.port.stopping:
                    # How far it came is not known, so the way back is looked for on every host.
                    lost = {"outcome": "failed", "message": str(error), "step": "the worker"}
                    return {name: dict(lost) for name in names}
                outcomes = {name: {"outcome": "interrupted", "message": ""} for name in names}
            finally:
                self.port.use(None)
        return outcomes

    def _moved(self, request: DeployRequest, fleet: Fleet, targets: Sequence[Target]) -> Outcomes:
        """Hosts whose inputs are not those that were approved any more, also after a resume."""
        if not self.request.inputs:
            return {}
        from bunker.runs.inputs import fingerprints  # noqa: PLC0415 - only where it was approved

        now = fingerprints(request, fleet, targets)
        outcome = {
            "outcome": "failed",
            "stale": True,
            "message": "its files, its secrets or the program changed after this run was approved;"
            " nothing more was changed on it",
        }
        return {
            # What this run had begun to change goes back; a step is what says so.
            name: {**outcome, "step": "approval"} if name in self.port.earlier.touched else outcome
            for name, found in now.items()
            if found != self.request.inputs.get(name)
        }

    def _stale(
        self, preparation: Preparation, confirmed: Mapping[str, tuple[str, str]]
    ) -> Outcomes:
        """Hosts that are not any more what the confirmed plan was made from.

        Not after a resume: then they differ because this very run began to change them.
        """
        if self.port.resumed:
            return {}
        return {
            plan.host: {
                "outcome": "failed",
                "stale": True,
                "message": "it changed after the plan was shown; nothing was changed on it",
            }
            for plan in preparation.to_change
            if plan.host in confirmed and not same_plan(confirmed[plan.host], plan)
        }

    def _audit(self, leases: HostLeases, outcomes: Outcomes) -> None:
        from bunker.runs.accounts import note_hosts  # noqa: PLC0415

        if not self.port.stopping:
            note_hosts(self.root, self.request, outcomes, leases)


def _listens(host: Host) -> bool:
    try:
        with socket.create_connection((host.address, host.port), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
