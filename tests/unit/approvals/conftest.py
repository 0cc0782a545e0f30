"""Three operators with keys of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bunker.fleet.settings import FleetSettings, Policy
from tests.unit.approvals.desk import Desk, make_key


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return {
        name: make_key(tmp_path_factory.mktemp(name), name) for name in ("anna", "bob", "carol")
    }


@pytest.fixture
def desk(tmp_path: Path, keys: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("SSH_AUTH_SOCK", "BUNKER_OPERATOR_SSH_KEY"):
        monkeypatch.delenv(name, raising=False)
    lines = tuple(Path(f"{keys[name]}.pub").read_text().strip() for name in ("bob", "carol"))
    settings = FleetSettings(policies={"careful": Policy(approval=True)}, approvers=lines)
    return Desk(tmp_path / "root", keys["anna"], keys["bob"], keys["carol"], settings)
