"""What a host's engine was told before us, and what of it can stay. Pure."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bunker.answers import decoded, whole
from bunker.errors import BunkerError
from bunker.shell import script_file

ENGINE_SCRIPT: Final = script_file(Path(__file__).parent / "scripts" / "past.sh")
"""Asks for what :func:`read_engine` reads. Changes nothing."""

DAEMON_JSON: Final = "/etc/docker/daemon.json"
_DEFAULT: Final = "/etc/default/docker"
_UNIT: Final = "docker.service (systemctl cat docker.service)"

_FLAG_KEYS: Final = {
    "add-runtime": "runtimes",
    "default-address-pool": "default-address-pools",
    "g": "data-root",
    "graph": "data-root",
    "insecure-registry": "insecure-registries",
    "label": "labels",
    "log-opt": "log-opts",
    "registry-mirror": "registry-mirrors",
    "s": "storage-driver",
    "storage-opt": "storage-opts",
}
"""Flags of dockerd whose key in daemon.json has another name."""

_MOVES_DATA: Final = frozenset(
    ("data-root", "graph", "exec-root", "storage-driver", "userns-remap", "containerd-namespace")
)
"""Settings that decide where images, containers and volumes are: changed, they are out of sight."""

_DEFEATS_FIREWALL: Final = frozenset(("iptables", "ip6tables", "bridge", "firewall-backend"))
"""Settings with which published ports may go around the firewall."""

_START_AGAIN: Final = "`sudo systemctl restart docker`, which restarts its containers"
_RUNNING: Final = "the running engine"

_OF_THE_UNIT: Final = frozenset(("H", "host", "containerd"))
"""Flags that every distribution's unit has."""


@dataclass(frozen=True)
class Flag:
    """One flag that dockerd is started with: its key in daemon.json, its text, where it stands."""

    key: str
    text: str
    where: str


@dataclass(frozen=True)
class EngineState:
    """An engine as it is; everything is empty where there is none.

    ``daemon`` is daemon.json as text, None where there is no such file. ``started_with`` is the
    fingerprint of the settings of its last start, "" where that start was not ours. ``group_id`` is
    the docker group's number, or the one that it will get.
    """

    active: bool
    daemon: str | None
    flags: tuple[Flag, ...]
    started_with: str
    snap: bool
    firewalld: bool
    rules: tuple[str, ...]
    group_id: int = 999


def read_engine(found: Mapping[str, Sequence[str]]) -> EngineState:
    """The engine from the answer's sections. Raises LookupError or UnreadableAnswer."""
    active, invocation, record = ([line.strip() for line in found["started"]] + ["", "", ""])[:3]
    fingerprint, _, start = record.partition(" ")
    daemon = "".join(found["daemon.json"])
    flags = [
        *_flags(" ".join(found["dockerd"]).split()[1:], _UNIT),
        *_flags(_default_options(found["default"]), _DEFAULT),
    ]
    written = {flag.key for flag in flags}
    running = _flags(list(found.get("running", ()))[1:], _RUNNING)
    flags += [flag for flag in running if flag.key not in written]
    return EngineState(
        active=active == "active",
        daemon=decoded(daemon, DAEMON_JSON).decode(errors="replace") if daemon else None,
        flags=tuple(flags),
        started_with=fingerprint if start and start == invocation else "",
        snap=any(line.strip() for line in found["snap"]),
        firewalld="active" in (line.strip() for line in found["firewalld"]),
        rules=tuple(found["rules"]),
        group_id=whole("".join(found["docker-group"]).strip(), "the docker group's number"),
    )


def own_settings(
    engine: EngineState, ours: Mapping[str, Any], declared: Mapping[str, Any]
) -> tuple[dict[str, Any], list[BunkerError]]:
    """Keys of the host's own daemon.json that stay in ours, and what cannot be settled.

    ``declared`` are keys that the host's file asks for: what it names is no surprise.
    """
    problems: list[BunkerError] = []
    there = _parsed(engine.daemon, problems)
    for key in sorted(_MOVES_DATA | _DEFEATS_FIREWALL):
        if key in there and declared.get(key) != there[key]:
            problems.append(_unsafe_key(key, there[key]))
    for key in sorted(_MOVES_DATA & set(declared)):
        if key not in there and engine.active and f"--{key}" not in str(engine.flags):
            problems.append(
                BunkerError(
                    f"the engine runs without {key}; with it, its images, containers and volumes "
                    "would be out of sight",
                    where="docker.daemon in the host's file",
                    remedy="Move the data first (docs/when-something-breaks.md), then set it in "
                    f"{DAEMON_JSON} by hand",
                )
            )
    for flag in engine.flags:
        problem = _flag_problem(flag, {*ours, *declared, *there})
        if problem:
            problems.append(problem)
    kept = {key: value for key, value in there.items() if key not in ours}
    return {**kept, **declared}, problems


def engine_problems(engine: EngineState) -> Iterator[BunkerError]:
    """What cannot stand beside the engine and the firewall that a host is to have."""
    if engine.snap:
        yield BunkerError(
            "Docker is installed from snap: a second engine would not see its containers and "
            "volumes, and both would write the same firewall chains",
            where="/snap/docker",
            remedy="Save what its volumes hold, then run `sudo snap remove --purge docker`",
        )
    if engine.firewalld:
        yield BunkerError(
            "firewalld is active, and ufw would write over its rules",
            where="firewalld.service",
            remedy="Carry its rules over to `base.firewall` in the host's file, then run "
            "`sudo systemctl disable --now firewalld`",
        )


def _parsed(text: str | None, problems: list[BunkerError]) -> dict[str, Any]:
    if text is None or not text.strip():
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = f"it is no valid JSON ({error})"
    else:
        if isinstance(found, dict):
            return found
        reason = "it is no JSON object"
    problems.append(
        BunkerError(
            f"{reason}, so it is not known which settings the engine is to keep",
            where=DAEMON_JSON,
            remedy="Correct it on the host, or remove it if nothing in it is needed",
        )
    )
    return {}


def _unsafe_key(key: str, value: object) -> BunkerError:
    shown = json.dumps(value)
    if key in _MOVES_DATA:
        return BunkerError(
            f'"{key}": {shown} decides where the engine\'s data are',
            where=DAEMON_JSON,
            remedy="To keep it, say so in the host's file: "
            f"`docker: {{daemon: {{{key}: {shown}}}}}`",
        )
    return BunkerError(
        f'"{key}": {shown} lets published ports go around the firewall',
        where=DAEMON_JSON,
        remedy="Remove that key and restart the engine",
    )


def _flag_problem(flag: Flag, keys: set[str]) -> BunkerError | None:
    if flag.key == "config-file":
        why = f"lets the engine read another file than {DAEMON_JSON}"
    elif flag.key in _DEFEATS_FIREWALL:
        why = "lets published ports go around the firewall"
    elif flag.key in keys:
        why = f"collides with the same setting in {DAEMON_JSON}: the engine would not start"
    elif flag.key in _MOVES_DATA:
        why = "decides where the engine's data are"
    else:
        return None
    remedy = "Remove it there, then run `sudo systemctl daemon-reload` and " + _START_AGAIN
    if flag.where == _RUNNING:
        remedy = f"It was started with it; run {_START_AGAIN}"
    elif flag.key in _MOVES_DATA:
        remedy = "Remove it there; what it is for goes into `docker.daemon` of the host's file"
    return BunkerError(f"the flag {flag.text} {why}", where=flag.where, remedy=remedy)


def _default_options(lines: Sequence[str]) -> list[str]:
    try:
        # The last assignment counts; systemd takes the quotes away, as a shell does.
        value = " ".join(shlex.split(lines[-1])) if lines else ""
    except ValueError:
        value = lines[-1].strip("\"'")
    return value.split()


def _flags(words: Sequence[str], where: str) -> list[Flag]:
    found = []
    for position, word in enumerate(words):
        if not word.startswith("-"):
            continue
        name, equals, _value = word.lstrip("-").partition("=")
        if name in _OF_THE_UNIT:
            continue
        following = words[position + 1] if position + 1 < len(words) else ""
        bare = not equals and following and not following.startswith(("-", "$"))
        text = f"{word} {following}" if bare else word
        found.append(Flag(_FLAG_KEYS.get(name, name), text, where))
    return found
