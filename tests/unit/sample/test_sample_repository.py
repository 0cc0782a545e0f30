"""The sample's repository: the same commits everywhere, versions that do what their names say."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sample.build import VERSIONS, build_repository, lay_out


def git(repository: Path, *arguments: str) -> str:
    command = ["git", f"--git-dir={repository}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    target = tmp_path_factory.mktemp("sample") / "repository.git"
    return target, build_repository(target)


def files_of(repository: Path, tag: str) -> dict[str, str]:
    rows = git(repository, "ls-tree", "-r", tag).splitlines()
    return {row.split("\t")[1]: row.split()[0] for row in rows}


def test_every_version_is_a_tag_and_the_branch_points_at_the_first(built) -> None:
    repository, commits = built
    assert list(commits) == [
        "v2.0.0",
        "v2.1.0",
        "v2.2.0-destructive",
        "v2.2.0-crash",
        "v2.2.0-broken-migration",
        "v2.2.0-slow-burn",
    ]
    for tag, commit in commits.items():
        assert git(repository, "rev-parse", f"refs/tags/{tag}").strip() == commit
    assert git(repository, "rev-parse", "refs/heads/v2").strip() == commits["v2.0.0"]
    assert git(repository, "symbolic-ref", "HEAD").strip() == "refs/heads/v2"


def test_the_parents_are_as_the_versions_say(built) -> None:
    repository, commits = built
    for version in VERSIONS:
        parents = git(repository, "log", "-1", "--format=%P", version.tag).split()
        assert parents == ([commits[version.parent]] if version.parent else [])


def test_commits_do_not_depend_on_this_machine(
    built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(
        "[user]\nname = Somebody\nemail = some@body.example\n"
        "[core]\nautocrlf = true\nfileMode = false\n[commit]\ngpgSign = true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2030-01-01T00:00:00Z")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.chdir(tmp_path)
    before = os.umask(0o077)
    try:
        assert build_repository(Path("again.git")) == built[1]
    finally:
        os.umask(before)
    assert (tmp_path / "again.git" / "HEAD").exists()


def test_an_existing_target_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        build_repository(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_exported_tree_knows_its_commit(built) -> None:
    repository, commits = built
    archive = git(repository, "archive", "--format=tar", "v2.1.0", "api/REVISION")
    assert commits["v2.1.0"] in archive


def test_files_are_complete_and_their_modes_are_kept(built) -> None:
    files = files_of(built[0], "v2.0.0")
    for name in (
        "docker-compose.yml",
        ".env.example",
        "configs/pangolin/resources.yml",
        "configs/nginx/front/default.conf.template",
        "admin/index.html",
        "media/uploads/.gitkeep",
    ):
        assert files[name] == "100644"
    for name in ("api/npx", "api/healthcheck", "scripts/backup.sh"):
        assert files[name] == "100755"
    assert not [name for name in files if "__pycache__" in name or name.endswith(".pyc")]


def test_each_version_says_its_own_name(tmp_path: Path) -> None:
    for version in VERSIONS:
        target = tmp_path / version.tag
        lay_out(version.tag, target)
        release = (target / "api/changemaker/release.py").read_text()
        assert f'VERSION = "{version.tag.removeprefix("v")}"' in release


def test_migrations_are_only_added_and_say_what_the_version_is_for(tmp_path: Path) -> None:
    def migrations(tag: str) -> dict[str, str]:
        folder = tmp_path / tag
        if not folder.exists():
            lay_out(tag, folder)
        return {
            file.parent.name: file.read_text()
            for file in sorted(folder.glob("api/prisma/migrations/*/migration.sql"))
        }

    def added(tag: str, parent: str) -> str:
        new, old = migrations(tag), migrations(parent)
        assert {name: new[name] for name in old} == old, "an applied migration was edited"
        return "\n".join(new[name] for name in new if name not in old)

    additive = added("v2.1.0", "v2.0.0")
    assert "ADD COLUMN" in additive
    assert "DROP" not in additive
    destructive = added("v2.2.0-destructive", "v2.1.0")
    assert "DROP COLUMN" in destructive
    assert "DROP TABLE" in destructive
    broken = added("v2.2.0-broken-migration", "v2.1.0")
    assert broken.index("COMMIT;") < broken.index('REFERENCES "regions"')
    assert added("v2.2.0-crash", "v2.1.0") == added("v2.2.0-slow-burn", "v2.1.0") == ""


def test_the_faulty_versions_misbehave_as_named(tmp_path: Path) -> None:
    def release(tag: str) -> dict[str, object]:
        lay_out(tag, tmp_path / tag)
        names: dict[str, object] = {}
        exec((tmp_path / tag / "api/changemaker/release.py").read_text(), names)  # noqa: S102
        return names

    with pytest.raises(RuntimeError):
        release("v2.2.0-crash")["before_start"]()  # type: ignore[operator]
    slow = release("v2.2.0-slow-burn")
    slow["before_start"]()  # type: ignore[operator]
    failed = []
    for number in range(1, 101):
        try:
            slow["before_answer"]("/api/campaigns")  # type: ignore[operator]
        except RuntimeError:
            failed.append(number)
    assert failed == list(range(42, 101, 3))
