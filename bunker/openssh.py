"""The one owner of OpenSSH's programs: how they run, and what is said where they are missing."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

from bunker.errors import BunkerError
from bunker.masking import Secret


def no_client(program: str) -> BunkerError:
    """The error for a machine without the OpenSSH client."""
    remedy = "Install the OpenSSH client (Debian and Ubuntu: openssh-client)"
    return BunkerError(f"the program {program} is not on this machine", remedy=remedy)


def run(
    words: Sequence[str],
    given: bytes = b"",
    *,
    timeout: float | None,
    environment: Mapping[str, str] | None = None,
    prompts: bool = False,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end; with ``prompts`` what it says on standard error reaches people.

    Raises BunkerError where it is missing, and TimeoutError.
    """
    try:
        return subprocess.run(
            words,
            input=given,
            stdout=subprocess.PIPE,
            stderr=None if prompts else subprocess.PIPE,
            timeout=timeout,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    except FileNotFoundError:
        raise no_client(words[0]) from None


def start(
    words: Sequence[str], *, stderr: IO[bytes] | int, apart: bool = False
) -> subprocess.Popen[bytes]:
    """Start a program that is spoken to over unbuffered pipes; ``apart``: Ctrl-C is not for it."""
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            bufsize=0,
            start_new_session=apart,
        )
    except FileNotFoundError:
        raise no_client(words[0]) from None


@contextmanager
def agent(key: Secret, socket: str, remedy: str) -> Iterator[None]:
    """An ssh-agent with one private key, which it gets over standard input, at a socket.

    Raises BunkerError with the ``remedy`` where the key cannot be read.
    """
    with start(["ssh-agent", "-D", "-a", socket], stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - a pipe
            process.stdout.readline()  # it prints its socket once it listens
            text = key.reveal().rstrip("\n") + "\n"
            known = {**os.environ, "SSH_AUTH_SOCK": socket}
            if run(["ssh-add", "-q", "-"], text.encode(), timeout=20, environment=known).returncode:
                raise BunkerError(
                    "the deploy key cannot be read",
                    where="DEPLOY_KEY in the host's secrets",
                    expected="a private key in OpenSSH format, without a passphrase",
                    remedy=remedy,
                )
            yield
        finally:
            process.terminate()
