"""The lab as a fleet: host files, secrets and pinned host keys, made from what the lab says.

Everything is generated below ``inventories/<lab>/`` and ``.lab/``, which git ignores.
"""

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from bunker import secrets
from bunker.fleet.host_file import write_host_file
from bunker.lab import keys
from bunker.lab.models import LabHost, LabState
from bunker.masking import Secret
from bunker.secrets import vault_path

KEY_VARIABLE = "BUNKER_AGE_KEY_FILE"
DOMAIN = "lab.example"


def operator_key(root: Path, lab: str = "lab") -> Path:
    """Where the lab's operator key lies: a lab's secrets never use a real operator's key."""
    return root / ".lab" / lab / "operator.age"


def use_lab_keys(root: Path, lab: str = "lab") -> None:
    """Let this process open the lab's secrets, whatever key the operator uses for real fleets."""
    key = operator_key(root, lab)
    if key.exists():
        os.environ[KEY_VARIABLE] = str(key)


def host_data(state: LabState, host: LabHost, **more: Any) -> dict[str, Any]:
    """What a lab host's file says. ``more`` overrides whole keys."""
    return {
        "host": host.name,
        "address": host.address,
        "port": host.port,
        "user": host.user,
        "domain": f"{host.name}.{DOMAIN}",
        "tier": 1,
        "groups": ["changemaker"],
        "base": {"authorized_keys": [state.public_key]},
        "docker": {
            "registry_mirrors": [state.registry_mirror],
            "insecure_registries": [state.registry_address],
        },
        "application": {
            "repository": state.git_ssh_url,
            "repository_host_keys": list(state.git_known_hosts),
            "ref": "v2",
        },
        **more,
    }


def write_fleet(root: Path, state: LabState, *, deploy_key: str) -> Path:
    """Make or bring up to date the lab's fleet; lab hosts that are gone lose their files.

    Files that another operator added to the folder stay.
    ``deploy_key`` is the private key that the git server accepts. Returns the fleet's folder.
    """
    folder = root / "inventories" / state.name
    key = operator_key(root, state.name)
    if not key.exists() and folder.exists():
        # Vaults of a lab whose key is gone open with no key; those of others are kept aside.
        ours = {*written_hosts(root, state.name), *(host.name for host in state.hosts)}
        remove_fleet(root, state.name, ours)
        for vault in folder.glob("*.sops.yml"):
            vault.rename(vault.with_name(f"{vault.name}.key-is-gone"))
        (folder / ".sops.yaml").unlink(missing_ok=True)
    if not (folder / ".sops.yaml").exists():
        secrets.init(folder, key_file=key)
    names = {host.name for host in state.hosts}
    _forget(folder, written_hosts(root, state.name) - names)
    record = _record(root, state.name)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text("".join(f"{name}\n" for name in sorted(names)))
    for host in state.hosts:
        path = folder / f"{host.name}.yml"
        if path.exists():
            write_host_file(path, {"address": host.address, "port": host.port})
        else:
            write_host_file(path, host_data(state, host))
        if not secrets.vault_path(folder, host.name).exists():
            given = {"DEPLOY_KEY": Secret(deploy_key)}
            secrets.create_host_secrets(folder, host.name, overrides=given, key_file=key)
    (folder / "known_hosts").write_text(state.known_hosts.read_text())
    return folder


def remove_fleet(root: Path, lab: str, hosts: Collection[str]) -> None:
    """Remove what :func:`write_fleet` made for these hosts; the whole folder if no other is left.

    ``hosts`` is what :func:`written_hosts` said before the lab's own folder went.
    """
    folder = root / "inventories" / lab
    _forget(folder, hosts)
    if not any(path for path in folder.glob("*.yml") if not path.name.startswith(".")):
        shutil.rmtree(folder, ignore_errors=True)


def written_hosts(root: Path, lab: str) -> set[str]:
    """The hosts whose files the lab wrote. Other files in its fleet are not its to remove."""
    record = _record(root, lab)
    return set(record.read_text().split()) if record.exists() else set()


def deploy_key(state: LabState) -> tuple[str, str]:
    """A key pair for reading the sample application's repository: (private, public)."""
    private, public = keys.key_pair(state.private_key.parent, "deploy_key")
    return private.read_text(), public


def _record(root: Path, lab: str) -> Path:
    return root / ".lab" / lab / "written-hosts"


def _forget(folder: Path, hosts: Collection[str]) -> None:
    for name in hosts:
        (folder / f"{name}.yml").unlink(missing_ok=True)
        vault_path(folder, name).unlink(missing_ok=True)
