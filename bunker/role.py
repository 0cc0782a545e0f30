"""A role: one folder of ``deploys/``, and what the rest of the program may know of it. Pure.

Everything else follows from the registry, ``deploys/roles.py``. What needs more than this module
is named as ``module:name`` and imported when it is asked for, so that the registry costs nothing.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Port:
    """What a role that is a kind of application answers besides; named as ``module:name``.

    ``settings`` is the model of an entry under ``applications``, a
    :class:`bunker.applications.settings.ApplicationEntry`. The others are functions of the host
    as the application sees it, as ``deploy`` is. ``rollback`` declares the rollback. ``question``:
    the :class:`bunker.applications.question.Question` by which it is asked for its health.
    ``gate``: the script that waits, after a boot, until it is healthy. ``public_keys``: those keys
    of its ``.env`` whose values may be shown. ``ports``: the ports that it takes on the host, each
    with the key of its settings that says so.

    Where it has them: ``metrics``, the script whose answer :mod:`bunker.canary_analysis.source`
    reads; ``table``, the rows of all keys that its ``.env`` may have; ``logs_of_steps``, by the
    title of a step the service whose log tells more where it failed; ``findings``, the script that
    prints what an operator has to settle (:mod:`bunker.workflows.probe` reads it).
    """

    settings: str
    rollback: str
    question: str
    gate: str
    public_keys: str
    ports: str
    metrics: str = ""
    table: str = ""
    logs_of_steps: str = ""
    findings: str = ""


@dataclass(frozen=True)
class Role:
    """One role.

    ``summary`` says in a few words what it looks after. ``deploy`` is its function, which takes
    the host. ``groups`` are those whose hosts have it unless their file says otherwise; ``all``:
    every host. ``parts`` are the tags that a deploy can be limited to; empty: its name.

    Named as ``module:name``, "" where it has none: ``settings``, its own model of settings, a
    :class:`bunker.values.RoleSettings`. ``packages``, from a host, its distribution and the
    installed packages to the packages that it needs, which nothing else may remove. ``check``,
    which renders for a host and its secrets what can be known beforehand; it raises BunkerError.
    ``secrets``, the :class:`bunker.secrets.catalog.SecretSpec` of each. ``egress``, from a host to
    what containers may reach outside: protocol, port, meaning.

    ``published_ports``, from a host to the TCP ports on which its containers may be reached from
    outside.

    ``health`` is POSIX shell that prints a line for each thing that is wrong; it is quick and only
    reads. ``sections``: keys of a host's file that give the host this role, whatever its groups.
    ``needs``: roles before it that a host with this one has as well. ``port``: it is a
    kind of application.
    """

    name: str
    summary: str
    deploy: str
    groups: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    settings: str = ""
    packages: str = ""
    check: str = ""
    secrets: str = ""
    egress: str = ""
    published_ports: str = ""
    health: str = ""
    sections: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    port: Port | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """What a deploy can be limited to."""
        return self.parts or (self.name,)


def named(reference: str) -> Any:
    """What ``module:name`` stands for."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
