"""Comparing with the example of a host's own checkout."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.remote import Remote
from bunker.workflows.env_check import check_environments


def test_a_host_that_is_not_deployed_is_to_be_deployed_in_its_fleet(
    remote: Remote, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Remote, "of", lambda _fleet, _host: remote)
    fleet: Any = SimpleNamespace(name="lab", folder=Path())
    found = check_environments(fleet, [host])["north"]
    assert isinstance(found, BunkerError)
    assert "invoke deploy --fleet lab --host north" in str(found)
    Path(host.application.directory, ".env.example").write_text("A=1\n")
    assert not isinstance(check_environments(fleet, [host])["north"], BunkerError)
