"""Settings that have no effect together stand in the plan of their host."""

from __future__ import annotations

import pytest

from bunker.worker.client import WorkerClient
from tests.fake.bare_host import fake_host, fake_request
from tests.fake.test_worker import ROOT, by_host
from tests.json_events import everything


@pytest.mark.promise("Settings that contradict each other are said before anything is changed")
def test_a_password_for_mail_that_is_off_is_a_note_of_the_plan_and_never_shown() -> None:
    request = fake_request([fake_host(1)])
    request["hosts"][0]["secrets"]["SMTP_PASS"] = "canary-password"
    request["tags"] = "changemaker"
    with WorkerClient(request, ROOT) as worker:
        events = everything(worker.events(until="ready"))
    found = by_host(events, "planned")["host-001"]
    said = "changemaker: SMTP_PASS is stored and has no effect: features.mail is off"
    assert any(note.startswith(said) for note in found["plan"]["notes"]), found["plan"]["notes"]
    assert "canary-password" not in str(events)
