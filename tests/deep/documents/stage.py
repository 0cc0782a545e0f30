"""What the documents speak of, for real: servers, a git server, operators.

`north.example.org` is a lab host. Stand-ins: the lab's git server answers for
`https://git.example.org` (git's own `insteadOf` on both sides: there is no such name, and no
certificate for it), the lab's registry for the public one.
"""

from __future__ import annotations

import os
import shutil
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bunker.lab import parts
from bunker.lab.keys import key_pair
from bunker.lab.models import HTTP_USER, LabState
from tests.deep.documents.control_machine import ControlMachine, copy_checkout
from tests.lab.machinery.lab_under_test import LabUnderTest

ADDRESS = "203.0.113.10"
"""Of `north` on the pages (RFC 5737); the lab has another, and pages are read with that."""
NAME = "documents"
GIT = "https://git.example.org/"
PROGRAM = "bunker-ops"
"""Folder of the checkout in a control machine's home."""

REPOSITORY = """
application = {
    "repository": "https://git.example.org/changemaker-lite.git",
    "ref": "v2",
    "directory": "/opt/changemaker-lite",
}
"""
"""What First server says to write into group_data/changemaker.py."""


class Stage:
    """The lab of the pages."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lab = LabUnderTest(root, NAME)

    @property
    def state(self) -> LabState:
        """The lab as it is."""
        return self.lab.state()

    def fresh(self, name: str, *, login: bool = True) -> str:
        """A server as a provider hands it over; its address. Without ``login`` root is alone."""
        if name in {host.name for host in self.state.hosts}:
            self.lab.remove_host(name)
        address = self.lab.add_host(name).address
        container, content = self.lab.naming.container(name), self._git_server.encode()
        parts.put_files(self.lab.engine(), container, [("/etc/gitconfig", content, 0o644, 0)])
        if not login:
            self.console(name, "userdel --remove deploy; rm /etc/sudoers.d/deploy")
        return address

    def console(self, name: str, script: str) -> str:
        """Run a script as root on a server, as on its provider's console."""
        container = self.lab.naming.container(name)
        done = self.lab.engine().attempt(container, "/bin/sh", "-c", script, seconds=120)
        assert not done.returncode, f"{script}: {done.stdout}{done.stderr}"
        return done.stdout

    def let_in(self, name: str, public: str) -> None:
        """Let this key log in as `deploy`, as the provider does with the key it was given."""
        self.console(name, f"echo '{public}' >> /home/deploy/.ssh/authorized_keys")

    def fingerprint(self, name: str) -> str:
        """What the server's own console says of its host key."""
        return self.console(name, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]

    @property
    def _git_server(self) -> str:
        state = self.state
        login = f"{HTTP_USER}:{state.git_token_file.read_text().strip()}"
        header = f"Authorization: Basic {b64encode(login.encode()).decode()}"
        here = f"http://{state.git_address}/"
        return f'[url "{here}"]\n\tinsteadOf = {GIT}\n[http "{here}"]\n\textraHeader = {header}\n'

    @contextmanager
    def operator(self, name: str) -> Iterator[Operator]:
        """A control machine as a new operator has it: an SSH key, a name in git, a checkout."""
        home = self.root / "homes" / name
        shutil.rmtree(home, ignore_errors=True)
        (home / ".ssh").mkdir(parents=True, mode=0o700)
        _, public = key_pair(home / ".ssh", "id_ed25519")
        (home / ".gitconfig").write_text(
            "[user]\n\tname = Anna\n\temail = anna@example.org\n"
            f"[init]\n\tdefaultBranch = main\n{self._git_server}"
        )
        copy_checkout(home / PROGRAM)
        hosts = {host.name: host.address for host in self.state.hosts}
        names = {f"{host}.example.org": address for host, address in hosts.items()}
        shell = ControlMachine(home, {**names, "git.example.org": self.state.git_address})
        if "north" in hosts:
            shell.called[ADDRESS] = hosts["north"]
        try:
            yield Operator(shell, public.strip(), self)
        finally:
            shell.end()


class Operator:
    """Whoever follows the pages."""

    def __init__(self, machine: ControlMachine, public: str, stage: Stage) -> None:
        self.machine = machine
        self.public = public
        self.stage = stage
        self.fleet = machine.home / "our-fleet"

    def at_home(self) -> None:
        """Say in the new fleet where the lab has images from."""
        state = self.stage.state
        with (self.fleet / "group_data/all.py").open("a") as file:
            file.write(
                f"docker = {{\n    'registry_mirrors': ['{state.registry_mirror}'],\n"
                f"    'insecure_registries': ['{state.registry_address}'],\n}}\n"
            )
        self.machine.run("git -C ~/our-fleet commit --quiet --all -m 'Where images come from'")

    def settings(self, text: str) -> None:
        """What the fleet's settings say from now on."""
        (self.fleet / "inventories/production/fleet.settings.yaml").write_text(text)


@contextmanager
def stage(root: Path) -> Iterator[Stage]:
    """The lab while the pages are walked through."""
    made = Stage(root)
    lab = made.lab
    lab.up([])
    try:
        yield made
    finally:
        if not os.environ.get("BUNKER_KEEP_TEST_LAB"):
            lab.down()
