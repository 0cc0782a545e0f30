"""Writing, showing and removing host files."""

from __future__ import annotations

import subprocess

import pytest

from bunker.errors import BunkerError, Problems
from bunker.fleet import known_hosts
from bunker.fleet.host_file import render_host_file, write_host_file
from bunker.fleet.listing import list_instances, show_instance
from bunker.fleet.removal import remove_instance
from bunker.fleet.scaffold import add_instance
from bunker.fleet.yaml_file import read_document

DATA = {
    "host": "north",
    "address": "203.0.113.1",
    "domain": "north.example.org",
    "tier": 1,
    "groups": ["changemaker", "canary"],
    "environment": {"VERSION": "1.10", "FLAG": "true", "TEXT": 'a "quoted": # line'},
    "base": {"firewall": [{"port": 8443, "note": "admin"}]},
}


def test_a_written_file_reads_back_as_it_was_given(repository):
    path = repository.folder / "north.yml"
    write_host_file(path, DATA)
    document = read_document(path.read_text(), "north.yml")
    assert document.problems == []
    assert document.data == DATA
    assert path.stat().st_mode & 0o777 == 0o644
    assert "# must equal the file's name" in path.read_text()
    assert repository.load(require_secrets=False).host("north").environment["VERSION"] == "1.10"


def test_the_hints_of_a_new_file_are_valid_when_uncommented(repository):
    given = {key: DATA[key] for key in ("host", "address", "domain", "tier")}
    text = render_host_file({**given, "groups": ["changemaker"]})
    body, hints = text.split("# Also possible:\n")
    uncommented = "".join(line[2:] + "\n" for line in hints.splitlines())
    repository.host("north").write_text(body + uncommented)
    assert repository.load().host("north").base.firewall[0].port == 8443


def test_an_existing_file_keeps_its_comments(repository):
    path = repository.host("north", "# why we pay more\ntier: 1  # for now\nbase:\n  banner: 'x'\n")
    write_host_file(path, {"tier": 2, "base": {"timezone": "Europe/Paris"}})
    text = path.read_text()
    assert "# why we pay more\ntier: 2  # for now\n" in text
    assert "banner: 'x'\n  timezone: Europe/Paris" in text
    assert not [item for item in path.parent.iterdir() if item.name.startswith(".north")]


def test_an_invalid_existing_file_is_not_overwritten(repository):
    path = repository.host("north", "tier: [\n")
    before = path.read_text()
    with pytest.raises(BunkerError, match="not valid YAML"):
        write_host_file(path, {"tier": 2})
    assert path.read_text() == before


def test_a_file_that_cannot_be_changed_with_all_else_as_it_is_stays_as_it_was(repository):
    path = repository.host("north", "label: &a one\nnotes: *a\n")
    before = path.read_text()
    with pytest.raises(BunkerError, match=r"north.yml:4: .*Change it by hand: label: two"):
        write_host_file(path, {"label": "two"})
    assert path.read_text() == before


def test_known_hosts_lines_belong_to_one_address_and_port(tmp_path):
    path = tmp_path / "known_hosts"
    path.write_text("# ours\nother,203.0.113.9 ssh-rsa AAAA\n")
    known_hosts.record(path, "203.0.113.1", 22, ["203.0.113.1 ssh-ed25519 AAAA"])
    known_hosts.record(path, "203.0.113.1", 2222, ["[203.0.113.1]:2222 ssh-ed25519 BBBB"])
    known_hosts.record(path, "203.0.113.1", 22, ["203.0.113.1 ssh-ed25519 CCCC"])
    assert known_hosts.lines_of(path, "203.0.113.1", 22) == ["203.0.113.1 ssh-ed25519 CCCC"]
    assert known_hosts.forget(path, "203.0.113.1", 22)
    assert not known_hosts.forget(path, "203.0.113.1", 22)
    assert path.read_text() == (
        "# ours\nother,203.0.113.9 ssh-rsa AAAA\n[203.0.113.1]:2222 ssh-ed25519 BBBB\n"
    )


def test_every_value_is_shown_with_its_origin(repository):
    repository.host(
        "north",
        "groups: [changemaker, canary]\nbase:\n  banner: ours\nenvironment: {A: b}\n",
    )
    repository.write("group_data/all.py", "base = {'timezone': 'Europe/Paris', 'banner': 'x'}\n")
    repository.write("group_data/changemaker.py", "\napplication = {'ref': 'v1'}\n")
    repository.write("group_data/canary.py", "\n\napplication = {'ref': 'v3'}\n")
    fleet = repository.load()
    shown = {row.key: (row.value, row.origin) for row in show_instance(fleet, "north")}
    file = "inventories/production/north.yml"
    assert shown["host"] == ("north", f"{file}:1")
    assert shown["base.banner"] == ("ours", f"{file}:6")
    assert shown["base.timezone"] == ("Europe/Paris", "group_data/all.py:1")
    assert shown["application.ref"] == ("v3", "group_data/canary.py:3")
    assert shown["application.directory"] == ("/opt/changemaker-lite", "built-in default")
    assert shown["environment.A"] == ("b", f"{file}:7")
    assert shown["port"] == (22, "built-in default")
    assert next(iter(shown)) == "host"
    (row,) = list_instances(fleet)
    assert (row["name"], row["ref"], row["groups"]) == ("north", "v3", ("changemaker", "canary"))


def never(*_args: object) -> bool:
    raise AssertionError("a faulty host must be refused before anybody is asked")


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        (("north", "new.example.org", "203.0.113.9"), {}, "the name north is taken by"),
        (("new", "north.example.org", "203.0.113.9"), {}, "domain north.example.org belongs to"),
        (("new", "new.example.org", "203.0.113.1"), {}, "address 203.0.113.1 port 22 belongs to"),
        (("new", "new", "203.0.113.9"), {}, "expected a domain name"),
        (("new", "new.example.org", "203.0.113.9"), {"tier": 3}, "tier is 3; expected 1 or 2"),
        (("New", "new.example.org", "203.0.113.9"), {}, "host is 'New'; expected lower-case"),
        (("../x", "new.example.org", "203.0.113.9"), {}, "host is '../x'; expected lower-case"),
        (("new", "new.example.org", "nowhere"), {}, "expected an IP address or a full host name"),
        (("new", "new.example.org", "203.0.113.9"), {"ref": "-x"}, "application.ref is '-x'"),
    ],
)
def test_a_host_that_does_not_fit_is_refused_before_the_network(
    repository, arguments, options, sentence
):
    repository.host("north")
    before = sorted(repository.folder.iterdir())
    with pytest.raises(Problems) as caught:
        add_instance(
            repository.root,
            "production",
            *arguments,
            **options,
            confirm=never,
            create_secrets=never,
        )
    assert sentence in str(caught.value)
    assert [path for path in sorted(repository.folder.iterdir()) if path.name != ".locks"] == before


def test_secrets_without_a_host_are_not_taken_over(repository):
    (repository.folder / "new.sops.yml").write_text("sops:\n")
    with pytest.raises(BunkerError, match="there are secrets of new already, but no host file"):
        add_instance(
            repository.root,
            "production",
            "new",
            "new.example.org",
            "203.0.113.9",
            confirm=never,
            create_secrets=never,
        )


def git(repository, *arguments: str) -> str:
    argv = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    return subprocess.run(
        argv, cwd=repository.root, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def tracked(repository, monkeypatch):
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "test@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    repository.host("north", number=1)
    repository.host("south", number=2)
    keys = ["203.0.113.1 ssh-ed25519 AAAA", "203.0.113.2 ssh-ed25519 BBBB"]
    (repository.folder / "known_hosts").write_text("".join(f"{key}\n" for key in keys))
    git(repository, "init", "-q")
    return repository


def test_removal_keeps_an_uncommitted_host_in_the_history(tracked):
    tracked.write("staged.txt", "somebody's other work")
    git(tracked, "add", "staged.txt")
    removed = remove_instance(tracked.root, "production", "north")
    assert not (tracked.folder / "north.yml").exists()
    assert not (tracked.folder / "north.sops.yml").exists()
    assert "203.0.113.1 " not in (tracked.folder / "known_hosts").read_text()
    assert "203.0.113.2 " in (tracked.folder / "known_hosts").read_text()
    assert list(tracked.load().hosts) == ["south"]
    kept = git(tracked, "show", f"{removed.kept_in}:inventories/production/north.yml")
    assert "host: north" in kept
    committed = git(tracked, "ls-tree", "-r", "--name-only", "HEAD").split()
    assert committed == ["inventories/production/known_hosts"]
    assert git(tracked, "status", "--porcelain", "staged.txt").startswith("A ")


def test_removal_of_a_committed_host_makes_one_commit(tracked):
    git(tracked, "add", "-A")
    git(tracked, "commit", "-qm", "all")
    head = git(tracked, "rev-parse", "HEAD").strip()
    assert remove_instance(tracked.root, "production", "north").kept_in == head
    assert git(tracked, "rev-list", "--count", "HEAD").strip() == "2"
    assert git(tracked, "status", "--porcelain") == ""


def test_a_refused_commit_leaves_every_file_in_place(tracked):
    git(tracked, "add", "-A")
    git(tracked, "commit", "-qm", "all")
    hook = tracked.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no commits on Fridays >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(BunkerError, match="git commit failed: no commits on Fridays"):
        remove_instance(tracked.root, "production", "north")
    assert git(tracked, "status", "--porcelain") == ""
    assert list(tracked.load().hosts) == ["north", "south"]


def test_plaintext_secrets_never_enter_git(tracked):
    (tracked.folder / "north.sops.yml").write_text("host: north\nREDIS_PASSWORD: hunter2\n")
    with pytest.raises(BunkerError, match="is not encrypted, so it must not enter git"):
        remove_instance(tracked.root, "production", "north")
    assert (tracked.folder / "north.yml").exists()


@pytest.mark.parametrize("ignored", [True, False])
def test_without_a_kept_copy_removal_needs_force(repository, monkeypatch, ignored):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(repository.root.parent))
    repository.host("north")
    if ignored:
        git(repository, "init", "-q")
        repository.write(".gitignore", "/inventories/production/\n")
    with pytest.raises(BunkerError, match=r"removal cannot be undone.*repeat with --force"):
        remove_instance(repository.root, "production", "north")
    assert (repository.folder / "north.yml").exists()
    removed = remove_instance(repository.root, "production", "north", force=True)
    assert removed.kept_in is None
    assert not (repository.folder / "north.yml").exists()


def test_removing_an_unknown_host_names_near_misses(repository):
    repository.host("north")
    with pytest.raises(BunkerError, match="Perhaps north was meant"):
        remove_instance(repository.root, "production", "nroth")
