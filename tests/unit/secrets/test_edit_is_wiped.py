"""Whatever ends an edit: no clear text stays in memory, and nobody goes on working with it.

Real processes, real signals, a real terminal.
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bunker.secrets import create_host_secrets, init, sweep

ROOT = Path(__file__).resolve().parents[3]
HOST = (
    "host: north\naddress: 192.0.2.1\ndomain: north.example.org\ntier: 1\ngroups: [changemaker]\n"
)
# It leaves files beside the text as editors do, has a child that reads it, and says who it is.
STUBBORN = """
import os, pathlib, signal, subprocess, sys, time
for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, signal.SIG_IGN)
path = pathlib.Path(sys.argv[-1])
(path.parent / ".north.yml.swp").write_text(path.read_text())
(path.parent / "north.yml~").write_text(path.read_text())
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {child.pid}")
time.sleep(60)
"""


@dataclass
class Desk:
    """A fleet with one host, and a place in memory that only this test uses."""

    folder: Path
    memory: Path
    scratch: Path

    def environment(self, editor: str, *words: str) -> dict[str, str]:
        program = self.scratch / "editor.py"
        program.write_text(editor)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.scratch),
            "BUNKER_ROOT": str(self.folder.parent.parent),
            "BUNKER_AGE_KEY_FILE": str(self.scratch / "operator.age"),
            "XDG_RUNTIME_DIR": str(self.memory),
            "PYTHONDONTWRITEBYTECODE": "1",
            "EDITOR": shlex.join([sys.executable, str(program), *words]),
        }

    def start(self, note: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            COMMAND,
            cwd=ROOT,
            env=self.environment(STUBBORN, str(note)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def vault(self) -> bytes:
        return (self.folder / "north.sops.yml").read_bytes()

    @property
    def left(self) -> list[Path]:
        return list(self.memory.rglob("*"))


# A run of the tests in the background hands down signals that are ignored.
AS_ON_A_TERMINAL = ["env", "--default-signal=HUP,INT,QUIT,TERM"]
COMMAND = [*AS_ON_A_TERMINAL, sys.executable, "-m", "invoke", "secrets.edit", "--host", "north"]


def wait_for(note: Path) -> None:
    deadline = time.monotonic() + 60
    while not (note.exists() and note.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    folder = tmp_path / "root" / "inventories" / "production"
    folder.mkdir(parents=True)
    folder.with_suffix(".py").touch()
    (folder / "north.yml").write_text(HOST)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    init(folder, key_file=scratch / "operator.age")
    create_host_secrets(folder, "north", key_file=scratch / "operator.age")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        yield Desk(folder, Path(memory), scratch)


@pytest.mark.promise("An edit that is cut off leaves no clear text")
def test_a_signal_wipes_the_text_and_ends_the_editor_with_its_children(desk: Desk) -> None:
    before = desk.vault
    numbers = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
    notes = {number: desk.scratch / number.name for number in numbers}
    edits = {number: desk.start(note) for number, note in notes.items()}
    for note in notes.values():
        wait_for(note)
    assert len(list(desk.memory.rglob("north.yml*"))) == 2 * len(numbers)
    for number, process in edits.items():
        process.send_signal(number)
        process.send_signal(signal.SIGHUP)  # a closing terminal says it more than once
    for number, process in edits.items():
        _out, said = process.communicate(timeout=60)
        assert process.returncode == 130, said
        # Where both are there, either may be the one that is told.
        assert re.search(f"ended by ({number.name}|SIGHUP); nothing was written", said)
        assert "Traceback" not in said
        assert [pid for pid in notes[number].read_text().split() if is_alive(int(pid))] == []
    assert desk.left == []
    assert desk.vault == before


def in_terminal(desk: Desk, environment: dict[str, str]) -> tuple[int, int]:
    """The command as the leader of a terminal's session: its process and the terminal."""
    pid, terminal = pty.fork()
    if not pid:
        try:
            os.chdir(ROOT)
            os.execvpe(COMMAND[0], COMMAND, environment)  # noqa: S606 - no shell is wanted
        finally:
            os._exit(127)  # never go on as a second pytest
    return pid, terminal


@pytest.mark.promise("An edit that is cut off leaves no clear text")
def test_a_terminal_that_is_closed_leaves_no_text(desk: Desk) -> None:
    note = desk.scratch / "note"
    pid, terminal = in_terminal(desk, desk.environment(STUBBORN, str(note)))
    wait_for(note)
    os.close(terminal)
    os.waitpid(pid, 0)
    assert [pid for pid in note.read_text().split() if is_alive(int(pid))] == []
    assert desk.left == []


def test_ctrl_c_in_the_editor_belongs_to_the_editor(desk: Desk) -> None:
    note = desk.scratch / "note"
    editor = """
import pathlib, signal, sys, time
got = []
signal.signal(signal.SIGINT, lambda number, frame: got.append(number))
signal.signal(signal.SIGQUIT, lambda number, frame: got.append(number))
pathlib.Path(sys.argv[1]).write_text("ready")
while len(got) < 2:
    time.sleep(0.01)
path = pathlib.Path(sys.argv[-1])
path.write_text(path.read_text() + "SMTP_PASS: typed\\n")
"""
    pid, terminal = in_terminal(desk, desk.environment(editor, str(note)))
    wait_for(note)
    os.write(terminal, b"\x03")
    time.sleep(0.1)
    os.write(terminal, b"\x1c")
    _pid, status = os.waitpid(pid, 0)
    said = os.read(terminal, 10_000).decode()
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, said
    assert "north: added SMTP_PASS" in said
    assert desk.left == []


def test_a_signal_while_it_asks_wipes_the_text_too(desk: Desk) -> None:
    editor = "import pathlib, sys; pathlib.Path(sys.argv[-1]).write_text('WRONG: secret')"
    pid, terminal = in_terminal(desk, desk.environment(editor))
    said = b""
    while b"Open the text again?" not in said:
        said += os.read(terminal, 10_000)
    assert desk.left != []
    os.kill(pid, signal.SIGTERM)
    _pid, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 130
    assert desk.left == []


def test_a_text_that_is_refused_is_said_once_without_a_terminal(desk: Desk) -> None:
    editor = "import pathlib, sys; pathlib.Path(sys.argv[-1]).write_text('WRONG: secret')"
    done = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=desk.environment(editor),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("unknown secret") == 1
    assert desk.left == []


@pytest.mark.promise("An edit that is cut off leaves no clear text")
def test_what_a_kill_leaves_is_swept_by_the_next_command_and_a_living_edit_is_not(
    desk: Desk,
) -> None:
    killed = desk.start(desk.scratch / "killed")
    wait_for(desk.scratch / "killed")
    killed.kill()
    for pid in (desk.scratch / "killed").read_text().split():
        os.kill(int(pid), signal.SIGKILL)
    killed.communicate()
    assert len(list(desk.memory.rglob("north.yml*"))) == 2
    living = desk.start(desk.scratch / "living")
    wait_for(desk.scratch / "living")
    try:
        folders = {path.name.split("-")[2]: path for path in desk.memory.iterdir()}
        assert set(folders) == {str(living.pid)}  # starting it was the next command
        done = subprocess.run(
            [sys.executable, "-m", "invoke", "secrets.show", "--host", "north"],
            cwd=ROOT,
            env=desk.environment(STUBBORN),
            capture_output=True,
            text=True,
            check=True,
        )
        assert "wiped" not in done.stderr
        assert (folders[str(living.pid)] / "north.yml").exists()
    finally:
        living.terminate()
        _out, said = living.communicate(timeout=60)
    assert "advice: the text of an edit that was cut off lay in memory still; it is wiped" in said


def test_only_our_own_private_folders_of_the_dead_are_swept(tmp_path: Path) -> None:
    def left(name: str, mode: int = 0o700) -> Path:
        folder = tmp_path / name
        folder.mkdir(mode=mode)
        (folder / "text").write_text("clear")
        return folder

    ours = left("bunker-edit-999999999-12345-abc")
    reused = left(f"bunker-edit-{os.getpid()}-1-abc")
    target = tmp_path / "precious"
    target.write_text("not to be zeroed")
    (ours / "link").symlink_to(target)
    kept = [
        left("bunker-edit-999999999-12345-open", 0o755),
        left("bunker-edit-something-else"),
        left("bunker-other-999999999-12345-abc"),
    ]
    (tmp_path / "bunker-edit-999999999-12345-link").symlink_to(kept[2])
    (tmp_path / "bunker-edit-999999999-12345-file").write_text("x")
    (reused / "text").chmod(0o400)
    assert sweep([tmp_path, tmp_path, tmp_path / "none"]) == 2
    assert not ours.exists()
    assert not reused.exists()
    assert target.read_text() == "not to be zeroed"
    assert all((folder / "text").read_text() == "clear" for folder in kept)
    assert sweep([tmp_path]) == 0
