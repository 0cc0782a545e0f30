"""A git server's repository and an instance's checkout, as the role's own scripts see them."""

from __future__ import annotations

import base64
import getpass
import os
import subprocess
from pathlib import Path

from bunker.application.layout import layout_function
from bunker.folder_source import commit_of
from bunker.ops.instance import Instance
from bunker.shell import script_file, with_variables
from deploys.changemaker.deploy import CHANGEMAKER

SCRIPTS = Path(__file__).parents[3] / "deploys/stack/scripts"
RUNUSER = '#!/bin/sh\nshift 2\n[ "$1" != -- ] || shift\nexec "$@"\n'


class Server:
    """An upstream repository with a history, and a folder that stands for a host's state."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.upstream = place / "upstream"
        self.directory = place / "instance"
        self.state = place / "state"
        self.state.mkdir()
        (place / "bin").mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(place),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER")
               for what in ("NAME", "EMAIL")},
        }  # fmt: skip
        if os.geteuid():
            # Only root may become somebody else; here the owner is who runs the test.
            shim = place / "bin" / "runuser"
            shim.write_text(RUNUSER)
            shim.chmod(0o755)
            self.environment["PATH"] = f"{place / 'bin'}:{self.environment['PATH']}"
        self.git(place, "init", "-q", "-b", "v2", str(self.upstream))
        for key in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
            self.git(self.upstream, "config", key, "true")
        self.commits = [self.commit(f"version {n}", {"a/file": f"{n}\n"}) for n in (1, 2, 3)]
        self.git(self.upstream, "tag", "v2.0.0", self.commits[0])

    def git(self, folder: Path, *words: str) -> str:
        """Run git in a folder; its output."""
        return self.run(["git", "-C", str(folder), *words]).strip()

    def run(self, command: list[str]) -> str:
        """Run a command; it has to work."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commit(self, message: str, files: dict[str, str]) -> str:
        """A commit of the upstream's branch."""
        for path, text in files.items():
            (self.upstream / path).parent.mkdir(parents=True, exist_ok=True)
            (self.upstream / path).write_text(text)
        self.git(self.upstream, "add", "-A")
        self.git(self.upstream, "commit", "-q", "-m", message)
        return self.git(self.upstream, "rev-parse", "HEAD")

    def clone(self, *options: str) -> None:
        """What somebody cloned by hand; over a protocol that can make it shallow."""
        self.run(["git", "clone", "-q", *options, self.address, str(self.directory)])

    @property
    def placed(self) -> str:
        """The files that are placed in the checkout."""
        return f"{self.directory}/.env {self.directory}/compose.bunker.yml"

    @property
    def address(self) -> str:
        """How the host reaches the upstream."""
        return f"file://{self.upstream}"

    def script(
        self, *names: str, commit: str = "", given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run scripts of the role as on a host. ``given`` is their standard input."""
        text = "".join(script_file(SCRIPTS / f"{name}.sh") for name in names)
        return self._shell(text, given, COMMIT=commit, REPOSITORY=self.address, CREDENTIALS="")

    def bring(self, files: Path) -> str:
        """Files of the fleet as a host gets them, laid out; their commit."""
        made = commit_of(files, f"files/{files.name}")
        code = base64.encodebytes(made.bundle).decode()
        done = self.script("git", "unbundle", commit=made.commit, given=code)
        assert done.returncode == 0, done.stderr
        self.lay_out(made.commit)
        return made.commit

    def fact(self) -> list[str]:
        """What the host says of the instance."""
        command = Instance().command(
            *("changemaker", str(self.directory), "no-such-project", getpass.getuser()),
            functions=CHANGEMAKER.scripts("database_state", "git"),
            placed=self.placed,
        )
        done = self._shell(command)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def _shell(
        self, text: str, given: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        text = (layout_function() + text).replace("/var/lib/bunker", str(self.state))
        text = text.replace("/run/bunker-code", str(self.place / "code"))
        script = with_variables(
            text.replace("put_files", ":"),
            APP_NAME="changemaker",
            DIRECTORY=str(self.directory),
            OWNER=getpass.getuser(),
            PLACED=self.placed,
            **variables,
        )
        return subprocess.run(
            ["sh", "-c", script],
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def fetch(self, commit: str) -> str:
        """Fetch a commit and lay it out; what was printed."""
        done = self.script("git", "fetch", commit=commit)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + self.lay_out(commit)

    def lay_out(self, commit: str) -> str:
        """Lay out a commit that is there; what was printed."""
        switch = script_file(SCRIPTS / "switch.sh").replace("base64 -d | tar -x -f - -C", ": #")
        text = "".join(script_file(SCRIPTS / f"{n}.sh") for n in ("before_switch", "git")) + switch
        laid = self._shell(text, COMMIT=commit)
        assert laid.returncode == 0, laid.stdout + laid.stderr
        assert self.git(self.directory, "rev-parse", "HEAD") == commit
        assert self.git(self.directory, "status", "--porcelain") == ""
        return laid.stdout
