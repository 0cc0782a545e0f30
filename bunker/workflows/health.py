"""The state of an instance by what its host said: one word, and every reason for it."""

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from bunker.application.containers import Container
from bunker.workflows.probe import Probe

State = Literal[
    "healthy",
    "not deployed",
    "changing",
    "degraded",
    "unfinished",
    "unhealthy",
    "unreachable",
    "unknown",
]
HEALTHY: Final = "healthy"
STATES: Final[tuple[State, ...]] = get_args(State)
"""From good to bad."""


FAILED_MIGRATION: Final = (
    "the migration {} failed half-way, and no other is applied before that is settled"
)


@dataclass(frozen=True)
class Verdict:
    """``degraded``: a container or a role does not work, but the application answers.
    ``changing``: a run works on it. ``unfinished``: the last deployment failed or was cut off.
    ``unknown``: the host answered, but not the question."""

    state: State
    reasons: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether nothing needs attention."""
        return self.state == HEALTHY


def assess(probe: Probe) -> Verdict:
    """The verdict on one host: on its application, if it has one, and on its roles."""
    if not probe.application and probe.placed:
        return Verdict("degraded" if probe.wrong else HEALTHY, probe.wrong)
    begun = probe.generation is not None or probe.checkout is not None
    unfinished = begun and not probe.applied
    if not (probe.application and (probe.installed or probe.containers or unfinished)):
        return Verdict("not deployed")
    reasons = [
        *_answer(probe),
        *(f"{c.service} {c.condition}" for c in probe.containers if not c.fine),
        *(FAILED_MIGRATION.format(name) for name in probe.failed_migrations),
    ]
    if probe.engine != "ok":
        words = {"absent": "Docker is not installed", "failed": "the Docker engine does not answer"}
        reasons.append(words[probe.engine])
    elif not probe.containers:
        reasons.append("no container exists")
    reasons = list(dict.fromkeys([*reasons, *probe.wrong]))
    if unfinished or probe.generation is None:
        if probe.lease and not probe.halted:
            return Verdict("changing", (f"{probe.lease.purpose} by {probe.lease.owner}",))
        why = _unfinished(probe) if unfinished else "no generation was recorded"
        return Verdict("unfinished", (why, *reasons))
    if probe.health.ok:
        return Verdict("degraded" if reasons else HEALTHY, tuple(reasons))
    return Verdict("unhealthy", tuple(reasons))


def container_json(container: Container) -> dict[str, Any]:
    known = ("service", "state", "health", "status", "exit_code", "done", "fine")
    return {name: getattr(container, name) for name in known}


def _unfinished(probe: Probe) -> str:
    if probe.halted:
        return f"the last deployment failed and was not rolled back: {probe.halted}"
    reason = "the last deployment failed or was cut off"
    if probe.returns_in is not None:
        when = f"in {probe.returns_in} s" if probe.returns_in > 0 else "now"
        reason = f"a change is under way; the host rolls it back {when} unless its run goes on"
    commit = str(probe.generation.get("commit", "")) if probe.generation else ""
    if probe.checkout and probe.checkout != commit:
        reason += f"; the checkout is at commit {probe.checkout[:7]}"
    return reason


def _answer(probe: Probe) -> list[str]:
    health = probe.health
    if health.ok:
        return []
    subject = health.question.subject
    if health.code is None:
        missing = f"{subject} could not be asked: curl is missing on the host"
        return [missing] if probe.installed else []
    if health.code == 0:
        return [f"{subject} does not answer{health.question.through}"]
    parts = f": {', '.join(health.failing)} failing" if health.failing else ""
    return [f"{subject} answers {health.code}{parts}"]
