"""The one owner of the `git` program: it asks nothing, no hook redirects it, and it ends."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bunker.errors import BunkerError
from bunker.masking import Redactor

TIMEOUT_SECONDS = 60
_OF_THE_OPERATOR = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG_GLOBAL")
_MASK = Redactor()


class GitMissing(BunkerError):
    """This machine has no git."""


class GitFailed(BunkerError):
    """Git ended with an error: its own reason, without passwords in addresses."""


@dataclass(frozen=True)
class Git:
    """Git in one folder; ``where`` names in errors what it is asked about.

    The caller may itself be a hook or an alias, so no GIT_* variable that names a repository, an
    index or a program is handed on; ``environment`` is set on top. ``options`` go before commands.
    """

    folder: str | Path = "."
    where: str | None = None
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def run(
        self, *words: str, given: bytes = b"", timeout: float | None = TIMEOUT_SECONDS
    ) -> subprocess.CompletedProcess[bytes]:
        """How a command ended. Raises GitMissing, and BunkerError where it does not end in time."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GIT_") or name.startswith(_OF_THE_OPERATOR)
        }
        fixed = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "LC_ALL": "C"}
        try:
            return subprocess.run(
                ["git", "-C", str(self.folder), *self.options, *words],
                env={**kept, **fixed, **self.environment},
                input=given,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BunkerError(
                f"git did not answer within {timeout:.0f} seconds",
                where=self.where,
                remedy="Check the address and the network, then run the command again",
            ) from None
        except FileNotFoundError:
            remedy = "apt-get install git"
            raise GitMissing("git is not installed", where=self.where, remedy=remedy) from None

    def output(
        self, *words: str, given: bytes = b"", timeout: float | None = TIMEOUT_SECONDS
    ) -> bytes:
        """What a command printed. Raises as :meth:`run`, and GitFailed where it failed."""
        done = self.run(*words, given=given, timeout=timeout)
        if done.returncode != 0:
            raise GitFailed(why_failed(done), where=self.where)
        return done.stdout

    def line(self, *words: str) -> str:
        """The first line of what a command printed; empty where it failed."""
        done = self.run(*words)
        return os.fsdecode(done.stdout).strip() if done.returncode == 0 else ""


def why_failed(done: subprocess.CompletedProcess[bytes]) -> str:
    """Why git failed, from what it wrote: not the advice that it ends with.

    Where ssh or a hook ended it, their own sentence stands before git's.
    """
    said = (done.stderr or done.stdout).decode(errors="replace")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("Warning:", "hint:"))]
    end = next((i for i, line in enumerate(lines) if line.startswith("fatal:")), len(lines))
    telling = [line for line in lines[:end] if not set(line) <= set("@ ")] or lines[end : end + 1]
    return _MASK(telling[-1].removeprefix("fatal: ")) if telling else "no message"
