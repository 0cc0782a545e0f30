"""Looking for secrets in every place where one could have ended up, in any spelling."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

from tests.lab.fleet_under_test import FleetUnderTest

LARGEST = 20_000_000
COMMON = ("-----", "b3BlbnNzaC1rZXktdjE")
"""Beginnings of lines that are the same in everybody's private keys."""


class Needles:
    """Values by name. Spelled out here anew, so that a fault of the product's own list shows."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.by_spelling: dict[str, str] = {}
        for name, value in values.items():
            lines = [line for line in value.splitlines() if line and not line.startswith(COMMON)]
            for line in lines:
                for spelling in spellings(line):
                    self.by_spelling[spelling] = name

    def within(self, text: str, where: str) -> set[tuple[str, str]]:
        """(name, where) of every value that the text holds."""
        return {(name, where) for spelling, name in self.by_spelling.items() if spelling in text}


def spellings(value: str) -> set[str]:
    """The value as it is, percent-encoded, and in base64 wherever it begins."""
    found = {value, quote(value, safe=""), quote(value), quote_plus(value)}
    raw = value.encode()
    for shift in range(3):
        text = base64.b64encode(b"x" * shift + raw).decode()
        # What the bytes before and after the value have a part in is cut off.
        found.add(text[(0, 2, 3)[shift] : (shift + len(raw)) * 8 // 6])
    return found


class ProcessWatch:
    """Collects the arguments of every process of this machine while it is open."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._collect)

    def __enter__(self) -> ProcessWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _collect(self) -> None:
        while not self._stop.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue  # it has ended
            time.sleep(0.05)


def files_since(start: float, folders: Iterable[Path]) -> list[Path]:
    """Files that were written after a point in time; each folder's own file system only."""
    listed: list[Path] = []
    for folder in folders:
        command = ["find", str(folder), "-xdev", "-type", "f", "-newermt", f"@{start}"]
        done = subprocess.run(
            [*command, "-size", f"-{LARGEST}c", "-print0"], capture_output=True, check=False
        )
        listed += [Path(name) for name in os.fsdecode(done.stdout).split("\0") if name]
    return listed


WATCH = """
mkdir -m 0700 -p /run/watch
cat > /run/watch/loop <<'END'
while :; do ps -eo args; sleep 0.1; done | awk '!seen[$0]++ { print; fflush() }'
END
systemd-run --quiet --unit=argument-watch sh -c 'exec sh /run/watch/loop > /run/watch/arguments'
"""

# Prints "kind<TAB>detail" for each place on the host that holds one of the lines of the list.
SEARCH = r"""
set -u
list=/run/watch/needles
mkdir -m 0700 -p /run/watch
( umask 077; base64 -d > "$list" <<'END'
@LIST@
END
)
find / /var/lib/docker /run /tmp -xdev -type f -size -20000k ! -path '/run/watch/*' \
  ! -path '/proc/*' ! -path '/sys/*' -print0 2>/dev/null \
  | sort -zu | xargs -0 grep -laFf "$list" 2>/dev/null | while read -r file; do
    readable=no
    setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$file" && readable=yes
    printf 'file\t%s %s %s\n' "$(stat -c %a "$file")" "$readable" "$file"
  done
match() { grep -aoFf "$list" | sort -u | sed "s|^|$1\t|"; }
[ ! -e /run/watch/arguments ] || match arguments < /run/watch/arguments
journalctl --no-pager --output=export 2>/dev/null | match journal
if command -v docker >/dev/null; then
  docker ps -aq | while read -r id; do docker logs "$id" 2>&1 </dev/null; done | match logs
  docker images -q | sort -u | while read -r id; do
    docker image inspect "$id" </dev/null; docker history --no-trunc "$id" </dev/null
  done | match images
fi
rm -f "$list"
"""


def search_host(fleet: FleetUnderTest, host: str, needles: Needles) -> list[tuple[str, str]]:
    """(kind, detail): files with mode and whether anybody may read them; what else holds one."""
    listed = base64.encodebytes("\n".join(needles.by_spelling).encode()).decode()
    answer = fleet.on(host, SEARCH.replace("@LIST@", listed.strip()))
    rows = [line.split("\t", 1) for line in answer.splitlines()]
    return [(kind, detail) for kind, detail in rows]
