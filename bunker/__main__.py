"""`python -m bunker init DIR`: what can be done where there is no fleet, so no tasks.py, yet."""

from __future__ import annotations

import sys

from bunker.terminal.output import tell

USAGE = "usage: python -m bunker init DIR   (makes a fleet's own repository)"


def main(words: list[str]) -> int:
    """Run one command; the process's exit code."""
    if words[:1] != ["init"] or len(words) == 1:
        tell(USAGE)
        return 1
    from invoke.program import Program  # noqa: PLC0415 - completion loads none of it

    from bunker.tasks import namespace  # noqa: PLC0415

    asked = {"--help", "-h"} & set(words)
    command = ["--help", "fleet.init"] if asked else ["fleet.init", *words[1:]]
    Program(namespace=namespace, name="invoke").run(["invoke", *command])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
