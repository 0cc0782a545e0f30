"""What a host is, as text: taken before and after a command that must not change anything."""

from __future__ import annotations

import difflib

from tests.lab.fleet_under_test import FleetUnderTest

# Left out: package lists, which apt's own timer refreshes, and what the engine keeps below
# /var/lib/docker, which is described by its own commands.
SCRIPT = r"""
set -u
export LC_ALL=C
places="/etc /opt /home /root /usr/local /var/spool/cron"
[ ! -d /var/lib/bunker ] || places="$places /var/lib/bunker"
find $places -xdev -printf '%p %y %#m %u:%g %s %T@ -> %l\n' | sort
find $places -xdev -type f -print0 | sort -z | xargs -0 sha256sum
for path in /tmp /var/tmp; do
  find $path -xdev ! -path '*systemd-private*' ! -name 'runc-process*' \
    -printf '%p %y %m %u:%g\n' | sort
done
dpkg-query -W -f='package ${Package} ${Version} ${db:Status-Status}\n'
systemctl list-unit-files --no-legend --no-pager --state=enabled,disabled,masked | sort
echo "timezone $(readlink -f /etc/localtime)"
sysctl -a 2>/dev/null | grep -E '^(kernel\.(kptr|dmesg|yama|sysrq)|net\.ipv[46]\.conf|fs\.)' \
  | grep -vE '\.(br-|veth)|fs\.(dentry|file-nr|inode|quota|aio-nr|binfmt|mount)' | sort
command -v ufw >/dev/null && ufw status verbose
command -v iptables-save >/dev/null && iptables-save | grep -v '^#' | sed 's/ \[[0-9]*:[0-9]*\]$//'
if command -v docker >/dev/null; then
  docker ps -aq --no-trunc | sort | xargs -r docker inspect \
    --format 'container {{.Id}} {{.Name}} {{.State.Status}} {{.State.StartedAt}} {{.RestartCount}}'
  docker images -a --no-trunc --format 'image {{.ID}} {{.Repository}}:{{.Tag}}' | sort
  docker volume ls --format 'volume {{.Name}}' | sort
  docker network ls --no-trunc --format 'network {{.ID}} {{.Name}}' | sort
fi
exit 0
"""


def fingerprint(fleet: FleetUnderTest, host: str) -> list[str]:
    """Files with content, mode, owner and time; packages, units, firewall, containers, images."""
    lines = fleet.on(host, SCRIPT).splitlines()
    assert len(lines) > 500, "a fingerprint of a host has more lines than this"
    return lines


def changes_between(before: list[str], after: list[str]) -> list[str]:
    """The lines that came or went; none where nothing changed."""
    compared = difflib.unified_diff(before, after, lineterm="", n=0)
    return [line for line in compared if not line.startswith(("---", "+++", "@@"))]
