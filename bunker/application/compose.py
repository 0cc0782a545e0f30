"""Reading a Compose file: which services a changed environment or override makes anew.

Pure; a forecast for the plan. What Compose then does is decided by Compose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from bunker.application.interpolation import referenced_names
from bunker.errors import BunkerError
from bunker.yaml_text import load_yaml

_ENVIRONMENT_FILES = frozenset({".env", "./.env"})
DATA_SERVICES = frozenset({"v2-postgres", "redis"})
"""Brought up by themselves before migrations run, and before the services that use them."""

_SHARED_SECTIONS = ("networks", "volumes", "configs", "secrets")


def affected_services(
    compose_text: str,
    changed_keys: Collection[str],
    old_override: str | None,
    new_override: str | None,
    *,
    profiles: Collection[str] = (),
    where: str = "docker-compose.yml",
) -> tuple[str, ...]:
    """Services that ``docker compose up`` may recreate or restart, in the file's order.

    A forecast on the safe side: a key that stands only in an unused default counts as read, and
    Compose 2.26 keeps a container whose volume or config changed where later ones recreate it.
    Only services that run under ``profiles`` count. A service is affected when it, or a network,
    volume, config or secret it uses, refers to a changed key; when it gets the whole ``.env`` by
    ``env_file``; when its part of the override changed; when it shares the namespace of an
    affected one, or depends on one (Compose 2.26 recreates what depends on a container that it
    recreates in the same ``up``; the data services are brought up before, in one of their own,
    and take only those along that depend on them with ``restart: true``). Raises
    :class:`BunkerError` for a file that is not Compose YAML.
    """
    project = load_compose(compose_text, where=where)
    before = load_compose(old_override, where="old override") if old_override else {}
    after = load_compose(new_override, where="new override") if new_override else {}
    services = _services(project, where)
    old_limits, new_limits = _services(before, "old override"), _services(after, "new override")
    changed = frozenset(changed_keys)
    shared = _changed_shared(project, changed)

    active = _active(services, profiles)
    affected = {
        name
        for name in active
        if _reads(services, name, changed, ())
        or any(
            (section, used) in shared
            for section in _SHARED_SECTIONS
            for used in _used(services[name].get(section))
        )
        or old_limits.get(name) != new_limits.get(name)
        or referenced_names_in(new_limits.get(name)) & changed
    }
    while True:
        more = {
            name for name in active if name not in affected and _follows(services[name]) & affected
        }
        if not more:
            return tuple(name for name in active if name in affected)
        affected |= more


def builds_read(
    compose_text: str, changed_keys: Collection[str], *, where: str = "docker-compose.yml"
) -> bool:
    """Whether a service's build refers to a changed key, so that its image is to be made anew."""
    services = _services(load_compose(compose_text, where=where), where)
    builds = [service.get("build") for service in services.values()]
    return bool(referenced_names_in(builds) & frozenset(changed_keys))


def active_services(
    compose_text: str, *, profiles: Collection[str] = (), where: str = "docker-compose.yml"
) -> tuple[str, ...]:
    """Services that run under ``profiles``, in the file's order."""
    return _active(_services(load_compose(compose_text, where=where), where), profiles)


def _active(services: Mapping[str, Any], profiles: Collection[str]) -> tuple[str, ...]:
    return tuple(
        name
        for name, service in services.items()
        if not service.get("profiles")
        or "*" in profiles
        or set(map(str, service["profiles"])) & set(profiles)
    )


def load_compose(text: str, *, where: str) -> dict[str, Any]:
    """The file as plain data, merge keys and anchors resolved."""
    data = load_yaml(text, where)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise BunkerError("the file is not a mapping", where=where, expected="`services:` and such")
    return data


def referenced_names_in(node: Any) -> frozenset[str]:
    """Every variable referred to by any text below ``node``."""
    return frozenset(name for text in _texts(node) for name in referenced_names(text))


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for item in node.values():
            yield from _texts(item)
    elif isinstance(node, Sequence):
        for item in node:
            yield from _texts(item)


def _services(project: Mapping[str, Any], where: str) -> dict[str, Any]:
    services = project.get("services") or {}
    if not isinstance(services, dict) or not all(
        isinstance(service, dict) for service in services.values()
    ):
        raise BunkerError("services is not a mapping of services", where=where)
    return services


def _reads(
    services: Mapping[str, Any], name: str, changed: frozenset[str], seen: tuple[str, ...]
) -> bool:
    service = services[name]
    if changed and _environment_files(service.get("env_file")) & _ENVIRONMENT_FILES:
        return True
    if (referenced_names_in(service) | _passed_through(service.get("environment"))) & changed:
        return True
    extends = service.get("extends")
    base = extends.get("service") if isinstance(extends, Mapping) else extends
    in_this_file = not (isinstance(extends, Mapping) and extends.get("file"))
    if isinstance(base, str) and base in services and in_this_file and base not in seen:
        return _reads(services, base, changed, (*seen, name))
    return False


def _environment_files(value: Any) -> set[str]:
    entries = value if isinstance(value, list) else [value]
    return {str(entry.get("path") if isinstance(entry, Mapping) else entry) for entry in entries}


def _passed_through(environment: Any) -> frozenset[str]:
    """Keys named without a value, which Compose fills from ``.env``."""
    if isinstance(environment, Mapping):
        return frozenset(str(key) for key, value in environment.items() if value is None)
    if isinstance(environment, list):
        return frozenset(str(entry) for entry in environment if "=" not in str(entry))
    return frozenset()


def _changed_shared(project: Mapping[str, Any], changed: frozenset[str]) -> set[tuple[str, str]]:
    found = set()
    for section in _SHARED_SECTIONS:
        for name, definition in (project.get(section) or {}).items():
            from_environment = (
                definition.get("environment") if isinstance(definition, Mapping) else None
            )
            if referenced_names_in(definition) & changed or from_environment in changed:
                found.add((section, str(name)))
    return found


def _used(value: Any) -> Iterator[str]:
    """Names of the networks, volumes, configs or secrets that a service's entry refers to."""
    for entry in value or ():
        if isinstance(entry, Mapping):
            yield str(entry.get("source", ""))
        else:
            yield str(entry).split(":", 1)[0]


def _follows(service: Mapping[str, Any]) -> set[str]:
    followed = set()
    for option in ("network_mode", "ipc", "pid"):
        kind, _, name = str(service.get(option, "")).partition(":")
        if kind == "service":
            followed.add(name)
    for entry in service.get("volumes_from") or ():
        followed.add(str(entry).split(":", 1)[0])
    dependencies = service.get("depends_on")
    if isinstance(dependencies, Mapping):
        followed |= {
            str(name)
            for name, condition in dependencies.items()
            if name not in DATA_SERVICES
            or (isinstance(condition, Mapping) and condition.get("restart") is True)
        }
    elif isinstance(dependencies, Sequence):
        followed |= {str(name) for name in dependencies} - DATA_SERVICES
    return followed
