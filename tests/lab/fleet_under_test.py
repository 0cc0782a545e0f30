"""A fleet of lab hosts as tests use it: the real command line, the real hosts, nothing patched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunker.fleet.host_file import write_host_file
from bunker.lab.fleet import deploy_key, host_data, operator_key, write_fleet
from bunker.lab.models import LabState
from bunker.product import CODE as CHECKOUT
from bunker.secrets import create_host_secrets, read_host_secrets, vault_path
from tests.lab.machinery.lab_under_test import LabUnderTest

NAME = "lab"
DEPLOYED = "deployed"
"""Snapshot of the host north after a whole deploy."""


@dataclass(frozen=True)
class Ran:
    """A finished command of ours."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Everything that it printed."""
        return self.stdout + self.stderr

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Events of one kind from a command that ran with --json."""
        rows = [json.loads(line) for line in self.stdout.splitlines() if line.startswith("{")]
        return [row for row in rows if row.get("event") == kind]


class FleetUnderTest:
    """One lab with a root of its own: inventory, keys and secrets are apart from the checkout's."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lab = LabUnderTest(root, NAME)
        for folder in ("inventories", "group_data"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        for name in ("inventories/lab.py", "inventories/ssh_config"):
            shutil.copy(CHECKOUT / name, root / name)
        for file in (CHECKOUT / "group_data").glob("*.py"):
            shutil.copy(file, root / "group_data" / file.name)
        if not (root / "deploys").exists():
            (root / "deploys").symlink_to(CHECKOUT / "deploys")

    # The fleet's files

    @property
    def state(self) -> LabState:
        """The lab as it is."""
        return self.lab.state()

    @property
    def folder(self) -> Path:
        """Where the host files and vaults are."""
        return self.root / "inventories" / NAME

    def write(self) -> None:
        """Bring the fleet's files up to date with the lab's hosts."""
        private, public = deploy_key(self.state)
        self.lab.git.authorize(public)
        write_fleet(self.root, self.state, deploy_key=private)

    def configure(self, name: str, data: Mapping[str, Any]) -> None:
        """Set keys of a host's file."""
        write_host_file(self.folder / f"{name}.yml", data)

    def original(self, name: str) -> dict[str, Any]:
        """What the host's file said at first."""
        return host_data(self.state, self.state.host(name))

    def reset(self, name: str) -> None:
        """Put the host's file back to what it said at first."""
        (self.folder / f"{name}.yml").unlink(missing_ok=True)
        self.write()

    # Hosts

    def bare(self, name: str, base: str = "debian:trixie") -> None:
        """A fresh host of that name, and its files; an older one of the name is removed."""
        self.remove(name)
        self.lab.add_host(name, base)
        self.reset(name)

    def keep_deployed(self, name: str) -> None:
        """Take the snapshot of a deployed host, with the secrets that its database knows."""
        if DEPLOYED in self.lab.snapshots():
            self.lab.remove_snapshot(DEPLOYED)
        self.lab.snapshot(name, DEPLOYED)
        self.kept.mkdir(exist_ok=True)
        shutil.copy(vault_path(self.folder, name), vault_path(self.kept, "north"))

    @property
    def kept(self) -> Path:
        """Where the secrets of the snapshot are."""
        return self.root / DEPLOYED

    def pristine(self, name: str = "north") -> None:
        """The deployed host as the snapshot has it, with the host file of that time."""
        if name in {host.name for host in self.state.hosts}:
            self.lab.remove_host(name)
        self.lab.clone(DEPLOYED, name)
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(vault_path(self.kept, "north"), vault_path(self.folder, name))
        self.reset(name)
        self.settled(name)

    def settled(self, name: str) -> None:
        """Wait until every container of a host that was just started has passed its check."""
        self.on(
            name,
            "for i in $(seq 300); do rows=$(docker ps -a --format '{{.Status}}'); "
            '[ -n "$rows" ] && ! echo "$rows" | grep -qv \'(healthy)\' && exit 0; '
            "sleep 0.2; done; docker ps -a; exit 1",
        )

    def deployed_as(self, name: str) -> None:
        """Another deployed host: north's snapshot under its own name, address and domain.

        Its database came with the snapshot, so its vault gets the same secrets. The next deploy
        gives the instance its own domain.
        """
        self.remove(name)
        self.lab.clone(DEPLOYED, name)
        key = operator_key(self.root, NAME)
        same = read_host_secrets(self.kept, "north", key_file=key)
        create_host_secrets(self.folder, name, overrides=same, key_file=key)
        self.reset(name)

    def remove(self, name: str) -> None:
        """Remove a host and its files."""
        if name in {host.name for host in self.state.hosts}:
            self.lab.remove_host(name)
            self.write()

    def on(self, name: str, script: str, *, check: bool = True) -> str:
        """Run a script as root on a host; its output."""
        command = [*self.lab.ssh_command(name), "sudo -n sh -s"]
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise AssertionError(f"on {name}: {script!r} failed: {done.stdout}{done.stderr}")
        return done.stdout

    def console(self, name: str, script: str) -> str:
        """Run a script as root on a host past its network, as on a provider's console."""
        container = self.lab.naming.container(name)
        done = self.lab.engine().attempt(container, "/bin/sh", "-c", script, seconds=120)
        if done.returncode:
            raise AssertionError(f"on {name}: {script!r} failed: {done.stdout}{done.stderr}")
        return done.stdout

    # Commands

    @property
    def environment(self) -> dict[str, str]:
        """Environment of our commands: this fleet, its keys, no terminal."""
        return {
            **os.environ,
            "BUNKER_ROOT": str(self.root),
            "BUNKER_FLEET": NAME,
            "BUNKER_AGE_KEY_FILE": str(operator_key(self.root, NAME)),
            "PYTHONPATH": str(CHECKOUT),
        }

    def start(self, *words: str, given: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """Start `invoke …` in a session of its own, as a shell would; ``given`` is its stdin."""
        return subprocess.Popen(
            [sys.executable, "-m", "invoke", *words],
            cwd=CHECKOUT,
            env=self.environment,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def invoke(self, *words: str, expect: int | None = 0, timeout: float = 600) -> Ran:
        """Run `invoke …`; another exit code than expected fails the test with what it printed."""
        process = self.start(*words)
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        ran = Ran(process.returncode, stdout, stderr)
        if expect is not None and ran.code != expect:
            raise AssertionError(f"invoke {' '.join(words)} ended with {ran.code}:\n{ran.text}")
        return ran

    def deploy(self, *names: str, more: tuple[str, ...] = (), expect: int | None = 0) -> Ran:
        """`invoke deploy --yes --json` of the named hosts."""
        selection = [word for name in names for word in ("--host", name)]
        return self.invoke("deploy", *selection, "--yes", "--json", *more, expect=expect)

    def pyinfra(self, *words: str) -> Ran:
        """pyinfra's own command line over this fleet, from the fleet's root."""
        done = subprocess.run(
            [sys.executable, "-m", "pyinfra", *words],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)
