"""A host's lasting state as text, so that two hosts, or two moments of one, can be compared."""

from __future__ import annotations

from tests.lab.fleet_under_test import FleetUnderTest

APP = "/var/lib/bunker/apps/changemaker"
"""State of the application on its host."""

# Made anew on every host, or by programs that keep time: they say nothing about a deploy.
IGNORED = (
    "/etc/ssh/ssh_host_*",
    "/etc/ssh/lab-identity",
    "/etc/machine-id",
    "/etc/host*",
    "/etc/resolv.conf",
    "/etc/*.cache",
    "/etc/*-",
    "/etc/.pwd.lock",
    "/etc/docker/key.json",
    "/etc/ssl/*",
    "/etc/mtab",
)
_FILES = """
find /etc /home /opt/changemaker-lite -xdev -name .git -prune -o \\( {ignored} \\) -prune \\
  -o \\( -type f -o -type l \\) -print0 | sort -z | while IFS= read -r -d '' path; do
  if [ -L "$path" ]; then echo "$path -> $(readlink "$path")"; continue; fi
  echo "$path $(stat -c '%a %U %G' "$path") $(sha256sum < "$path" | cut -c1-16)"
done
"""
_REST = """
echo '== bunker'; (cd /var/lib/bunker && find . -type f ! -name lock ! -name '*.json' \\
  ! -path './apps/*/snapshots/*' | sort)
echo '== applied'; grep -r . /var/lib/bunker/applied /var/lib/bunker/apps/changemaker/applied | sort
echo '== generations'
cat /var/lib/bunker/apps/changemaker/generations/*.json \\
  | sed 's/"time": "[^"]*", "run": "[^"]*", //; s/"backup": [^,]*, //; s/"images".*//'
echo '== timers'; systemctl list-units --all --no-legend 'bunker-revert-*' 'bunker-deadman*' | cat
echo '== packages'; dpkg-query -W -f='${db:Status-Status} ${Package}\\n' | sort
echo '== containers'
docker ps -a --format '{{.Label "com.docker.compose.service"}} {{.State}} {{.Names}}' | sort
echo '== checkout'; git -c safe.directory='*' -C /opt/changemaker-lite rev-parse HEAD
git -c safe.directory='*' -C /opt/changemaker-lite status --porcelain
"""


def lasting_state(fleet: FleetUnderTest, name: str) -> dict[str, str]:
    """Files, packages, containers, generations and marks of a host, by part."""
    ignored = " -o ".join(f"-path '{pattern}'" for pattern in IGNORED)
    script = "bash <<'SCRIPT'\n" + _FILES.format(ignored=ignored) + _REST + "SCRIPT\n"
    parts: dict[str, list[str]] = {"files": []}
    current = parts["files"]
    for line in fleet.on(name, script).splitlines():
        if line.startswith("== "):
            current = parts.setdefault(line[3:], [])
        else:
            current.append(line)
    return {part: "\n".join(lines) for part, lines in parts.items()}


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Lines that only one of two states has; empty when the states are the same."""
    found = []
    for part in sorted(before.keys() | after.keys()):
        old, new = (set(state.get(part, "").splitlines()) for state in (before, after))
        found += [f"{part}: - {line}" for line in sorted(old - new)]
        found += [f"{part}: + {line}" for line in sorted(new - old)]
    return found


def started(fleet: FleetUnderTest, name: str) -> dict[str, str]:
    """When each container of a host was started, by service."""
    rows = fleet.on(
        name,
        "docker ps -q | xargs -r docker inspect --format "
        "'{{index .Config.Labels \"com.docker.compose.service\"}} {{.State.StartedAt}}'",
    )
    return dict(row.split(" ", 1) for row in rows.splitlines())
