"""Container logs of one instance, streamed through the redaction of its secrets."""

import io
import shlex
import subprocess
from collections.abc import Callable, Collection
from typing import Final

from bunker.answers import MARK
from bunker.errors import BunkerError
from bunker.fleet import Host
from bunker.masking import Redactor
from bunker.openssh import start
from bunker.printable import without_sequences
from bunker.remote import Remote
from bunker.shell import as_root
from bunker.suggest import perhaps

BEGIN: Final = f"{MARK} logs"
SERVICES: Final = f"{MARK} services "
NOT_DEPLOYED: Final = 66
NO_SUCH_SERVICE: Final = 67
SSH_FAILED: Final = 255
KEPT_LINES: Final = 5


def logs_script(host: Host, service: str, lines: int, *, follow: bool) -> str:
    """The remote command. A follower ends as soon as its input does: with us, or the connection."""
    application = host.application
    words = ["docker", "compose", "-p", application.project, "logs", "--no-color"]
    words += ["--tail", str(lines), *(["--follow"] if follow else [])]
    words += ["--", service] if service else []
    command = shlex.join(words)
    directory = shlex.quote(application.directory)
    absent = f"echo 'nothing is deployed in {application.directory}' >&2; exit {NOT_DEPLOYED}"
    start = f"cd {directory} 2>/dev/null || {{ {absent}; }}\n"
    start += _known(application.project, service) if service else ""
    start += f"echo '{BEGIN}'\n"
    if not follow:
        return f"{start}exec {command} 2>&1 </dev/null\n"
    return (
        f"{start}exec 3<&0\n{command} 2>&1 </dev/null &\nlogs=$!\n"
        f'(cat >/dev/null; kill "$logs" 2>/dev/null) <&3 &\nwaiter=$!\n'
        f'wait "$logs"; code=$?\nkill "$waiter" 2>/dev/null\nexit "$code"\n'
    )


def stream_logs(
    remote: Remote,
    redact: Redactor,
    write: Callable[[str], None],
    *,
    fleet: str,
    service: str = "",
    lines: int = 100,
    follow: bool = False,
) -> None:
    """Write every line, redacted, as it arrives. Ctrl-C ends a follower without an error.

    ``fleet`` is named in the command that a message suggests. Raises BunkerError where
    there is no such service or nothing is deployed, and Unreachable.
    """
    _check(service, lines)
    script = logs_script(remote.host, service, lines, follow=follow)
    command = remote.command(as_root(script))
    begun = False
    last: list[str] = []
    with start(command, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None  # noqa: S101 - asked for a pipe
        try:
            for raw in io.TextIOWrapper(process.stdout, "utf-8", "replace"):
                line = without_sequences(raw.rstrip("\r\n"))
                if begun:
                    write(redact(line))
                begun = begun or line == BEGIN
                last = [*last, redact(line)][-KEPT_LINES:]
            code = process.wait()
        except BaseException as stopped:
            process.kill()  # with the connection the remote command ends
            if follow and isinstance(stopped, KeyboardInterrupt):
                return
            raise
    if code:
        _explain(remote, fleet, code, service, last)


def _known(project: str, service: str) -> str:
    """Ends the script with the services there are, where the wanted one is none of them."""
    names = [
        *("docker", "ps", "-a", "--filter", f"label=com.docker.compose.project={project}"),
        *("--filter", "label=com.docker.compose.oneoff=False"),
        *("--format", '{{.Label "com.docker.compose.service"}}'),
    ]
    return (
        f"known=$({shlex.join(names)} 2>/dev/null </dev/null | sort -u)\n"
        f'[ -z "$known" ] || printf "%s\\n" "$known" | grep -qxF -- {shlex.quote(service)} || '
        f"{{ echo '{SERVICES}'$known; exit {NO_SUCH_SERVICE}; }}\n"
    )


def _check(service: str, lines: int) -> None:
    if lines < 1:
        raise BunkerError(f"{lines} lines cannot be shown", where="--lines", expected="1 or more")
    if service.startswith("-"):
        raise BunkerError(f"{service!r} is not a service", where="--service")


def _explain(remote: Remote, fleet: str, code: int, service: str, last: list[str]) -> None:
    said = last[-1] if last else "no message"
    if code == SSH_FAILED:
        remote.run("true")  # raises Unreachable with the reason, unless it was only a moment
        raise BunkerError(
            "the connection was lost", where=remote.host.name, remedy="Run the same command again"
        )
    if code == NO_SUCH_SERVICE and said.startswith(SERVICES):
        raise _no_service(remote.host, service, said.removeprefix(SERVICES).split())
    if "no such service" in said:
        raise _no_service(remote.host, service, ())
    chosen = f"--fleet {fleet} --host {remote.host.name}"
    if code == NOT_DEPLOYED:
        remedy = f"Deploy the instance first: invoke deploy {chosen}"
        raise BunkerError(said, where=remote.host.name, remedy=remedy)
    remedy = f"Look at the host with: invoke ssh {chosen}"
    raise BunkerError(f"the logs cannot be read: {said}", where=remote.host.name, remedy=remedy)


def _no_service(host: Host, service: str, known: Collection[str]) -> BunkerError:
    near = perhaps(service, known)
    names = f"It has: {', '.join(sorted(known))}" if known else "It has no container yet"
    problem = f"the instance has no service {service!r}"
    return BunkerError(problem, where=host.name, remedy=f"{near}. {names}" if near else names)
