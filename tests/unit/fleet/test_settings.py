"""What fleet.settings.yaml may say, and what a faulty one is told."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from textwrap import dedent

import pytest

from bunker.errors import BunkerError, Problems
from bunker.fleet.settings import EVENTS, FleetSettings, RolloutSettings, load_settings
from bunker.fleet.yaml_file import read_document

DOCS = Path(__file__).resolve().parents[3] / "docs"
ANA = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAna ana@example"
BEN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBen ben@example"
WHOLE = f"""\
rollout:
  canary_group: first
  soak: 1h30m
  batch: 10
  max_fail: 2
  minimum_requests: 100
  max_error_ratio: 0.01
  max_latency_factor: 1.5
policies:
  all: {{approval: false}}
  careful:
    approval: true
    window: {{days: [tue, wed], from: "14:00", to: "17:30", timezone: Europe/Berlin}}
approvers:
  - {ANA}
  - {BEN}
notifications:
  - {{kind: gotify, name: phone, url: "https://gotify.example.org/", token_secret: PHONE_TOKEN}}
  - {{kind: slack, name: ops, url_secret: OPS_WEBHOOK, events: [failed, rolled back]}}
  - {{kind: rocketchat, name: chat, url_secret: CHAT_WEBHOOK}}
  - kind: email
    name: mail
    host: mail.example.org
    from: bunker@example.org
    to: ops@example.org
    user: bunker
    password_secret: MAIL_PASSWORD
"""


def load(folder: Path, text: str) -> FleetSettings:
    fleet = folder / "inventories" / "production"
    fleet.mkdir(parents=True, exist_ok=True)
    (fleet / "fleet.settings.yaml").write_text(dedent(text))
    return load_settings(fleet)


def fault(folder: Path, text: str) -> str:
    with pytest.raises(Problems) as caught:
        load(folder, text)
    assert len(caught.value.problems) == 1, str(caught.value)
    return str(caught.value.problems[0])


def test_without_a_file_every_default_holds(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings == FleetSettings()
    rollout = settings.rollout
    assert (rollout.canary_group, rollout.soak, rollout.batch) == ("canary", 1800, "25%")
    assert (rollout.max_fail, rollout.minimum_requests) == (0, 50)
    assert (rollout.max_error_ratio, rollout.max_latency_factor) == (0.05, 2.0)
    assert settings.policies == {}
    assert settings.approvers == settings.notifications == ()


@pytest.mark.parametrize("text", ["", "# nothing yet\n\n"])
def test_a_file_that_says_nothing_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == FleetSettings()


def test_everything_that_may_be_said_is_read(tmp_path: Path) -> None:
    settings = load(tmp_path, WHOLE)
    assert settings.rollout.soak == 5400
    policy = settings.policies["careful"]
    assert policy.approval
    assert policy.window is not None
    assert policy.window.days == ("tue", "wed")
    assert policy.window.start == datetime.time(14)
    assert policy.window.end == datetime.time(17, 30)
    assert policy.window.timezone == "Europe/Berlin"
    assert settings.policies["all"].window is None
    assert settings.approvers == (ANA, BEN)
    gotify, slack, _chat, mail = settings.notifications
    assert gotify.kind == "gotify"
    assert gotify.url == "https://gotify.example.org"
    assert gotify.events == EVENTS
    assert slack.events == ("failed", "rolled back")
    assert mail.kind == "email"
    assert (mail.sender, mail.to, mail.port) == ("bunker@example.org", ("ops@example.org",), 587)
    names = [name for target in settings.notifications for name in target.secret_names]
    assert names == ["PHONE_TOKEN", "OPS_WEBHOOK", "CHAT_WEBHOOK", "MAIL_PASSWORD"]


def test_the_settings_file_is_no_host_file(repository) -> None:  # type: ignore[no-untyped-def]
    repository.host()
    repository.write("inventories/production/fleet.settings.yaml", "rollout: {max_fail: 1}\n")
    assert list(repository.load().hosts) == ["north"]


def test_no_host_is_called_notifications(repository) -> None:  # type: ignore[no-untyped-def]
    repository.host("notifications")
    with pytest.raises(Problems, match="host is 'notifications'"):
        repository.load()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rolout: {}", "settings.yaml:1: rolout is not a known key. Perhaps rollout was meant."),
        ("rollout: {sock: 3m}", "rollout.sock is not a known key. Perhaps soak was meant."),
        ("rollout: {soak: soon}", "rollout.soak is 'soon'; expected a length of time such as 90s"),
        ("rollout: {batch: 0}", "rollout.batch is 0; expected a number of hosts such as 5"),
        ("rollout: {batch: 120%}", "rollout.batch is '120%'; expected a number of hosts"),
        ("rollout: {batch: ²%}", "rollout.batch is '²%'; expected a number of hosts"),
        ("rollout: {max_fail: -1}", "rollout.max_fail is -1; expected 0 or more."),
        ("rollout: {max_fail: true}", "rollout.max_fail is True; expected a number."),
        ("rollout: {max_error_ratio: 5}", "rollout.max_error_ratio is 5; expected 1 or less."),
        ("rollout: {max_latency_factor: .nan}", "rollout.max_latency_factor is nan; expected"),
        ("policies: {c: {aproval: true}}", "policies.c.aproval is not a known key. Perhaps approv"),
        ("policies: {c: {window: {to: '9:00'}}}", "policies.c.window.from is missing"),
        (
            "policies:\n  c:\n    window: {form: '8:00', from: '8:00', to: '9:00'}",
            "settings.yaml:3: policies.c.window.form is not a known key. Perhaps from was meant.",
        ),
        ("policies: {c: {window: {from: '25:00', to: '9:00'}}}", "window.from is '25:00'; expec"),
        (
            "policies: {c: {window: {from: '8:00', to: '9:00', timezone: Mars/Base}}}",
            "timezone is 'Mars/Base'; expected a time zone such as Europe/Berlin.",
        ),
        (
            "policies: {c: {window: {from: '8:00', to: '9:00', days: [funday]}}}",
            "window.days.0 is 'funday'; expected 'mon', 'tue'",
        ),
        ("approvers: [ssh-ed25519 AAAA]", "expected a name as the last word of every key"),
        (f"approvers: ['{ANA}', '{ANA.replace('ana@', 'eve@')}']", "once; twice: ana@example"),
        ("notifications: [{kind: pigeon}]", "notifications.0.kind is 'pigeon'; expected gotify or"),
        ("notifications: [{kind: rocketcat}]", "Perhaps rocketchat was meant."),
        ("notifications: [{name: phone}]", "notifications.0.kind is missing; expected gotify or"),
        ("notifications: [phone]", "notifications.0 is 'phone'; expected a section of keys and"),
        ("notifications: {kind: slack}", "notifications is a section; expected a list"),
        ("notifications: [{kind: slack, name: ops}]", "notifications.0.url_secret is missing"),
        (
            "notifications:\n- {kind: slack, name: a, url_secret: A}\n"
            "- {kind: slack, name: a, url_secret: A}",
            "expected every name once; twice: a.",
        ),
        (
            "notifications: [{kind: gotify, name: a, url: ftp://x, token_secret: A}]",
            "notifications.0.url is 'ftp://x'; expected https://HOST",
        ),
        (
            "notifications: [{kind: slack, name: a, url_secret: A, events: [exploded]}]",
            "notifications.0.events.0 is 'exploded'; expected 'started', 'paused'",
        ),
        (
            "notifications: [{kind: email, name: a, host: m.example.org, from: a@b.c, to: d@e.f,"
            " user: bunker}]",
            "expected user and password_secret together, or neither.",
        ),
        (
            "notifications: [{kind: email, name: a, host: m.example.org, from: a@b.c, to: d@e.f,"
            " user: bunker, password_secret: P, security: none}]",
            "expected security: starttls or tls where a password is sent.",
        ),
        (
            'notifications: [{kind: email, name: a, host: m.example.org, from: "a@b.c\\nBcc: x@y.z"'
            ", to: d@e.f}]",
            "expected a plain address such as ops@example.org.",
        ),
    ],
)
def test_a_fault_is_told_with_its_key(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in fault(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "notifications: [{kind: slack, name: a, url_secret: 'https://hooks.example.org/canary'}]",
        "notifications: [{kind: slack, name: a, url_secret: A, url: 'https://h.example/canary'}]",
        "notifications: [{kind: gotify, name: a, url: 'https://g.example', token_secret: canary}]",
        "notifications: [{kind: gotify, name: a, url: 'https://g/message?token=canary',"
        " token_secret: A}]",
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(tmp_path: Path, text: str) -> None:
    assert "canary" not in fault(tmp_path, text)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = "rollout: {batch: x}\nnotifications: [{kind: x}, {kind: slack}]\n"
    with pytest.raises(Problems) as caught:
        load(tmp_path, text)
    assert len(caught.value.problems) == 4


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "fleet.settings.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(BunkerError, match="yaml:1: the file is not UTF-8 text"):
        load_settings(tmp_path)


def documented(page: str) -> str:
    (block,) = re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    return block.replace("…", "")


def test_the_documented_settings_are_valid_and_name_every_key(tmp_path: Path) -> None:
    text = documented("fleet-settings.md")
    settings = load(tmp_path, text)
    assert settings.rollout == RolloutSettings(), "the page shows the defaults"
    data = read_document(text, "docs/fleet-settings.md").data
    assert set(data) == set(FleetSettings.model_fields)
    assert set(data["rollout"]) == set(RolloutSettings.model_fields)
    assert set(data["policies"]["changemaker"]["window"]) == {"days", "from", "to", "timezone"}


def test_the_documented_targets_are_valid_and_of_every_kind(tmp_path: Path) -> None:
    targets = load(tmp_path, documented("notifications.md")).notifications
    assert [target.kind for target in targets] == ["gotify", "slack", "rocketchat", "email"]
