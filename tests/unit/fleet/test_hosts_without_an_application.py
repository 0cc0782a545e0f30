"""A host has the roles of its groups and of its file; one without an application needs no secrets,
and is asked for none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunker.errors import BunkerError, Problems
from bunker.fleet import Host, scaffold
from bunker.fleet.applications import has_application, with_application
from bunker.fleet.listing import list_instances, show_instance
from bunker.host_keys import HostKey
from deploys.roles import roles_of
from tests.unit.fleet.conftest import Repository

BASE = ["base"]
ALL = ["base", "docker", "changemaker"]


def alone(repository: Repository, name: str, more: str = "", *, number: int = 1) -> None:
    """A host's file without any secrets beside it."""
    repository.host(name, f"groups: []\n{more}" if "groups:" not in more else more, number=number)
    (repository.folder / f"{name}.sops.yml").unlink()


def roles(repository: Repository, name: str) -> list[str]:
    return [role.name for role in roles_of(repository.load(require_secrets=False).host(name))]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("groups: [changemaker]\n", ALL),
        ("groups: [canary, changemaker]\n", ALL),
        ("groups: [central]\n", ["base", "docker"]),
        ("groups: []\n", BASE),
        ("groups: [base]\n", BASE),
        ("groups: []\nroles: {earlyoom: true}\n", ["base", "earlyoom"]),
        ("groups: []\nroles: {changemaker: true}\n", ALL),
        ("groups: [changemaker]\nroles: {changemaker: false}\n", ["base", "docker"]),
        ("groups: [changemaker]\nroles: {docker: false}\n", ["base", "changemaker"]),
        ("groups: []\ndocker: {log_max_files: 4}\n", ["base", "docker"]),
        ("groups: [canary]\napplication: {ref: v2}\n", ALL),
        ("groups: [canary]\nfeatures: {media: true}\n", ALL),
        ("groups: []\nenvironment: {SMTP_HOST: mail.example.org}\n", ALL),
        ("groups: []\napplication: {ref: v2}\nroles: {changemaker: false}\n", ["base"]),
    ],
)
def test_roles_follow_from_groups_and_from_what_the_file_says(
    repository: Repository, more: str, expected: list[str]
) -> None:
    alone(repository, "north", more)
    assert roles(repository, "north") == expected


def test_a_host_without_an_application_needs_no_secrets_file(repository: Repository) -> None:
    alone(repository, "relay")
    assert list(repository.load().hosts) == ["relay"]
    alone(repository, "north", "groups: [changemaker]\n", number=2)
    with pytest.raises(Problems, match=r"north\.sops\.yml: the secrets file is missing"):
        repository.load()


@pytest.mark.parametrize("require_secrets", [True, False])
def test_an_instance_of_before_is_never_dropped_for_want_of_a_group(
    repository: Repository, require_secrets: bool
) -> None:
    repository.host("north", "groups: [canary]\n")
    with pytest.raises(Problems) as caught:
        repository.load(require_secrets=require_secrets)
    assert str(caught.value.problems[0]) == (
        "inventories/production/north.yml: north.sops.yml holds secrets of a role that the host "
        "does not have. Add the group changemaker, or write `roles: {changemaker: false}`."
    )
    repository.host("north", "groups: [canary]\nroles: {changemaker: false}\n")
    assert not has_application(repository.load().host("north"))
    repository.host("north", "groups: [canary]\napplication: {ref: v2}\n")
    assert has_application(repository.load().host("north"))


@pytest.mark.parametrize(
    ("more", "secrets"),
    [
        ("groups: []\n", ["BLOG__DB_PASSWORD", "DEPLOY_KEY"]),
        ("groups: [canary]\n", ["STAGING__REDIS_PASSWORD"]),
        ("groups: [central]\n", ["REDIS_PASSWORD"]),
        ("groups: []\ndocker: {log_max_files: 4}\n", ["REDIS_PASSWORD"]),
        ("groups: []\nroles: {earlyoom: true}\n", ["REDIS_PASSWORD"]),
        (
            "groups: []\napplications: {blog: {kind: compose, folder: blog}}\n",
            ["REDIS_PASSWORD", "BLOG__DB_PASSWORD"],
        ),
    ],
)
def test_secrets_that_are_left_over_stop_no_fleet(
    repository: Repository, more: str, secrets: list[str]
) -> None:
    repository.host("north", more, secrets=secrets)
    assert list(repository.load().hosts) == ["north"]


def test_its_roles_are_shown_and_no_version(repository: Repository) -> None:
    alone(repository, "relay", "groups: []\nroles: {earlyoom: true}\n")
    fleet = repository.load()
    shown = {row.key: (row.value, row.origin) for row in show_instance(fleet, "relay")}
    assert shown["roles"] == (("base", "earlyoom"), "by its groups and its file")
    assert shown["roles.earlyoom.enabled"] == (True, "inventories/production/relay.yml:5")
    assert not [key for key in shown if key.startswith("roles.docker")]
    assert list_instances(fleet)[0]["ref"] == ""


def test_by_its_name_it_is_refused_and_by_a_group_it_is_left_out(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.host("north")
    alone(repository, "relay", number=2)
    alone(repository, "spare", number=3)
    fleet = repository.load()
    everyone = fleet.select(groups=["all"])
    assert [host.name for host in with_application(everyone, ["relay-*"])] == ["north"]
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "Left out, as they have no application: relay, spare\n")
    with pytest.raises(BunkerError, match=r"^relay has no application"):
        with_application(everyone, ["north", "relay"])
    with pytest.raises(BunkerError, match=r"^relay, spare have no application"):
        with_application(everyone[1:])
    assert with_application(everyone[:1]) == [fleet.host("north")]
    assert capsys.readouterr().err == ""


@pytest.fixture
def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    key = HostKey("ssh-ed25519", "SHA256:abc", "203.0.113.9 ssh-ed25519 AAAA")
    monkeypatch.setattr(scaffold, "scan_host_key", lambda *_: [key])
    monkeypatch.setattr(scaffold, "check_access", lambda _remote: None)


def no_secrets(_folder: Path, _host: Host) -> Path:
    raise AssertionError("nothing of it needs secrets")


def add(repository: Repository, **more: object) -> scaffold.Added:
    return scaffold.add_instance(
        repository.root,
        "production",
        "relay",
        "relay.example.org",
        "203.0.113.9",
        application=False,
        confirm=lambda _keys: True,
        create_secrets=no_secrets,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.usefixtures("reachable")
def test_one_is_added_without_secrets(repository: Repository) -> None:
    (repository.folder / ".sops.yaml").unlink()
    added = add(repository, groups=["pilot"])
    assert (added.secrets_file, added.host.groups) == (None, ("pilot",))
    assert roles(repository, "relay") == BASE
    assert "application" not in added.host_file.read_text()


@pytest.mark.parametrize("more", [{"ref": "v2"}, {"groups": ["changemaker"]}])
def test_one_with_an_application_all_the_same_is_refused(
    repository: Repository, more: dict[str, object]
) -> None:
    with pytest.raises(BunkerError, match="relay would have an application all the same"):
        add(repository, **more)
    assert not (repository.folder / "relay.yml").exists()
