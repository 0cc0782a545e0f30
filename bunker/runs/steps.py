"""The durable steps of a run. What each returns is kept; the one that was not finished is repeated.

What they return is JSON: a run that goes on in another process gets it from the run database.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bunker.events import (
    Analysis,
    BatchBegan,
    Begin,
    Decided,
    End,
    Gate,
    Halted,
    Paused,
    RunBatch,
    Soak,
    Soaking,
)
from bunker.journal.records import RunRequest, Summary
from bunker.outcomes import Outcomes, read_outcomes, write_outcomes
from bunker.runs import accounts, batch_change, gates
from bunker.runs.context import RunContext

Samples = Mapping[str, Any]


@dataclass(frozen=True)
class RunSteps:
    """Everything that a workflow may do. ``durable`` does a named step once and keeps its result.

    ``cancel_asked`` is remembered by the run as well.
    """

    context: RunContext
    durable: Callable[[str, Callable[[], Any]], Any]
    cancel_asked: Callable[[], bool]

    @property
    def request(self) -> RunRequest:
        """What the run was asked to do."""
        return self.context.request

    def begin(self) -> None:
        """Say that the run begins: in its events, in the audit log, to whoever wants to know."""

        def work() -> None:
            request = self.request
            self.context.event(Begin(run=request.run, kind=request.kind, batches=request.batches))
            accounts.record_begin(self.context)

        self.durable("begin", work)
        self._notify(Summary({}))

    def change(self, number: int, hosts: tuple[str, ...]) -> Outcomes:
        """Change hosts of a batch; where the process is told to stop, it never returns."""
        batch = self.request.batches[number]

        def work() -> dict[str, Any]:
            if hosts[0] == batch.hosts[0]:
                # With the first host of a batch that is changed in parts.
                of = len(self.request.batches)
                self.context.event(
                    BatchBegan(name=batch.name, number=number + 1, of=of, hosts=batch.hosts)
                )
            change = batch_change.BatchChange(self.context, RunBatch(batch.name, hosts))
            return self._ended(change.run())

        return read_outcomes(self.durable("change", work))

    def roll_back(self, names: Sequence[str], why: str) -> Outcomes:
        """Roll back hosts whose change succeeded, because of a later gate."""

        def work() -> dict[str, Any]:
            change = batch_change.BatchChange(self.context, RunBatch("rollback", tuple(names)))
            return self._ended(change.roll_back_all(why))

        return read_outcomes(self.durable("roll back", work))

    def gate(self, names: Sequence[str]) -> str:
        """Ask the hosts that were changed whether they are healthy; why not, or nothing."""

        def work() -> str:
            reason = gates.unhealthy(self.context, names)
            outcome: Any = "fail" if reason else "pass"
            self.context.event(Gate(outcome=outcome, hosts=tuple(names), reason=reason))
            return reason

        return str(self.durable("gate", work))

    def sample(self) -> Samples:
        """The metrics of all hosts of the run, as far as they answer."""
        found: Samples = self.durable("sample", lambda: gates.take_samples(self.context))
        return found

    def soak_begins(self) -> float:
        """Say until when the first batch is watched; returns when that began."""

        def work() -> float:
            seconds, now = self.request.pace.soak_seconds, time.time()
            self.context.event(Soak(seconds=seconds, until=now + seconds))
            return now

        return float(self.durable("soak begins", work))

    def analyse(
        self,
        fresh: Sequence[str],
        before: Samples,
        first: Samples,
        *,
        until: float = 0,
        final: bool = False,
    ) -> Analysis:
        """Analyse the changed hosts so far; only the last look may be inconclusive.

        ``until``: when it is (seconds since 1970).
        """

        def work() -> dict[str, Any]:
            analysis = gates.analyse_batch(self.context, fresh, before, first)
            if final or analysis.outcome == "fail":
                self.context.event(analysis)
            else:
                self.context.event(Soaking(until=until, hosts=analysis.hosts))
            return analysis.to_json()

        return Analysis.from_json(self.durable("analyse", work))

    def closed_window(self) -> str:
        """Why no further batch may begin now, or nothing."""
        return str(self.durable("closed window", lambda: gates.window_is_closed(self.context)))

    def rest(self, until: float) -> None:
        """Wait for a point in time (seconds since 1970). A resumed run waits for what is left."""
        self.durable("rest", lambda: self.context.wait(until))

    def ask(self, question: str, *answers: str) -> str:
        """Ask an operator and return one of the answers, however often the process ends first."""
        self._notify(Summary({}, state="paused", reason=question))

        def work() -> str:
            self.context.event(Paused(reason=question, answers=answers))
            answer = self.context.answer()
            self.context.event(Decided(answer=answer))
            return answer

        return str(self.durable("ask", work))

    def end(self, summary: Summary) -> None:
        """Say how the run ended."""

        def work() -> None:
            if summary.reason:
                self.context.event(Halted(reason=summary.reason))
            accounts.record_end(self.context, summary)

        self.durable("end", work)
        self._notify(summary)
        self.durable("ended", lambda: self.context.event(End(state=summary.state)))

    def _notify(self, summary: Summary) -> None:
        """Tell whoever wants to know: once, but for a process that dies while it does."""
        self.durable("notify", lambda: accounts.notify(self.context, summary))

    def _ended(self, outcomes: Outcomes) -> dict[str, Any]:
        if self.context.stopping:
            self.context.outcomes = outcomes
            self.context.leave()
        return write_outcomes(outcomes)
