"""A reboot as a step: only where one is due, and over when the new boot lets the operator in."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pyinfra import logger
from pyinfra.api import FunctionCommand
from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import ConnectError
from pyinfra.connectors.ssh import SSHConnector

from bunker.answers import sections
from bunker.duration import describe_duration
from bunker.ops.step import AS_ROOT
from bunker.shell import script_file
from deploys.os_upgrade.state import REBOOT_SCRIPT, RebootState, read_reboot_state

PATIENCE_SECONDS: Final = 600
"""How long a host may take to come back; physical servers with much memory take minutes."""

PAUSE_SECONDS: Final = 1.0

SCHEDULE: Final = script_file(Path(__file__).parent / "scripts" / "reboot.sh")
"""Makes the host reboot shortly after it has ended."""

_LOGGED_IN: Final = "sudo -n systemctl is-active --quiet multi-user.target"
"""Early in a boot sshd answers already, while services are still being started."""


def reboot_and_wait(
    schedule: str, *, always: bool = False, patience: float = PATIENCE_SECONDS
) -> FunctionCommand:
    """A command that reboots a host where a reboot is due, or ``always``.

    ``schedule`` is the script that makes the host reboot shortly after it has ended. The command
    fails where no new boot lets the operator in (login, sudo, services started) within
    ``patience`` seconds. pyinfra's connection of the host goes on in the new boot.
    """
    return FunctionCommand(_reboot, (schedule, always, patience), {})


def _reboot(state: Any, host: Any, schedule: str, always: bool, patience: float) -> bool:
    if not isinstance(host.connector, SSHConnector):
        return True  # a connector without SSH (the fake one) has nothing to reboot
    before = _look(host.run_shell_command)
    if before is None:
        logger.error(f"{host.print_prefix}the host does not say which boot this is")
        return False
    if not (before.reasons or always):
        return True
    done, output = host.run_shell_command(
        StringCommand(schedule), **AS_ROOT, _timeout=700, print_output=False
    )
    if not done:
        for line in output.stderr_lines:
            logger.error(f"{host.print_prefix}{line}")
        return False
    _close(host.connector)
    return _wait(state, host, before, patience)


def _wait(state: Any, host: Any, before: RebootState, patience: float) -> bool:
    deadline = time.monotonic() + patience
    last = "no answer"
    while time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
        fresh = SSHConnector(state, host)
        fresh.data = {**fresh.data, "ssh_connect_retries": 0}
        keep = False
        try:
            fresh.connect()
            now = _look(fresh.run_shell_command)
            ready, _output = fresh.run_shell_command(StringCommand(_LOGGED_IN), _timeout=20)
            if now is None or now.boot == before.boot:
                last = "the old boot still answers" if now else "it answers, but sudo does not work"
            elif ready:
                keep = True
                host.connector.client = fresh.client
                return True
            else:
                last = "it is up again, but its services are still starting"
        except (ConnectError, OSError, EOFError) as error:
            last = str(error)
        except Exception as error:  # noqa: BLE001 - paramiko raises many kinds in mid-reboot
            last = f"{type(error).__name__}: {error}"
        finally:
            if not keep:
                _close(fresh)
    logger.error(
        f"{host.print_prefix}no new boot let us in within {describe_duration(patience)}"
        f" ({last}); look at the provider's console, then run the same command again"
    )
    return False


def _look(run: Callable[..., Any]) -> RebootState | None:
    answered, output = run(StringCommand(REBOOT_SCRIPT), **AS_ROOT, _timeout=30, print_output=False)
    if not answered:
        return None
    try:
        found = read_reboot_state(sections(output.stdout_lines))
    except (LookupError, ValueError):
        return None
    return found if found.boot else None


def _close(connector: Any) -> None:
    client = getattr(connector, "client", None)
    if client is not None:
        client.close()
