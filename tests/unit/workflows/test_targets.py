"""What is brought to a host: secrets and code only where one of its roles needs them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

import bunker.workflows.request as request_module
from bunker.errors import BunkerError
from bunker.masking import Secret
from bunker.runs.work import Work, rollback
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

    def decrypt(_folder: Path, names: Iterable[str]) -> dict[str, dict[str, Secret]]:
        assert list(names) in (["north"], [])
        return {name: {"DEPLOY_KEY": Secret("k")} for name in names}

    def resolve(_source: Source) -> str:
        return COMMIT

    def rendered(_targets: Iterable[Target]) -> None:
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
