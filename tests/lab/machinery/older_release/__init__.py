"""A host as the release left it that knew no names of applications.

``deadman`` and the units beside this file are that release's own, as it put them on hosts.
"""

from __future__ import annotations

import base64
from pathlib import Path

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.host_state import APP

_FOLDER = Path(__file__).parent
RETURN = "/var/lib/bunker/older-release-ran"
"""There once that release's own rollback has begun."""

_PLACES = f"""
set -e
mv {APP}/generations /var/lib/bunker/generations
mv {APP}/state /var/lib/bunker/changemaker
for name in snapshots upgrade; do [ ! -e {APP}/$name ] || mv {APP}/$name /var/lib/bunker/$name; done
[ ! -e {APP}/applied ] || mv {APP}/applied /var/lib/bunker/applied/changemaker
"""
_ARMED = f"""
systemctl disable -q --now bunker-deadman-changemaker.timer
rm /etc/systemd/system/bunker-deadman-changemaker.*
systemctl daemon-reload
upgrade=/var/lib/bunker/upgrade
rm $upgrade/undo $upgrade/deadman.*
echo 'touch {RETURN}' > $upgrade/return
[ ! -e /run/bunker/probe-changemaker ] || mv /run/bunker/probe-changemaker /run/bunker/probe
"""
_SET = """
cp $upgrade/bunker-deadman.* /etc/systemd/system/
systemctl daemon-reload
systemctl enable -q bunker-deadman.timer
systemctl start bunker-deadman.timer
"""
_REST = f"rmdir {APP} /var/lib/bunker/apps\n"


def as_before(fleet: FleetUnderTest, host: str) -> None:
    """Put the state of a deployed host back to where that release had it."""
    fleet.on(host, _PLACES + _REST)


def armed_as_before(fleet: FleetUnderTest, host: str) -> None:
    """The same for a host in the middle of an upgrade, with that release's dead-man's switch."""
    files = "".join(
        f"echo {base64.b64encode(path.read_bytes()).decode()} | base64 -d > $upgrade/{path.name}\n"
        for path in _FOLDER.iterdir()
        if path.name == "deadman" or path.suffix in (".service", ".timer")
    )
    # Held, so that this release's switch does not fire in between.
    hold = "exec 9>/var/lib/bunker/lock; flock 9\n"
    fleet.on(host, hold + _PLACES + _ARMED + files + _REST + _SET)
