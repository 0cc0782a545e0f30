"""Packages: what is missing is installed in one go; an interrupted dpkg is mended first."""

from __future__ import annotations

from collections.abc import Sequence

from bunker.ops.changing import changing
from bunker.ops.facts import SystemState
from bunker.ops.recorder import RECORDER
from bunker.ops.step import shell, step
from bunker.plan.changes import Change

_INSTALL = """\
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
apt() {
  apt-get -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@" \
    </dev/null 9>&-
}
dpkg --configure -a --force-confold </dev/null 9>&-
# Lists older than an hour, or none, are fetched; a mirror that answers badly gets a second try.
if [ -z "$(find /var/lib/apt/lists -name '*_Packages*' -mmin -60 2>/dev/null | head -n 1)" ] \
  || [ -n "$(find /etc/apt -name '*.sources' -newer /var/lib/apt/lists 2>/dev/null)" ]; then
  apt update || { sleep 3; apt update; }
fi
apt install --yes --no-install-recommends $PACKAGES
"""


def install_packages(role: str, wanted: Sequence[str], system: SystemState) -> bool:
    """Declare the installation of missing packages; tells whether any is missing."""
    missing = [name for name in wanted if name not in system.packages]
    recording = RECORDER.current()
    recording.observed.append([role, "packages", missing, system.half_installed])
    recording.wanted.append([role, "packages", list(wanted)])
    if not missing and not system.half_installed:
        return False
    summary = f"{len(missing)} package{'s' * (len(missing) != 1)} to install"
    if system.half_installed:
        summary += "; an interrupted installation is finished first"
    RECORDER.change(Change(role, "packages", "+", summary, tuple(f"+ {n}" for n in missing)))
    script = changing(_INSTALL, PACKAGES=" ".join(missing))
    step(f"{role}: packages", [shell(script)])
    return True
