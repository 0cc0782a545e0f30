"""Access of a host to the repository of one of its applications."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from bunker.application.layout import MAIN
from bunker.bundle import Bundle, BundleFile, Component
from bunker.fleet.models import Host
from bunker.masking import Secret


def source_component(host: Host, secrets: Mapping[str, Secret], home: str) -> Component:
    """Access to the application's repository: host keys, and a deploy key or a token.

    ``home`` is the login's on the host.
    """
    name = host.application.name
    # Those of the first one have stood under these names since before there could be others.
    suffix = "" if name == MAIN else f"-{name}"
    files = []
    absent = []
    keys = "".join(f"{line.strip()}\n" for line in host.application.repository_host_keys)
    files.append(
        BundleFile(
            f"{home}/.ssh/{name}_known_hosts",
            keys.encode(),
            mode=0o600,
            owner=host.user,
        )
    )
    key_path = f"{home}/.ssh/{name}_deploy_key"
    if deploy_key := secrets.get("DEPLOY_KEY"):
        content = (deploy_key.reveal().rstrip("\n") + "\n").encode()
        files.append(BundleFile(key_path, content, 0o600, host.user, secret=True))
    else:
        absent.append(key_path)
    token_path = f"{home}/.config/bunker/git-credentials{suffix}"
    if token := secrets.get("GIT_TOKEN"):
        content = _credentials(host.application.repository, token).encode()
        files.append(BundleFile(token_path, content, 0o600, host.user, secret=True))
    else:
        absent.append(token_path)
    folders = f"{home}/.ssh {home}/.config {home}/.config/bunker"
    return Component(
        bundle=Bundle(f"source{suffix}", tuple(files), tuple(absent)),
        validate=None,
        activate=f"install -d -m 0700 {folders}\nchown {host.user}: {folders}",
        check=None,
    )


def _credentials(repository: str, token: Secret) -> str:
    """A line of git's credential store; user and token are percent-encoded as git reads them."""
    parts = urlsplit(repository)
    user = quote(parts.username or "git", safe="")
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{user}:{quote(token.reveal(), safe='')}@{host}{port}\n"
