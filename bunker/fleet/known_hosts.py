"""The fleet's known_hosts: whole lines added or removed for one address, the rest untouched."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from bunker.errors import BunkerError
from bunker.files import read_text, write_atomically
from bunker.host_keys import fingerprint, known_hosts_entry


def read_lines(path: Path, where: str = "") -> list[str]:
    """All lines; none where there is no file yet."""
    try:
        text = read_text(path, where=where)
    except FileNotFoundError:
        return []
    # Not splitlines(): ssh knows no other end of a line.
    return text.removesuffix("\n").split("\n") if text else []


def faults(path: Path, where: str) -> Iterator[BunkerError]:
    """Lines that are no host keys: one of them would make pyinfra drop the whole file."""
    try:
        lines = read_lines(path, where)
    except BunkerError as error:
        yield error
        return
    for number, line in enumerate(lines, 1):
        fields = line.split()
        if not fields or fields[0].startswith(("#", "@")):
            continue
        try:
            fingerprint(fields[2])
        except (IndexError, ValueError, BunkerError):
            yield BunkerError(
                "this is not a host key",
                where=f"{where}:{number}",
                expected="ADDRESS KIND KEY, as ssh-keyscan prints it",
                remedy="Remove the line",
            )


def lines_of(path: Path, address: str, port: int) -> list[str]:
    """The recorded keys of one server."""
    return [line for line in read_lines(path) if _belongs(line, known_hosts_entry(address, port))]


def record(path: Path, address: str, port: int, lines: Iterable[str]) -> None:
    """Make these lines the only keys of this server."""
    entry = known_hosts_entry(address, port)
    kept = [line for line in read_lines(path) if not _belongs(line, entry)]
    text = "".join(f"{line}\n" for line in (*kept, *lines))
    write_atomically(path, text.encode(), mode=0o644)


def forget(path: Path, address: str, port: int) -> bool:
    """Remove the keys of this server; whether there were any."""
    found = bool(lines_of(path, address, port))
    if found:
        record(path, address, port, ())
    return found


def _belongs(line: str, entry: str) -> bool:
    names = line.split(maxsplit=1)[0] if line.strip() and not line.startswith("#") else ""
    return entry in names.split(",")
