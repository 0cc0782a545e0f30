"""Building the POSIX shell text that is sent to hosts. Pure; hosts need nothing but `sh`."""

import shlex
from functools import cache
from pathlib import Path
from typing import Final

STATE_DIRECTORY: Final = "/var/lib/bunker"
"""Where Bunker keeps its own state on a host (root only)."""

RUN_DIRECTORY: Final = "/run/bunker"
"""What must not outlive a boot of the host, such as its lease (root only)."""

_FENCE: Final = Path(__file__).parent / "lease" / "fence.sh"

CLEAN_ENVIRONMENT: Final = (
    "/usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "
    "HOME=/root USER=root LOGNAME=root LC_ALL=C.UTF-8 DOCKER_HOST=unix:///var/run/docker.sock"
)
"""In front of a command: it gets this environment and no other.

The engine is named because root's own client may be set to another one (`docker context use`).
"""

CLEAN_SHELL: Final = f"{CLEAN_ENVIRONMENT} /bin/sh"
"""The shell of every script that runs as root on a host.

Nothing is inherited: sudo's PAM may read /etc/environment (as Ubuntu's does), and Compose would
take a left-over variable there for a value of ``.env``; a German host's programs would answer in
German.
"""

_FAILED_LINE: Final = """\
failed_line() {
  said=$(sh -eu -c "$1" </dev/null 2>&1 >/dev/null 9>&- | tail -n 1)
  if [ -z "$said" ]; then
    passed=0
    number=0
    while [ "$number" -lt "$(printf '%s\\n' "$1" | wc -l)" ]; do
      number=$((number + 1))
      part=$(printf '%s\\n' "$1" | head -n "$number")
      sh -n -c "$part" 2>/dev/null || continue
      sh -eu -c "$part" >/dev/null 2>&1 </dev/null 9>&- || break
      passed=$number
    done
    said=$(printf '%s\\n' "$1" | sed -n "$((passed + 1))s/^ *//p")
  fi
  printf '%s\\n' "$said" | cut -c 1-300
}
"""

SERIALISED: Final = """\
umask 077
install -d -m 0700 -o root -g root /var/lib/bunker /var/lib/bunker/applied
exec 9>/var/lib/bunker/lock
flock -w 600 9 || {
  echo 'another change of this host has been running for 10 minutes' >&2
  exit 75
}
"""
"""Prefix of every script that changes a host.

A controller that dies leaves its last remote command running; the next one waits for it here
instead of working beside it.
"""


def as_root(script: str) -> str:
    """The command by which a login user runs a script as root, in an environment of its own."""
    return f"sudo -n -- {CLEAN_SHELL} -c {shlex.quote(script)}"


def failed_line_function() -> str:
    """The shell function ``failed_line SNIPPET``: why a snippet that only reads fails.

    It prints the last thing that the snippet said about itself, else the line that failed. Which
    one is found by running the lines up to it: what `set -x` tells of a pipe is in another order
    each time, and a plan has to say the same each time.
    """
    return _FAILED_LINE


def with_variables(script: str, **variables: str | int) -> str:
    """The script with its variables assigned, quoted, in front of it.

    Units of the host run some of them as well, which inherit the host's language.
    """
    lines = [f"{name}={shlex.quote(str(value))}" for name, value in variables.items()]
    return "\n".join(["set -eu", "export LC_ALL=C.UTF-8", *lines, script.strip(), ""])


def changing(script: str, *, LEASE_RUN: str = "", **variables: str | int) -> str:  # noqa: N803
    """A script that changes the host: variables assigned, serialised with other changes.

    ``LEASE_RUN`` is the run that it belongs to: where another run holds the host's lease it
    changes nothing and exits 75. Roles use bunker.ops.context, which knows the run.
    """
    return with_variables(
        SERIALISED + script_file(_FENCE) + script, LEASE_RUN=LEASE_RUN, **variables
    )


@cache
def script_file(path: Path) -> str:
    """The text of a script that is kept as a file of its own, without its shebang line."""
    text = path.read_text()
    return text.split("\n", 1)[1] if text.startswith("#!") else text
