"""What an instance runs right now: commit, services, containers, marks of an unfinished change."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyinfra.api import FactBase

from bunker.ops.facts import MARK, sections


@dataclass(frozen=True)
class Container:
    """One container of the instance's Compose project."""

    service: str
    state: str
    health: str

    @property
    def fine(self) -> bool:
        """Running, and not known to be sick. A health check that still starts is not a fault."""
        return self.state == "running" and self.health != "unhealthy"


@dataclass(frozen=True)
class InstanceState:
    """An instance as its host describes it; empty parts mean that nothing is there yet."""

    engine: str
    head: str
    edited: tuple[str, ...]
    compose_text: str
    services: tuple[str, ...]
    containers: tuple[Container, ...]
    migrated_commit: str
    built_commit: str
    seed_pending: bool
    generation: Mapping[str, Any] | None
    token: str = ""
    """Changes when the host goes back by itself: newest generation and attempts to go back."""
    armed: bool = False
    """Whether an upgrade was begun that has neither ended nor gone back."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Services that should run and have no container that is fine."""
        fine = {container.service for container in self.containers if container.fine}
        return tuple(service for service in self.services if service not in fine)


def _health(status: str) -> str:
    for word in ("unhealthy", "healthy", "starting"):
        if f"({word})" in status or f"health: {word}" in status:
            return word
    return "none"


class Instance(FactBase[InstanceState]):
    """One remote command for everything that the changemaker role decides on."""

    def command(self, directory: str, project: str) -> str:  # type: ignore[override]
        return f"""
cd {shlex.quote(directory)} 2>/dev/null || cd /
git() {{ command git -c safe.directory="$PWD" "$@"; }}
echo '{MARK} engine'
if command -v docker >/dev/null; then
  docker version --format '{{{{.Server.Version}}}}' 2>/dev/null || true
fi
if [ "$PWD" != / ] && [ -d .git ]; then
  echo '{MARK} head'; git rev-parse --verify -q HEAD || true
  echo '{MARK} edited'
  if git rev-parse --verify -q HEAD >/dev/null; then
    git --no-optional-locks status --porcelain --untracked-files=no
  fi
  if [ -f docker-compose.yml ]; then
    echo '{MARK} compose'; base64 < docker-compose.yml
    echo '{MARK} services'
    if [ -f .env ] && command -v docker >/dev/null; then
      docker compose -p {shlex.quote(project)} config --services 2>/dev/null || true
    fi
  fi
fi
echo '{MARK} containers'
if command -v docker >/dev/null; then
  docker ps -a --filter label=com.docker.compose.project={shlex.quote(project)} \
    --filter label=com.docker.compose.oneoff=False \
    --format '{{{{.Label "com.docker.compose.service"}}}} {{{{.State}}}} {{{{.Status}}}}' \
    2>/dev/null || true
fi
echo '{MARK} migrated'; cat /var/lib/bunker/changemaker/migrated 2>/dev/null || true
echo '{MARK} built'; cat /var/lib/bunker/changemaker/built 2>/dev/null || true
echo '{MARK} seed'; [ ! -e /var/lib/bunker/changemaker/seed-pending ] || echo yes
echo '{MARK} armed'; [ ! -e /var/lib/bunker/upgrade/from ] || echo yes
echo '{MARK} generation'
cat "$(ls -1 /var/lib/bunker/generations/*.json 2>/dev/null | tail -n 1)" 2>/dev/null || true
echo '{MARK} token'
last=$(ls -1 /var/lib/bunker/generations/*.json 2>/dev/null | tail -n 1)
attempts=$(cat /var/lib/bunker/upgrade/attempts 2>/dev/null || echo 0)
echo "$(basename "${{last:-none}}" .json)-$attempts"
echo '{MARK} end'
"""

    def process(self, output: list[str]) -> InstanceState:
        found = sections(output)

        def first(name: str) -> str:
            return next((line.strip() for line in found.get(name, ()) if line.strip()), "")

        containers = []
        for line in found["containers"]:
            service, state, status = ([*line.split(" ", 2), "", ""])[:3]
            containers.append(Container(service, state, _health(status)))
        generation = "\n".join(found["generation"]).strip()
        return InstanceState(
            engine=first("engine"),
            head=first("head"),
            edited=tuple(line for line in found.get("edited", ()) if line.strip()),
            compose_text=base64.b64decode("".join(found.get("compose", ()))).decode(),
            services=tuple(sorted(line for line in found.get("services", ()) if line)),
            containers=tuple(sorted(containers, key=lambda container: container.service)),
            migrated_commit=first("migrated"),
            built_commit=first("built"),
            seed_pending=first("seed") == "yes",
            generation=json.loads(generation) if generation else None,
            token=first("token"),
            armed=first("armed") == "yes",
        )
