"""A fleet folder with a real key and the real sops, and a short table of secrets."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from bunker.secrets import create_host_secrets, init


@dataclass(frozen=True)
class Spec:
    key: str
    length: int = 32
    alphabet: Literal["urlsafe", "hex"] = "urlsafe"
    generated: bool = True


SPECS = (
    Spec("REDIS_PASSWORD"),
    Spec("JWT_ACCESS_SECRET", 64, "hex"),
    Spec("SMTP_PASS", generated=False),
    *(Spec(f"EXTERNAL_{number}", generated=False) for number in range(20)),
)


@dataclass(frozen=True)
class Fleet:
    folder: Path
    key_file: Path
    specs: tuple[Spec, ...] = SPECS

    def add(self, name: str) -> Path:
        (self.folder / f"{name}.yml").write_text(f"name: {name}\n")
        return create_host_secrets(self.folder, name, key_file=self.key_file, specs=self.specs)

    def vault(self, name: str) -> Path:
        return self.folder / f"{name}.sops.yml"


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: a fleet with one host, which every test gets as a copy of its own."""
    place = tmp_path_factory.mktemp("model")
    made = Fleet(place / "fleet", place / "keys" / "operator.age")
    init(made.folder, key_file=made.key_file)
    made.add("north")
    return place


@pytest.fixture
def north(model: Path, tmp_path: Path) -> Fleet:
    """A fleet with the host `north`."""
    shutil.copytree(model, tmp_path, dirs_exist_ok=True)
    return Fleet(tmp_path / "fleet", tmp_path / "keys" / "operator.age")


@pytest.fixture
def fleet(north: Fleet) -> Fleet:
    """A fleet without hosts."""
    for path in north.folder.glob("north*"):
        path.unlink()
    return north
