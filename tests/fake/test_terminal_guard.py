"""Under pyinfra's own command line nothing printed shows a secret or steers the terminal."""

import subprocess
import sys
from pathlib import Path

from bunker.masking import MASK

ROOT = Path(__file__).parents[2]
SECRET = "canary+value/of=secret"
SCRIPT = """
import json, logging, sys
logging.basicConfig(level=logging.DEBUG)
import click
from pyinfra import logger
from pyinfra.api.output import echo, set_echo
from pyinfra_cli.log import setup_logging
from bunker.masking import Redactor, Secret
from bunker.ops.terminal_guard import guard_terminal
setup_logging(logging.DEBUG)
set_echo(click.echo)
redact = Redactor()
guard_terminal(redact)
guard_terminal(redact)
value = sys.stdin.read()
redact.add([Secret(value)])
print("1", value)
sys.stderr.writelines(["2 ", value])
click.echo(f"3 {value}", err=True)
click.secho(f"4 {value}", fg="red")
echo(f"5 {value}", err=True)
logger.info("6 %s", value)
logger.debug(f"7 {value}")
logging.getLogger("other").debug(f"8 {value}")
click.echo(json.dumps({"9": value}))
raise ValueError(f"10 {value}")
"""


def test_every_way_to_print_is_masked() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        input=SECRET,
        capture_output=True,
        text=True,
        check=False,
    )
    text = done.stdout + done.stderr
    assert SECRET not in text
    for number in range(1, 11):
        assert any(f"{number}{sep}{MASK}" in text for sep in (" ", '": "')), number


HOSTILE = "bad\x1b[2J\x1b]0;t\x07\x9b1A\u202e\b\r end"
ESCAPES = f"""
import sys
from bunker.masking import Redactor
from bunker.ops.terminal_guard import guard_terminal
guard_terminal(Redactor())
print({HOSTILE!r})
sys.stderr.write({HOSTILE!r} + "\\n")
sys.stderr.write("    | progress\\r")
sys.stderr.write("\\033[K")
sys.stderr.write("\\x1b[31mred\\x1b[0m\\n")
"""


def test_what_a_host_says_is_shown_and_colours_and_progress_are_pyinfras_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ESCAPES], cwd=ROOT, capture_output=True, check=True
    )
    shown = r"bad\x1b[2J\x1b]0;t\x07\x9b1A\u202e\x08\r end" + "\n"
    assert done.stdout.decode() == shown
    progress = "    | progress\r\x1b[K\x1b[31mred\x1b[0m\n"
    assert done.stderr.decode() == shown + progress
