"""What is brought to a host: secrets and code only where one of its roles needs them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import pytest

import bunker.workflows.request as request_module
from bunker.errors import BunkerError, Problems
from bunker.masking import Secret
from bunker.runs.work import CODE, Work, rollback
from bunker.source import Source
from bunker.workflows.request import DeployRequest, Target, select_targets

FILE = "host: {0}\naddress: 192.0.2.{1}\ndomain: {0}.example.org\n"
COMMIT = "c" * 40


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An instance, a host of base alone, and one with earlyoom; one group has all three."""
    folder = tmp_path / "inventories" / "production"
    folder.mkdir(parents=True)
    folder.with_suffix(".py").touch()
    files = {
        "north": "groups: [eu, changemaker]\napplication: {repository: 'https://git.example/x'}\n",
        "plain": "groups: [eu]\n",
        "watched": "groups: [eu]\nroles: {earlyoom: true}\n",
    }
    for number, (name, more) in enumerate(files.items()):
        (folder / f"{name}.yml").write_text(FILE.format(name, number) + more)
    (folder / "north.sops.yml").write_text("sops:\n")

    def decrypt(_folder: Path, names: Iterable[str], **_: object) -> dict[str, dict[str, Secret]]:
        assert list(names) in (["north"], [])
        return {name: {"DEPLOY_KEY": Secret("k")} for name in names}

    def resolve(_source: Source) -> str:
        return COMMIT

    def rendered(_targets: Iterable[Target], _application: str) -> None:
        """The environment would need all of its secrets."""

    monkeypatch.setattr(request_module, "decrypt_hosts", decrypt)
    monkeypatch.setattr(request_module, "resolve_commit", resolve)
    monkeypatch.setattr(request_module, "_check_rendering", rendered)
    return tmp_path


def select(root: Path, work: Work, **choice: tuple[str, ...]) -> dict[str, str | None]:
    """The commit of every target."""
    targets = select_targets(DeployRequest(root, "production", work=work, **choice))[1]
    assert all(bool(target.secrets) <= (target.host.name == "north") for target in targets)
    return {target.host.name: target.commits.get("changemaker") for target in targets}


def test_a_mixed_group_is_deployed_whole(root: Path) -> None:
    found = select(root, Work(ref="v3"), groups=("eu",))
    assert found == {"north": COMMIT, "plain": None, "watched": None}
    assert select(root, Work(), hosts=("plain",)) == {"plain": None}


@pytest.mark.parametrize(
    ("work", "what", "left"),
    [
        (Work(parts=("changemaker",), ref="v3"), "application", {"north": COMMIT}),
        (Work(parts=("env",)), "application", {"north": None}),
        (rollback(), "application", {"north": None}),
        (Work(parts=("docker",)), "role docker", {"north": None}),
        (Work(parts=("earlyoom",)), "role earlyoom", {"watched": None}),
    ],
)
def test_what_a_part_is_not_about_is_left_out_of_a_group_and_refused_by_name(
    root: Path,
    capsys: pytest.CaptureFixture[str],
    work: Work,
    what: str,
    left: dict[str, str | None],
) -> None:
    assert select(root, work, groups=("eu",)) == left
    others = ", ".join(name for name in ("north", "plain", "watched") if name not in left)
    assert capsys.readouterr().err == f"Left out, as they have no {what}: {others}\n"
    with pytest.raises(BunkerError, match=f"^plain has no {what}"):
        select(root, work, hosts=("plain", "north" if "north" in left else "watched"))


WIKI = "  wiki: {kind: compose, repository: 'https://git.example/wiki', secrets: [DB_PASSWORD]}\n"
BLOG = "  blog: {kind: compose, repository: 'https://git.example/blog', secrets: [DB_PASSWORD]}\n"


@pytest.fixture
def several(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """East with a wiki and a blog whose git server is down and whose secret is missing, west with a
    blog; nothing but their own files."""
    monkeypatch.undo()
    folder = root / "inventories" / "production"
    for number, (name, more) in enumerate({"east": WIKI + BLOG, "west": BLOG}.items(), start=8):
        text = FILE.format(name, number) + f"groups: [eu, two]\napplications:\n{more}"
        (folder / f"{name}.yml").write_text(text)
        (folder / f"{name}.sops.yml").write_text("sops:\n")

    def decrypt(_folder: Path, names: Iterable[str], **_: object) -> dict[str, dict[str, Secret]]:
        return {name: {"WIKI__DB_PASSWORD": Secret("w")} for name in names}

    def resolve(source: Source) -> str:
        if "blog" in source.repository:
            raise BunkerError("the git server does not answer")
        return COMMIT

    monkeypatch.setattr(request_module, "decrypt_hosts", decrypt)
    monkeypatch.setattr(request_module, "resolve_commit", resolve)
    return root


@pytest.mark.parametrize(
    "work", [Work(parts=CODE, application="wiki", one=True), rollback(application="wiki")]
)
def test_what_one_application_lacks_stops_no_other(several: Path, work: Work) -> None:
    choice = DeployRequest(several, "production", work=work, hosts=("east",))
    (target,) = select_targets(choice)[1]
    assert target.commits == ({"wiki": COMMIT} if work.needs_code else {})
    choice = DeployRequest(several, "production", work=rollback(application="blog"))
    with pytest.raises(BunkerError, match="the secret DB_PASSWORD is missing"):
        select_targets(dataclasses.replace(choice, hosts=("east",)))


@pytest.mark.parametrize(
    "work",
    [
        Work(parts=CODE, application="wiki", one=True, ref="v3"),
        rollback(application="wiki"),
        Work(application="wiki"),
    ],
)
def test_of_a_group_those_without_the_named_application_are_left_out(
    several: Path, capsys: pytest.CaptureFixture[str], work: Work
) -> None:
    choice = DeployRequest(several, "production", work=work, groups=("eu",))
    assert [target.host.name for target in select_targets(choice)[1]] == ["east"]
    said = capsys.readouterr().err
    assert "Left out, as they have no application: plain, watched\n" in said
    assert "Left out, as they have no application 'wiki': north, west\n" in said
    with pytest.raises(BunkerError, match=r"^west has no application 'wiki'"):
        select_targets(dataclasses.replace(choice, groups=(), hosts=("east", "west")))
    with pytest.raises(BunkerError, match=r"^west: the host has no application 'wiki'; exp.* blog"):
        select_targets(dataclasses.replace(choice, groups=(), hosts=("west",)))


@pytest.mark.parametrize(
    ("work", "name", "said"),
    [
        (Work(parts=("env",)), "east", "east has no role env"),
        (Work(parts=("earlyoom", "changemaker")), "east", "no role earlyoom or changemaker"),
        (
            Work(parts=("env",), application="wiki"),
            "east",
            "east has no role env for the application 'wiki'",
        ),
        (Work(parts=("compose",)), "north", "north has no role compose"),
    ],
)
def test_a_part_that_a_host_has_not_is_refused(
    several: Path, work: Work, name: str, said: str
) -> None:
    choice = DeployRequest(several, "production", work=work, hosts=(name,))
    with pytest.raises(BunkerError, match=said):
        select_targets(choice)


def test_a_broken_file_stops_a_change_of_a_group_and_none_of_another_host(root: Path) -> None:
    (root / "inventories/production/watched.yml").write_text("host: [\n")
    for choice in ({"groups": ("eu",)}, {"hosts": ("p*",)}):
        with pytest.raises(Problems, match=r"use --host NAME \(2\):\n.*watched.yml:"):
            select(root, Work(), **choice)
    with pytest.raises(Problems, match=r"watched cannot be used"):
        select(root, Work(), hosts=("plain", "watched"))
    assert select(root, Work(), hosts=("plain",)) == {"plain": None}


@pytest.mark.promise("A fault in the file of one host stops that host alone")
def test_a_broken_file_never_stops_the_rollback_of_the_others(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "inventories/production/watched.yml").write_text("host: [\n")
    assert select(root, rollback(), groups=("eu",)) == {"north": None}


def test_a_vault_that_cannot_be_read_stops_the_rollback_of_its_own_host(
    several: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decrypt(
        _folder: Path, names: Iterable[str], *, failed: dict[str, BunkerError] | None = None
    ) -> dict[str, dict[str, Secret]]:
        problem = BunkerError("west.sops.yml is damaged")
        if failed is None:
            raise problem
        failed |= {"west": problem}
        return {name: {"WIKI__DB_PASSWORD": Secret("w")} for name in names if name != "west"}

    monkeypatch.setattr(request_module, "decrypt_hosts", decrypt)
    monkeypatch.setattr(request_module, "_check_rendering", lambda *_: None)
    choice = DeployRequest(several, "production", work=rollback(application="blog"))
    choice = dataclasses.replace(choice, groups=("two",))
    fleet, targets = select_targets(choice)
    assert [target.host.name for target in targets] == ["east"]
    assert fleet.warnings == ["west is left out: west.sops.yml is damaged."]
    with pytest.raises(BunkerError, match="damaged"):
        select_targets(dataclasses.replace(choice, groups=(), hosts=("west",)))
    with pytest.raises(BunkerError, match="damaged"):
        select_targets(dataclasses.replace(choice, work=Work(parts=("base",), secrets=True)))
