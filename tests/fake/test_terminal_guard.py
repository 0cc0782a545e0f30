"""Under pyinfra's own command line nothing that it prints shows a secret, whoever prints it."""

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
