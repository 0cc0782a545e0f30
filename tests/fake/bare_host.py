"""Answers of a bare Debian 13 host to every fact, for pyinfra's fake connector."""

from typing import Any

from bunker.fleet.models import Host

OS_RELEASE = [
    'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"',
    "ID=debian",
    'VERSION_ID="13"',
    "VERSION_CODENAME=trixie",
]
RESPONSES: dict[str, list[str]] = {
    "dpkg-query": [
        "@@bunker os",
        *OS_RELEASE,
        "@@bunker packages",
        "installed sudo 1.9.16",
        "installed openssh-server 1:10.0p1",
        "@@bunker audit",
        "@@bunker daemon.json",
        "@@bunker dockerd",
        "@@bunker default",
        "@@bunker started",
        "inactive",
        "@@bunker snap",
        "@@bunker firewalld",
        "@@bunker rules",
        "@@bunker docker-group",
        "800",
        "@@bunker login",
        "passwd deploy:x:1000:1000::/home/deploy:/bin/bash",
        "group deploy",
        "expires ",
        "today 20000",
        "home deploy 755",
        "@@bunker sshd",
        "644 /etc/ssh/sshd_config",
        "|Include /etc/ssh/sshd_config.d/*.conf",
        "@@bunker listening",
        "port 22",
        "@@bunker people",
        "@@bunker surroundings",
        "@@bunker end",
    ],
    "'@@bunker install'": ["@@bunker install", "@@bunker manual", "@@bunker end"],
    "'@@bunker applied'": [
        "@@bunker files",
        "@@bunker applied",
        "@@bunker checks",
        "@@bunker end",
    ],
    "'@@bunker engine'": [
        "@@bunker place",
        "real /opt/changemaker-lite",
        "kind absent",
        "@@bunker engine",
        "@@bunker containers",
        "@@bunker migrated",
        "@@bunker built",
        "@@bunker seed",
        "@@bunker generation",
        "@@bunker layout",
        "state /var/lib/bunker/apps/changemaker/state",
        "snapshots /var/lib/bunker/apps/changemaker/snapshots",
        "@@bunker end",
    ],
}
COMMIT = "c" * 40


def fake_host(number: int) -> Host:
    """A host of a fake fleet, as its file would describe it."""
    return Host(
        name=f"host-{number:03d}",
        address=f"10.77.{number // 250}.{number % 250 + 1}",
        domain=f"host-{number:03d}.fleet.example",
        groups=("changemaker",),
        application={"repository": "git@git.example:changemaker-lite.git"},
    )


def fake_request(hosts: list[Host], delay: float = 0.0) -> dict[str, Any]:
    """A whole-host request over the fake connector; commands take ``delay`` seconds."""
    from bunker.application.table import SECRET_SPECS

    secrets = {spec.key: "f" * spec.length for spec in SECRET_SPECS if spec.generated}
    return {
        "run_id": "bench",
        "deploy": "deploys.whole_host:whole_host",
        "fingerprint_key": "00" * 32,
        "hosts": [
            {
                "name": host.name,
                "connector": "@fake",
                "data": {
                    **host.model_dump(mode="json"),
                    "fake_delay": delay,
                    "fake_delay_jitter": 0,
                    "fake_responses": RESPONSES,
                },
                "secrets": secrets,
                "commits": {"changemaker": COMMIT},
            }
            for host in hosts
        ],
    }
