"""A file of the control machine is replaced whole or not at all, and in one place only."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.files import replace, write_atomically, write_output

ROOT = Path(__file__).resolve().parents[3]


def full(_handle: int) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("write", "error"),
    [
        (write_atomically, BunkerError),
        (replace, OSError),
        (lambda path, content: write_output(path, content, "a plan", lambda _: True), BunkerError),
    ],
)
def test_a_failing_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Path, bytes], None],
    error: type[Exception],
) -> None:
    path = tmp_path / "vault"
    path.write_bytes(b"old")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(error, match="No space left on device"):
        write(path, b"new")
    assert path.read_bytes() == b"old"
    path.unlink()
    with pytest.raises(error, match="No space left on device"):
        write(path, b"new")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "vault", b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("file", "none"):
        with pytest.raises(BunkerError, match=r"could not be written.*unharmed"):
            write_atomically(tmp_path / folder / "vault", b"new")


def test_what_cannot_be_replaced_stays_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    with pytest.raises(BunkerError, match="could not be written"):
        write_atomically(tmp_path / "vault", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["vault"]


def test_a_file_keeps_its_mode_and_a_new_one_gets_what_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    before = os.umask(0o077)
    try:
        write_atomically(path, b"new", mode=0o644)
        assert path.stat().st_mode & 0o777 == 0o644
        path.chmod(0o640)
        write_atomically(path, b"newer", mode=0o644)
        assert path.stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)
    write_atomically(tmp_path / "vault", b"new")
    assert (tmp_path / "vault").stat().st_mode & 0o777 == 0o600


def test_a_link_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"someone else's")
    for place in (target, tmp_path / "nowhere"):
        link.unlink(missing_ok=True)
        link.symlink_to(place)
        write_atomically(link, b"new")
        assert (link.is_symlink(), link.read_bytes()) == (False, b"new")
    assert target.read_bytes() == b"someone else's"
    assert not (tmp_path / "nowhere").exists()


def test_only_one_module_replaces_files() -> None:
    """Names of files go in one argument; `str.replace` and `dataclasses.replace` have more."""
    found = set()
    for path in (ROOT / "bunker").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                alone = len(node.args) == 1 and not node.keywords
                by_path = node.func.attr == "replace" and alone
                if by_path or ast.unparse(node.func) in ("os.replace", "tempfile.mkstemp"):
                    found.add(path.relative_to(ROOT / "bunker").as_posix())
    # The files of a failed `instance.add` go back by a second link.
    assert found == {"files.py", "fleet/scaffold.py"}
