"""Hosts: containers that boot like a server and are reached over SSH like one."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunker.errors import BunkerError
from bunker.lab import flags, keys, parts, wait
from bunker.lab.engine import Engine
from bunker.lab.models import HostStatus, LabHost
from bunker.lab.names import LABEL_BASE, LABEL_HOST, Naming
from bunker.lab.parts import LabNetwork, Part
from bunker.lab.progress import progress
from bunker.lab.recipes import LOGIN, VARIANTS

FIRST_ADDRESS, LAST_ADDRESS = 11, 199
BOOT_SECONDS = 60.0
DEPLOY_USER_ID = 1000  # as lab/images/host makes the user
BOOTED = ("running", "degraded")

# One look at a host: systemd's state, whether sshd serves, its public host keys. It waits there
# for the boot to end: every look from outside costs as much processor time as a tenth of a boot.
LOOK = (
    "timeout 10 systemctl is-system-running --wait >/dev/null 2>&1; systemctl is-system-running; "
    "systemctl is-active --quiet ssh.service || systemctl is-active --quiet ssh.socket "
    "&& echo sshd-active; cat /etc/ssh/ssh_host_*_key.pub"
)


@dataclass(frozen=True)
class Wanted:
    """A host as it is to be: its name, base, the image it is made from, and its address."""

    name: str
    base: str
    image: str
    address: str


@dataclass(frozen=True)
class Hosts:
    """Makes, finds and looks at the hosts of one lab."""

    engine: Engine
    naming: Naming
    key_folder: Path

    def found(self, containers: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """The hosts among the lab's containers, by host name."""
        named = {parts.label_of(item, LABEL_HOST): item for item in containers.values()}
        return {name: item for name, item in named.items() if name}

    def assign(
        self, names: list[str], found: dict[str, dict[str, Any]], network: LabNetwork
    ) -> dict[str, str]:
        """An address for each name: what an existing host has, else the next free one."""
        taken = {name: parts.address_of(item, network.name) for name, item in found.items()}
        free = (
            address
            for address in map(network.address, range(FIRST_ADDRESS, LAST_ADDRESS + 1))
            if address not in taken.values()
        )
        try:
            return {name: taken.get(name) or next(free) for name in names}
        except StopIteration:
            raise BunkerError(f"no free address left in {network.subnet}") from None

    def ensure(
        self,
        wanted: Wanted,
        network: LabNetwork,
        found: dict[str, Any] | None,
    ) -> LabHost:
        """Make the host run and wait until it has booted and answers over SSH."""
        name = wanted.name
        volume = self.naming.docker_volume(name)
        if found and parts.state_of(found) in parts.NEVER_STARTED:
            self.engine.remove(self.naming.container(name))
            found = None
        if not found or parts.state_of(found) != "running":
            progress(f"starting {name} ({wanted.base})")
        if not found:
            self.make_volume(name)
        version = self.engine.cgroup_version
        config = flags.host_config(version, flags.read_missing_capabilities())
        part = Part(
            name=self.naming.container(name),
            hostname=name,
            image=wanted.image,
            address=wanted.address,
            labels=(("part", "host"), ("host", name), ("base", wanted.base)),
            host_config={**config, "Binds": [*config["Binds"], f"{volume}:/var/lib/docker"]},
            environment=("container=docker",),
            command=tuple(flags.init_command(version)),
        )
        made = parts.ensure(
            self.engine,
            self.naming,
            network,
            part,
            found,
            files=self.identity(wanted.base),
            keep=True,
        )
        public_keys = self.wait_until_booted(part.name)
        if made:
            what = f"sshd of {name}"
            wait.for_port(wanted.address, 22, what, seconds=BOOT_SECONDS, greeting=b"SSH-")
        pinned = keys.known_hosts_lines((wanted.address, name), public_keys)
        base = parts.label_of(found, LABEL_BASE) if found and not made else wanted.base
        user = VARIANTS.get(base, LOGIN).user
        return LabHost(name, wanted.address, base, user=user, host_keys=pinned)

    def wait_until_booted(self, container: str) -> str:
        """Wait for systemd and sshd; the text of the host's public key files."""
        last = ""

        def look() -> str | None:
            nonlocal last
            result = self.engine.attempt(container, "/bin/sh", "-c", LOOK)
            last = result.stdout or result.stderr
            lines = last.splitlines()
            ready = lines and lines[0] in BOOTED and "sshd-active" in lines
            return last if ready else None

        return wait.until(
            look,
            seconds=BOOT_SECONDS,
            every=0.2,
            what=f"the boot of {container}",
            explain=lambda: last.strip().partition("\n")[0] or "no answer",
        )

    def status(self, name: str, container: dict[str, Any], network: str) -> HostStatus:
        """How the host is now."""
        state = parts.state_of(container)
        system = ""
        if state == "running":
            run = ("systemctl", "is-system-running")
            system = self.engine.attempt(container["Id"], *run, seconds=10).stdout.strip()
        base = parts.label_of(container, LABEL_BASE)
        return HostStatus(name, parts.address_of(container, network), 22, base, state, system)

    def make_volume(self, name: str) -> None:
        """An empty volume for the host's engine, whatever a removed host of this name left."""
        volume = self.naming.docker_volume(name)
        self.engine.drop_volume(volume)
        self.engine.create_volume(volume, labels=self.naming.labels(host=name))

    def identity(self, base: str) -> list[tuple[str, bytes, int, int]]:
        """The files by which a host is itself: path, content, mode, owner id."""
        login = f"{keys.key_pair(self.key_folder)[1]}\n".encode()
        home = VARIANTS.get(base, LOGIN).home
        return [
            ("/etc/machine-id", f"{uuid.uuid4().hex}\n".encode(), 0o444, 0),
            # Names no host, so that the first boot makes sshd's keys anew.
            ("/etc/ssh/lab-identity", b"\n", 0o644, 0),
            (f"{home}/.ssh/authorized_keys", login, 0o600, DEPLOY_USER_ID),
        ]
