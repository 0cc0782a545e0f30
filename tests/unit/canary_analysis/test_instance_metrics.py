"""Asking instances for their metrics: all at once, and whoever does not answer is missing."""

from types import SimpleNamespace
from typing import Any

import pytest

from bunker.canary_analysis import sample_hosts
from bunker.canary_analysis.source import script_for
from bunker.host_keys import Unreachable
from bunker.remote import Completed
from tests.unit.workflows.probe_answers import HOST

GOOD = """\
@@bunker process
1700000000 c0ffee
@@bunker metrics
http_requests_total{status_code="200"} 3
@@bunker end
"""


def host(name: str) -> Any:
    application = SimpleNamespace(project="changemaker-lite", directory="/opt/changemaker-lite")
    return SimpleNamespace(name=name, application=application)


def test_a_host_that_does_not_answer_is_missing_and_the_reason_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = {
        "good": Completed("good", 0, GOOD, ""),
        "down": Unreachable("no answer within 30 seconds"),
        "sick": Completed("sick", 1, "", "curl: (7) Failed to connect\n"),
        "odd": Completed("odd", 0, "nonsense", ""),
    }
    asked: list[str] = []

    def run_many(remotes: Any, _script: Any, **_options: Any) -> dict[str, Any]:
        asked.extend(remote.host.name for remote in remotes)
        return {name: answers[name] for name in asked}

    monkeypatch.setattr("bunker.canary_analysis.source.run_many", run_many)
    fleet: Any = SimpleNamespace(known_hosts=None, ssh_key=None, ssh_config=None)
    found, problems = sample_hosts(fleet, [host(name) for name in answers])
    assert asked == ["good", "down", "sick", "odd"]
    assert list(found) == ["good"]
    assert problems == {
        "down": "no answer within 30 seconds",
        "sick": "its API gave no metrics: curl: (7) Failed to connect",
        "odd": "its metrics cannot be read: it was cut short",
    }


def test_the_question_is_plain_shell_without_secrets() -> None:
    script = script_for(HOST)
    assert "PROJECT=changemaker-lite\nDIRECTORY=/opt/changemaker-lite\n" in script
    assert "http://127.0.0.1:" in script
