"""`python -m bunker`: what is done where there is no tasks.py, or no time to load it.

`init DIR` makes a fleet's own repository. `complete -- WORDS` is what shells ask at a key press.
"""

import sys

USAGE = "usage: python -m bunker init DIR   (makes a fleet's own repository)"


def main(words: list[str]) -> int:
    """Run one command; the process's exit code."""
    match words:
        case ["complete", "--", *rest]:
            return _complete(rest)
        case ["init", _, *_]:
            return _init(words[1:])
    from bunker.terminal.output import tell

    tell(USAGE)
    return 1


def _complete(words: list[str]) -> int:
    from bunker.completion.offer import offer
    from bunker.terminal.output import say

    if found := offer(words):
        say("\n".join(found))
    return 0


def _init(words: list[str]) -> int:
    from invoke.program import Program

    from bunker.tasks import namespace

    asked = {"--help", "-h"} & set(words)
    command = ["--help", "fleet.init"] if asked else ["fleet.init", *words]
    Program(namespace=namespace, name="invoke").run(["invoke", *command])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
