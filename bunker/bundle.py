"""A component: files that are validated, placed and activated together, and how to tell they are.

Pure: nothing here speaks to a host. ``bunker.ops`` compares bundles with a host and places them.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class BundleFile:
    """One file as it should be on the host. Its group is its owner's own, however it is called.

    ``secret`` marks content that is never shown. ``kind="dotenv"`` gives a diff by key in which
    only ``public_keys`` show their values. ``once`` marks another user's file in which something
    is changed: it is no part of the bundle's fingerprint, and later runs leave it out.
    """

    path: str
    content: bytes
    mode: int = 0o644
    owner: str = "root"
    kind: Literal["text", "dotenv"] = "text"
    secret: bool = False
    public_keys: frozenset[str] = frozenset()
    once: bool = False

    @property
    def sha256(self) -> str:
        """Hash of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Bundle:
    """The files of one component, and the paths that must not exist beside them."""

    name: str
    files: tuple[BundleFile, ...]
    absent: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        paths = [file.path for file in self.files] + list(self.absent)
        for path in paths:
            if not path.startswith("/") or ".." in path.split("/") or "\n" in path:
                raise ValueError(f"bundle {self.name}: {path!r} is not an absolute, plain path")
        if len(set(paths)) != len(paths):
            raise ValueError(f"bundle {self.name} names a path twice")

    @property
    def fingerprint(self) -> str:
        """Hash of every path, owner, mode and content: what `applied` on the host must equal."""
        digest = hashlib.sha256()
        for file in sorted(self.files, key=lambda file: file.path):
            if file.once:
                continue
            row = f"{file.path}\0{file.sha256}\0{file.mode:o}\0{file.owner}\0{file.owner}\n"
            digest.update(row.encode())
        for path in sorted(self.absent):
            digest.update(f"{path}\0absent\n".encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class Component:
    """One component of a role. Its snippets are POSIX sh, run as root by ``sh -eu -c`` without
    standard input.

    ``validate`` runs before anything is moved; the files stand under ``$STAGE`` with their
    absolute paths. It must fail on a configuration that would not work. ``activate`` runs after
    the files were moved into place, is safe to run again, and restarts only where a reload is
    not enough. ``check`` only reads, is fast, and exits 0 when the running state agrees with the
    files. ``confirm_login`` marks what could lock the operator out: the host reverts it by itself
    unless a fresh login succeeds. After such a revert of the files ``revert_activate`` runs in
    place of ``activate``; it must never fail half-way. ``login_ports`` are the ports on which the
    fresh login has to work; empty means the port that is in use. ``confirm_seconds`` is how long
    the host waits for the confirmation; logging in may take 20 s on each port that does not
    answer. ``restarts`` are services that restart when the component is placed.

    Whatever does not come up is put back: the former files, then ``revert_activate``.
    """

    bundle: Bundle
    validate: str | None = None
    activate: str | None = None
    check: str | None = None
    confirm_login: bool = False
    revert_activate: str | None = None
    login_ports: tuple[int, ...] = ()
    confirm_seconds: int = 90
    restarts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The bundle's name, unique on a host."""
        return self.bundle.name
