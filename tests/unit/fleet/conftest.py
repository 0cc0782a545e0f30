"""A repository in miniature, in which each test writes the files it is about."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent

import pytest

from bunker.fleet import Fleet, load_fleet

GROUP = "groups: [changemaker]\n"


class Repository:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "inventories" / "production"
        self.folder.mkdir(parents=True)
        (root / "inventories/production.py").write_text("")
        (self.folder / ".sops.yaml").write_text("creation_rules: []\n")

    def write(self, path: str, text: str) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text))
        return target

    def host(
        self,
        name: str = "north",
        more: str = "",
        *,
        number: int = 1,
        secrets: Iterable[str] = ("REDIS_PASSWORD",),
    ) -> Path:
        """A good host file with its secrets file; ``more`` is appended, and a group at the end."""
        text = f"host: {name}\naddress: 203.0.113.{number}\ndomain: {name}.example.org\n"
        path = self.folder / f"{name}.yml"
        rest = dedent(more)
        if "groups:" not in rest:
            rest += f"{'' if rest.endswith(chr(10)) or not rest else chr(10)}{GROUP}"
        path.write_text(text + rest)
        text = "".join(f"{key}: ENC[AES256_GCM,data]\n" for key in ("host", *secrets))
        text += "sops:\n    age:\n        - recipient: age1x\n"
        (self.folder / f"{name}.sops.yml").write_text(text)
        return path

    def load(self, **options: bool) -> Fleet:
        return load_fleet(self.root, "production", **options)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.delenv("BUNKER_FLEET", raising=False)
    monkeypatch.delenv("BUNKER_SSH_KEY", raising=False)
    return Repository(tmp_path / "repository")
