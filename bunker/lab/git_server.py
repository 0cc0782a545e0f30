"""The git server: one repository over SSH (deploy keys) and over HTTP (a token)."""

import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bunker.errors import BunkerError
from bunker.lab import keys, parts, wait
from bunker.lab.engine import Engine
from bunker.lab.models import HTTP_USER, REPOSITORY
from bunker.lab.names import Naming
from bunker.lab.parts import LabNetwork, Part

START_SECONDS = 20.0
AUTHORIZED = "/home/git/.ssh/authorized_keys"
USERS = "/etc/lighttpd/users"
USER_ID = 1000  # as lab/images/git makes the user


@dataclass(frozen=True)
class GitServer:
    """The lab's git server. Its token stands in ``token_file`` (mode 0600)."""

    engine: Engine
    naming: Naming
    address: str
    token_file: Path

    @property
    def container(self) -> str:
        return self.naming.container("git")

    def ensure(
        self, network: LabNetwork, image: str, found: dict[str, object] | None, login_key: str
    ) -> tuple[tuple[str, ...], bool]:
        """Make it run with the token and the login key set; its host key lines, and whether new."""
        part = Part(
            name=self.container,
            hostname="git",
            image=image,
            address=self.address,
            labels=(("part", "git"),),
            host_config={"RestartPolicy": {"Name": "unless-stopped"}, "Init": True},
        )
        made = parts.ensure(self.engine, self.naming, network, part, found)
        for port, greeting in ((22, b"SSH-"), (80, b"")):
            wait.for_port(
                self.address, port, "the git server", seconds=START_SECONDS, greeting=greeting
            )
        if made or not self.token_file.exists():
            self._set_token()
        if made:
            self.authorize(login_key)
        public = self.engine.execute(self.container, "cat", "/etc/ssh/ssh_host_ed25519_key.pub")
        return keys.known_hosts_lines((self.address,), public), made

    def authorize(self, public_key: str) -> None:
        """Let the holder of this key read and write the repository over SSH."""
        line = public_key.strip()
        if "\n" in line or not line.startswith(("ssh-", "ecdsa-", "sk-")):
            raise BunkerError("not a public SSH key", expected="one line that begins with its type")
        script = 'grep -qxF "$2" "$1" || printf "%s\\n" "$2" >> "$1"'
        self._shell(script, AUTHORIZED, f"restrict {line}")

    def publish(self, bare: Path) -> None:
        """Replace the repository's content with that of a bare repository on this machine."""
        if not (bare / "HEAD").exists():
            raise BunkerError("not a bare git repository", where=str(bare))
        packed = subprocess.run(
            ["tar", "-C", str(bare), "-c", "."], capture_output=True, check=True, timeout=120
        )
        place = f"/srv/git/{REPOSITORY}"
        self._shell('rm -rf "$1.new" "$1.old" && mkdir "$1.new"', place)
        self.engine.put_archive(self.container, f"{place}.new", packed.stdout)
        script = (
            'set -e; chown -R git:git "$1.new"; if [ -e "$1" ]; then mv "$1" "$1.old"; fi; '
            'mv "$1.new" "$1"; rm -rf "$1.old"'
        )
        self._shell(script, place)

    def _set_token(self) -> None:
        if not self.token_file.exists():
            self.token_file.touch(mode=0o600)
            self.token_file.write_text(f"{secrets.token_urlsafe(24)}\n")
        # As a file: arguments of a process are there for everybody to read.
        users = f"{HTTP_USER}:{self.token_file.read_text().strip()}\n"
        parts.put_files(self.engine, self.container, [(USERS, users.encode(), 0o400, USER_ID)])

    def _shell(self, script: str, *arguments: str) -> None:
        self.engine.execute(self.container, "/bin/sh", "-c", script, "sh", *arguments)
