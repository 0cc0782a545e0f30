"""A bundle: all files of one component, rendered together and placed on a host together.

Pure: nothing here speaks to a host. ``bunker.ops`` compares a bundle with a host and places it.
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
