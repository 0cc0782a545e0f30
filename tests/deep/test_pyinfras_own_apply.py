"""pyinfra's own apply of a whole host, whose code is reached with a token."""

from __future__ import annotations

import time

import pytest

from bunker.lab.models import HTTP_USER
from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.test_secrets_stay_secret import (
    ProcessWatch,
    Story,
    change_secrets,
    operator_key,
    search_host,
    watched,
)

pytestmark = pytest.mark.lab


def test_pyinfras_own_apply_deploys_and_our_deploy_then_finds_nothing_to_do(
    fleet: FleetUnderTest,
) -> None:
    """A repository that is reached with a token instead of a key."""
    story = Story(fleet, time.time())
    watched(fleet, "token")
    token = (fleet.lab.folder / "git-token").read_text().strip()
    original = fleet.original("token")
    address = fleet.state.git_http_url.replace("http://", f"http://{HTTP_USER}@")
    application = {"repository": address, "ref": "v2"}
    fleet.configure("token", {**original, "application": application})
    key = operator_key(fleet.root)
    change_secrets(fleet.folder, "token", {"DEPLOY_KEY": None}, key_file=key)
    with ProcessWatch() as processes:
        story.plant_secrets("token", GIT_TOKEN=token)
        story.pyinfra("deploys/site.py", "--limit", "token", "-y", "-vvv")
        words = ("deploy", "--host", "token", "--dry", "--detailed-exitcode")
        story.invoke(*words, expect=0)
    found = {hit for where, text in story.printed for hit in story.needles.within(text, where)}
    found |= {hit for text in processes.seen for hit in story.needles.within(text, text[:80])}
    on_host = search_host(fleet, "token", story.needles)
    exposed = [row for row in on_host if row[0] != "file" or " yes " in row[1]]
    assert (found, exposed) == (set(), [])
    assert ("file", "600 no /home/deploy/.config/bunker/git-credentials") in on_host
    fleet.remove("token")
