"""Who does something, and with which command: what this machine says of itself."""

import os
import pwd
import re
import socket
import sys
from pathlib import Path

_WORD = re.compile(r"[a-z][a-z0-9_.-]*")


def operator() -> str:
    """``user@machine``; after `sudo` the person who called it, not root."""
    uid = os.getuid()
    user = os.environ.get("SUDO_USER", "") if uid == 0 else ""
    if not user:
        try:
            user = pwd.getpwuid(uid).pw_name
        except KeyError:
            user = f"uid-{uid}"
    return f"{user}@{socket.gethostname()}"


def purpose() -> str:
    """The command that is being run, by name: its arguments are not part of it."""
    program = Path(sys.argv[0] if sys.argv else "")
    name = program.parent.name if program.name == "__main__.py" else program.stem
    if name in ("invoke", "inv"):
        return next((word for word in sys.argv[1:] if _WORD.fullmatch(word)), name)
    return name or "python"
