"""What a host's outcome is, from what leases, a plan, a worker's events and its rollback say."""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bunker.answers import record
from bunker.application.availability import Availability
from bunker.application.generation import read_generation
from bunker.events import Event, HostEnded, Step
from bunker.lease.leases import HostLeases
from bunker.outcomes import HostOutcome
from bunker.plan.changes import HostPlan


@dataclass
class Applied:
    """How one host took what a worker applied to it.

    ``boot`` is the boot that its plan saw (``id``, ``since``). Of a rollback:
    ``already_rolled_back`` where the host did it by itself for this run; ``ref_to``: its version,
    ``settings_to`` its values of ``set``.
    ``application`` is the one whose answers are kept.
    """

    outcome: HostOutcome
    began: bool = False
    boot: Mapping[str, Any] | None = None
    already_rolled_back: bool = False
    ref_to: str = ""
    settings_to: Mapping[str, Any] | None = None
    application: str = ""

    def update(self, **values: Any) -> None:
        """Know more of the outcome."""
        self.outcome = replace(self.outcome, **values)

    def take(self, event: Event) -> None:
        """Take an event of the worker about this host."""
        match event:
            case Step(status="failed"):
                self.update(step=event.name, output=event.output)
            case Step(status="ok"):
                self._answers(event.name.partition(":")[0], answers_of(event.output or ()))
            case Step():
                self.began = True
            case HostEnded(outcome=outcome):
                cut_off = outcome == "not started" and self.began
                self.update(
                    outcome="interrupted" if cut_off else outcome,
                    message=event.message,
                    commands=event.commands,
                )

    def _answers(self, application: str, found: Mapping[str, Any]) -> None:
        """Keep what the steps of one application answer: of the first that does, as its plan is."""
        if found and self.application in ("", application):
            self.application = application
            self.update(**found)

    def planned(self, plan: HostPlan, run: str) -> None:
        """Take what its plan says: where it rolls back to, and what ``run`` recorded before.

        Where several applications are changed, of the first.
        """
        facts: Mapping[str, Any] = next(iter(plan.facts.get("applications", {}).values()), {})
        made = facts.get("generation")
        if isinstance(made, Mapping) and made.get("run") == run:
            self.update(generation=made)
        if facts.get("generation_to") is not None:
            self.update(going_to=facts["generation_to"])
        self.boot = plan.facts.get("boot") or None
        self.already_rolled_back = bool(facts.get("already_rolled_back"))
        self.ref_to = facts.get("ref_to") or ""
        self.settings_to = facts.get("settings_to")
        every = plan.facts.get("applications", {}).values()
        self.update(files=tuple(one["files"] for one in every if one.get("files")) or None)
        if self.ref_to:
            self.update(ref=self.ref_to, settings=self.settings_to)


def answers_of(output: Iterable[str]) -> dict[str, Any]:
    """What a step says besides text for people: a keyword and a JSON object a line.

    ``generation {…}`` is what the host runs now, ``availability {…}`` what the probe measured. A
    line that is none of these is left alone.
    """
    found: dict[str, Any] = {}
    for line in output:
        keyword, _, text = line.strip().partition(" ")
        with suppress(ValueError):  # UnreadableAnswer as well
            if keyword == "generation":
                found[keyword] = read_generation(text)
            elif keyword == "availability":
                found[keyword] = Availability.from_json(record(text, keyword)).to_json()
    return found


def failed(message: str, **more: Any) -> Applied:
    """A host on which nothing could be done."""
    return Applied(HostOutcome(outcome="failed", message=message, **more))


def refused(leases: HostLeases) -> dict[str, HostOutcome]:
    """Hosts that another run holds, and those that cannot be reached."""
    found = {
        name: HostOutcome(outcome="failed", message=holder.sentence(), locked=True)
        for name, holder in leases.refused.items()
    }
    for name, error in leases.unreachable.items():
        found[name] = HostOutcome(outcome="unreachable", message=str(error))
    return found


def rolled_back(
    before: Applied, after: Applied, *, rolling_back: bool, stopping: bool
) -> HostOutcome | None:
    """The outcome of a host whose change failed, after its rollback was tried.

    ``rolling_back``: a rollback of this run had begun a step before. None where nothing had been
    touched, so that nothing had to be put back.
    """
    outcome = restarted(before, after) or before.outcome
    if after.outcome.outcome == "ok" and not (rolling_back or after.already_rolled_back):
        return outcome if outcome.restarted else None
    if after.outcome.succeeded:
        return replace(
            outcome,
            outcome="rolled back",
            back_on=after.outcome.going_to or after.outcome.generation_number,
            generation=after.outcome.generation,
            ref=after.ref_to or None,
            settings=after.settings_to,
            files=after.outcome.files,
        )
    if stopping and after.outcome.outcome in ("interrupted", "not started"):
        return replace(outcome, outcome="interrupted")  # the run is resumed at its rollback
    return replace(outcome, outcome="failed", choice=after.outcome.message)


def restarted(before: Applied, after: Applied) -> HostOutcome | None:
    """The failure of a host that booted while it was changed, in place of a lost connection.

    A boot is told by its id, not by how the connection was lost.
    """
    old, new, step = before.boot, after.boot, before.outcome.step
    if not (old and new and step and old["id"] != new["id"]):
        return None
    at = time.strftime("%H:%M %Z", time.localtime(new["since"]))
    text = f"the host restarted at {at} during {step}"
    if after.ref_to and after.outcome.succeeded:
        text += f"; it is back on {after.ref_to}"
    return replace(before.outcome, message=text, restarted=True, output=())
