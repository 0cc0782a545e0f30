"""Proof that the operator can still get in: a fresh login on every endpoint that is to be valid."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pyinfra import logger
from pyinfra.api import FunctionCommand
from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import ConnectError
from pyinfra.connectors.ssh import SSHConnector
from pyinfra.connectors.sshuserclient.client import get_host_keys

from bunker.host_keys import known_hosts_entry
from bunker.ops.step import AS_ROOT
from bunker.shell import script_file, with_variables

_REVERTING = Path(__file__).parent / "scripts" / "reverting.sh"

RETRIES: Final = 1
"""One lost connection is no lockout. The host's timer sets the limit: pyinfra waits 10 s each."""


def _log_in_again(state: Any, host: Any, component: str, ports: Sequence[int]) -> bool:
    """Open a second SSH session beside the one in use, and use sudo in it; on every port.

    The session that is in use proves nothing: it outlives a firewall or an sshd that would
    refuse the next one.
    """
    if not isinstance(host.connector, SSHConnector):
        return True  # a connector without SSH (the fake one) has no login to lose
    if all(_can_log_in(state, host, port) for port in ports or (_port_in_use(host),)):
        return True
    # The timer on the host would do the same a little later; the open session is quicker.
    revert = with_variables(script_file(_REVERTING) + "put_back\n", NAME=component)
    try:
        done, _output = host.run_shell_command(StringCommand(revert), **AS_ROOT, _timeout=60)
    except (OSError, EOFError) as error:
        logger.error(f"{host.print_prefix}the open session is gone too: {error}")
        done = False
    if done:
        logger.error(f"{host.print_prefix}{component} is put back as it was")
    else:
        logger.error(f"{host.print_prefix}the host's own timer puts {component} back as it was")
    return False


def _can_log_in(state: Any, host: Any, port: int) -> bool:
    probe = SSHConnector(state, host)
    probe.data = {**probe.data, "ssh_port": port, "ssh_connect_retries": RETRIES}
    _expect_same_keys(probe.data, _port_in_use(host))
    try:
        probe.connect()
        answered, _output = probe.run_shell_command(StringCommand("sudo -n true"), _timeout=20)
        if not answered:
            logger.error(f"{host.print_prefix}the fresh login works, but sudo does not")
        return bool(answered)
    except (ConnectError, OSError, EOFError) as error:
        logger.error(f"{host.print_prefix}no fresh login is possible on port {port}: {error}")
        return False
    finally:
        client = getattr(probe, "client", None)
        if client is not None:
            client.close()


def _port_in_use(host: Any) -> int:
    return int(host.data.get("ssh_port") or 22)


def _expect_same_keys(data: Any, port_in_use: int) -> None:
    """sshd shows the same keys on every port; the file of pinned keys may not name a new one yet.

    Only this process's copy of that file is completed.
    """
    file, address = data["ssh_known_hosts_file"], data["ssh_hostname"]
    if not file or not address:
        return
    pinned = get_host_keys((str(Path(file).expanduser()),))
    entry = known_hosts_entry(address, data["ssh_port"])
    if pinned.lookup(entry) is None:
        for kind, key in (pinned.lookup(known_hosts_entry(address, port_in_use)) or {}).items():
            pinned.add(entry, kind, key)


def fresh_login(component: str, ports: Sequence[int] = ()) -> FunctionCommand:
    """A command that reverts a component and fails where a new login does not work.

    ``ports`` are where it has to work; none means the port that is in use.
    """
    return FunctionCommand(_log_in_again, (component, tuple(ports)), {})
