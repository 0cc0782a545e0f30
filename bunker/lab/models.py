"""What the lab tells others about itself, and the file that keeps it."""

import json
from dataclasses import dataclass
from pathlib import Path

from bunker.errors import BunkerError
from bunker.files import read_json, write_atomically
from bunker.json_form import JsonForm
from bunker.lab import keys

REPOSITORY = "changemaker-lite.git"
HTTP_USER = "git"
TOKEN_FILE = "git-token"  # noqa: S105 - a name


@dataclass(frozen=True)
class LabHost:
    """One host of the lab and how to reach it. ``host_keys`` are its known_hosts lines."""

    name: str
    address: str
    base: str
    port: int = 22
    user: str = "deploy"
    host_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class HostStatus:
    """A host as the engine and its systemd see it now.

    ``state`` is the container's (running, exited, restarting, ...), ``system_state`` the answer of
    ``systemctl is-system-running`` or "" where nothing answers.
    """

    name: str
    address: str
    port: int
    base: str
    state: str
    system_state: str


@dataclass(frozen=True)
class LabState(JsonForm):
    """A lab that is up: its hosts and the services beside them.

    ``registry_mirror`` goes into a host's daemon.json, its ``registry_address`` (host:port) into
    the insecure registries beside it. ``git_known_hosts`` are the pinned lines of the git server.
    """

    name: str
    subnet: str
    hosts: tuple[LabHost, ...]
    registry_address: str
    git_address: str
    git_known_hosts: tuple[str, ...]
    public_key: str
    folder: Path

    @property
    def registry_mirror(self) -> str:
        return f"http://{self.registry_address}"

    @property
    def git_ssh_url(self) -> str:
        """The repository's URL for those whose key was authorized."""
        return f"ssh://git@{self.git_address}/srv/git/{REPOSITORY}"

    @property
    def git_http_url(self) -> str:
        """The repository's URL for HTTP_USER with the token (basic authentication)."""
        return f"http://{self.git_address}/{REPOSITORY}"

    @property
    def git_token_file(self) -> Path:
        """The git server's token (mode 0600)."""
        return self.folder / TOKEN_FILE

    @property
    def private_key(self) -> Path:
        """The key that logs in to the hosts and the git server."""
        return self.folder / keys.KEY_FILE

    @property
    def known_hosts(self) -> Path:
        """The pinned keys of the hosts and the git server."""
        return self.folder / "known_hosts"

    def host(self, name: str) -> LabHost:
        """The host of that name; a BunkerError listing the hosts otherwise."""
        for host in self.hosts:
            if host.name == name:
                return host
        there = ", ".join(host.name for host in self.hosts) or "none"
        raise BunkerError(f"the lab has no host {name!r}", expected=f"one of: {there}")


def save(state: LabState, path: Path) -> None:
    """Write the state (mode 0600), atomically; the folder is wherever the file is."""
    write_atomically(path, (json.dumps(state.to_json(), indent=2) + "\n").encode())


def load(path: Path) -> LabState | None:
    """The saved state, or None where the lab was never up or is down."""
    try:
        return LabState.from_json({**read_json(path), "folder": path.parent})
    except FileNotFoundError:
        return None
    except (BunkerError, TypeError, ValueError) as error:
        reason = error.problem if isinstance(error, BunkerError) else "parts of it are missing"
        raise BunkerError(
            f"the lab's record cannot be read ({reason})",
            where=str(path),
            remedy="Run `invoke lab.up` again: it rebuilds the record from what runs",
        ) from None
