"""What the change of a host is made from, as a fingerprint that is the same on every machine.

Whoever approves a run approves these. A host whose inputs moved since is not changed by that run.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from bunker.fleet import Fleet
from bunker.product import CODE, folder
from bunker.workflows.request import DeployRequest, Target

_PROGRAM: Final = ("bunker", "deploys")
_FLEET: Final = ("deploys", "templates", "files", "group_data")


def fingerprints(
    request: DeployRequest, fleet: Fleet, targets: Iterable[Target]
) -> Mapping[str, str]:
    """By host, SHA-256 over its file with all defaults, what the run adds to that, its commit, its
    encrypted secrets as they stand in the repository, and the program and roles that apply them.
    """
    code = _code(fleet.root)
    found = {}
    for target in targets:
        host = target.host
        vault = fleet.secrets_file(host.name) if request.work.needs_secrets else None
        material = {
            "host": host.model_dump(mode="json"),
            "pyinfra": fleet.pyinfra_data.get(host.name, {}),
            "role": request.work.role,
            "data": request.work.host_data,
            "tags": sorted(request.work.parts),
            "commits": dict(target.commits),
            "secrets": _digest(vault.read_bytes()) if vault and vault.exists() else "",
            "code": code,
        }
        text = json.dumps(material, sort_keys=True, default=str)
        found[host.name] = _digest(text.encode())
    return found


def _code(root: Path) -> str:
    """Of all files that decide what is done with these inputs."""
    program = {*(CODE / name for name in _PROGRAM), folder("templates"), folder("files")}
    files = sorted(
        path
        for place in program | {root / name for name in _FLEET}
        for path in place.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    rows = []
    for path in files:
        base = CODE if path.is_relative_to(CODE) else root
        rows.append(f"{path.relative_to(base)} {_digest(path.read_bytes())}")
    return _digest("\n".join(sorted(rows)).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
