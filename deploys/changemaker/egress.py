"""What the instance's containers reach outside, beyond what containers of every host may."""

import re
from typing import Final
from urllib.parse import urlsplit

from bunker.fleet.models import Host

TUNNEL: Final = (
    ("udp", 51820, "WireGuard of the tunnel"),
    ("udp", 21820, "WireGuard of the tunnel's clients"),
)
_URLS: Final = {
    "BUNKER_OPS_REMOTE_WRITE_URL": "metrics to central",
    "PANGOLIN_API_URL": "the tunnel's API",
    "PANGOLIN_ENDPOINT": "the tunnel's endpoint",
    "BACKUP_S3_ENDPOINT": "backup storage",
}
"""Settings of the application that name a server outside, perhaps on a port of its own."""


def egress(host: Host) -> list[tuple[str, int, str]]:
    """Protocol, port and meaning, as the features and the environment of the host's file say."""
    rows = [*(TUNNEL if host.features.get("tunnel") else ())]
    smtp = host.environment.get("SMTP_PORT", "")
    if re.fullmatch(r"[1-9][0-9]{0,4}", smtp) and int(smtp) <= 65535:
        rows.append(("tcp", int(smtp), "SMTP as the environment says"))
    for key, meaning in _URLS.items():
        value = host.environment.get(key, "")
        try:
            port = urlsplit(value if "://" in value else f"//{value}").port
        except ValueError:  # the environment's own check says what is wrong with it
            continue
        if port:
            rows.append(("tcp", port, meaning))
    return rows
