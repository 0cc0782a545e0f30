"""What the roles found and decided, by host, while pyinfra prepares its operations."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyinfra import logger
from pyinfra.context import ctx_host, ctx_state

from bunker.masking import Redactor, Secret
from bunker.plan.changes import Change, HostPlan


def name_of(host: Any) -> str:
    """A host's name in the fleet; pyinfra puts the connector in front of it (``@fake/north``)."""
    return str(host.name).rsplit("/", 1)[-1]


@dataclass
class Recording:
    """The changes of one host and the material of its fingerprints."""

    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    observed: list[Any] = field(default_factory=list)
    wanted: list[Any] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)

    def application(self, name: str) -> dict[str, Any]:
        """The facts of one application of the host, to be added to."""
        found: dict[str, Any] = self.facts.setdefault("applications", {}).setdefault(name, {})
        return found


@dataclass
class Given:
    """What roles may know of a host; None where it has to be looked up when a role asks.

    A worker hands it over. ``commits`` are by the name of the application. ``run`` is the id of the
    run that applies this. ``system`` is what the host says of its operating system
    (:class:`bunker.ops.system.SystemState`).
    """

    secrets: Mapping[str, Secret] | None = None
    commits: dict[str, str | None] = field(default_factory=dict)
    run: str = "pyinfra"
    system: Any = None


class Recorder:
    """Collects recordings; one for each of pyinfra's states (:func:`recorder`).

    ``key`` is that of the plans' fingerprints; ``redact`` knows every secret that was given.
    """

    def __init__(self, key: bytes = b"") -> None:
        self.key = key or secrets.token_bytes(32)
        self.redact = Redactor()
        self._recordings: dict[str, Recording] = {}
        self._given: dict[str, Given] = {}

    def give(self, name: str, given: Given) -> None:
        """Hand over what a worker knows of a host, before its roles are prepared."""
        self._given[name] = given
        self.redact.add((given.secrets or {}).values())

    @property
    def given(self) -> Given:
        """What is known of the host that is being prepared."""
        return self._given.setdefault(name_of(ctx_host.get()), Given())

    def current(self) -> Recording:
        """The recording of the host that is being prepared."""
        return self._recordings.setdefault(name_of(ctx_host.get()), Recording())

    def change(self, change: Change) -> None:
        """Note a change, and show its diff where pyinfra runs with --diff."""
        self.current().changes.append(change)
        state = ctx_state.get()
        if getattr(state.config, "DIFF", False):
            host = ctx_host.get()
            for line in (change.title, *(f"    {line}" for line in change.lines)):
                logger.info(f"{host.print_prefix}{self.redact(line)}")

    def note(self, role: str, text: str) -> None:
        """Say what was found on the host and is left as it is, though the operator should know."""
        self.current().notes.append(f"{role}: {text}")

    def plan(self, host_name: str) -> HostPlan:
        """The plan of one host as recorded so far."""
        recording = self._recordings.get(host_name, Recording())
        return HostPlan(
            host=host_name,
            changes=tuple(recording.changes),
            observed=self._fingerprint(recording.observed),
            wanted=self._fingerprint(recording.wanted),
            facts=recording.facts,
            notes=tuple(recording.notes),
        )

    def steps(self, host_name: str) -> list[str]:
        """Names of the declared steps of a host, in order.

        pyinfra's own operation names are shared between hosts, so they are kept here.
        """
        return self._recordings.get(host_name, Recording()).steps

    def _fingerprint(self, material: list[Any]) -> str:
        text = json.dumps(material, sort_keys=True, default=str)
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()


def recorder() -> Recorder:
    """The recorder of the state that is being prepared."""
    return recorder_of(ctx_state.get())


def recorder_of(state: Any) -> Recorder:
    """A state's recorder; pyinfra's own command line gets one when a role first asks."""
    found: Recorder | None = getattr(state, "bunker_recorder", None)
    return found or attach(state, Recorder())


def attach(state: Any, made: Recorder) -> Recorder:
    """Give a state its recorder."""
    state.bunker_recorder = made
    return made
