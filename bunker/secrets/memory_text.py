"""A plaintext that lies in memory only, while an editor has it, and is gone whatever ends that.

Signals that end a process wipe it first. What a SIGKILL or a power cut leaves is swept by the next
command that works on secrets.
"""

import os
import re
import resource
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

from bunker.errors import BunkerError, Interrupted

ENDING: Final = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
PATIENCE_SECONDS: Final = 1.0
"""How long an editor that is told to end may take."""

_FROM_KERNEL: Final = 0x80
"""The si_code of a signal that a key on the terminal made; the editor has got it as well."""
_PREFIX: Final = "bunker-edit-"
_OURS: Final = re.compile(rf"{_PREFIX}(\d+)-(\d+)-\w+")
# Files beside the text (swap, backup, undo, registers) would outlive the editor on the disk.
_QUIET_VIM: Final = ("-n", "-i", "NONE", "--cmd", "set noundofile nobackup nowritebackup")


@contextmanager
def text_in_memory(candidates: Sequence[Path], name: str) -> Iterator[Path]:
    """An empty file, mode 0600, in a folder of its own in memory; wiped at the end.

    A signal of ``ENDING`` raises :class:`Interrupted` inside. Raises BunkerError where none of the
    candidates is a memory file system.
    """
    in_memory = next((folder for folder in candidates if _is_in_memory(folder)), None)
    if in_memory is None:
        raise BunkerError(
            "there is no memory file system, and secrets in plaintext must not touch the disk",
            where=", ".join(map(str, candidates)),
            expected="a tmpfs such as /dev/shm",
            remedy="Use `invoke secrets.set`, which needs none",
        )
    pid = os.getpid()
    with _signals_raise():
        # The name says whose it is, from the first moment on: mkdtemp makes it with mode 0700.
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{pid}-{_began(pid)}-", dir=in_memory))
        try:
            text_file = folder / name
            text_file.touch(mode=0o600)
            yield text_file
        finally:
            with _blocked():
                _wipe(folder)


def memory_folders() -> list[Path]:
    """Where a memory file system is looked for, the best place first."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    return [Path(runtime), Path("/dev/shm")]  # noqa: S108 - private inside


def sweep(candidates: Sequence[Path] | None = None) -> int:
    """Wipe what edits of ours left that died without a chance to; how many there were.

    Only folders of this user that no one else can enter, whose process is gone.
    """
    count = 0
    for place in dict.fromkeys(candidates or memory_folders()):
        try:
            folders = [path for path in place.iterdir() if _is_left_over(path)]
        except OSError:
            continue
        for folder in folders:
            _wipe(folder)
        count += len(folders)
    return count


def editor_command(editor: Sequence[str] | None) -> list[str]:
    """The given editor, else $VISUAL, else $EDITOR, else vi, told to leave no files about."""
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        command = list(editor) if editor else shlex.split(named)
    except ValueError:
        command = []
    remedy = "Set EDITOR to an editor that is installed, such as `nano` or `vim`"
    if not command:
        raise BunkerError(f"the editor {named!r} is no command", remedy=remedy)
    program = shutil.which(command[0])
    if program is None:
        raise BunkerError(f"the editor {command[0]!r} was not found", remedy=remedy)
    is_vim = re.fullmatch(r"n?vim(\..+)?", Path(program).resolve().name)
    return [program, *command[1:], *(_QUIET_VIM if is_vim else ())]


def run_editor(command: Sequence[str]) -> None:
    """Let the operator edit; raises BunkerError where the editor failed, Interrupted where we end.

    Ctrl-C and Ctrl-\\ belong to the editor, which may mean something else by them.
    """
    with _blocked(signal.SIGCHLD) as before:

        def prepare() -> None:
            # A crash of the editor must not write its memory to the disk either.
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

        try:
            # No other thread runs in this command.
            process = subprocess.Popen(command, preexec_fn=prepare)  # noqa: PLW1509
        except OSError as error:
            problem = f"the editor cannot be started ({error.strerror})"
            raise BunkerError(problem, where=command[0]) from None
        try:
            number = _wait(process)
        except BaseException:
            _end(process)
            raise
        if number is not None:
            _end(process)
    if number is not None:
        raise _interrupted(number)
    code = process.returncode
    if code < 0:
        ended = signal.Signals(-code).name
        raise BunkerError(f"the editor was ended by {ended}; nothing was written", where=command[0])
    if code > 0:
        problem = f"the editor ended with exit code {code}; nothing was written"
        raise BunkerError(problem, where=command[0])


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    """Wait for the editor; the number of a signal that ends us first."""
    awaited = {*_heeded(), signal.SIGCHLD}
    while process.poll() is None:
        found = signal.sigtimedwait(awaited, 1.0)
        if found is None or found.si_signo == signal.SIGCHLD:
            continue
        key = found.si_signo in (signal.SIGINT, signal.SIGQUIT) and found.si_code == _FROM_KERNEL
        if not key:
            return found.si_signo
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the editor and whatever it started: each of them has the text."""
    family = _descendants(process.pid)
    process.terminate()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in family:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _descendants(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        if fields := _stat(int(entry.name)):
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, new = [], [pid]
    while new:
        new = [child for parent in new for child in parents.get(parent, ())]
        found += new
    return found


@contextmanager
def _signals_raise() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ended: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        # A closing terminal says so several times; the first one is on its way already.
        if not ended:
            ended.append(number)
            raise _interrupted(number)

    previous = {number: signal.signal(number, handle) for number in _heeded()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _heeded() -> list[signal.Signals]:
    """Signals that end this process; `nohup` made it deaf to one."""
    return [number for number in ENDING if signal.getsignal(number) != signal.SIG_IGN]


@contextmanager
def _blocked(*more: int) -> Iterator[set[signal.Signals | int]]:
    """Hold back signals; gives the mask from before."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*ENDING, *more})
    try:
        yield before
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _interrupted(number: int) -> Interrupted:
    name = signal.Signals(number).name
    return Interrupted(
        f"the edit was ended by {name}; nothing was written, and the text is wiped",
        remedy="Begin it again with the same command",
    )


def _is_left_over(folder: Path) -> bool:
    match = _OURS.fullmatch(folder.name)
    if not match:
        return False
    found = folder.lstat()
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    return private and found.st_uid == os.geteuid() and _began(int(match[1])) != match[2]


def _began(pid: int) -> str:
    """When a process began, in clock ticks since the boot; empty where it is gone."""
    fields = _stat(pid)
    return fields[19] if fields and fields[0] != "Z" else ""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; none where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _is_in_memory(folder: Path) -> bool:
    """Whether a folder lies on tmpfs and can be written; unknown systems answer no."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    asking = ["stat", "--file-system", "--format", "%T", str(folder)]
    kind = subprocess.run(asking, capture_output=True, text=True, check=False).stdout.strip()
    return kind in {"tmpfs", "ramfs"}


def _wipe(folder: Path) -> None:
    """Overwrite and remove all files of a folder of ours, whatever modes an editor gave them."""
    for place, _folders, names in os.walk(folder):
        with suppress(OSError):
            Path(place).chmod(0o700)
        for name in names:
            with suppress(OSError):
                _overwrite(Path(place) / name)
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        remedy = f"Look at it and remove it: {folder}"
        raise BunkerError("the text could not be wiped", where=str(folder), remedy=remedy)


def _overwrite(path: Path) -> None:
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        return
    path.chmod(0o600)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_NOFOLLOW), "wb") as stream:
        stream.write(b"\0" * os.fstat(stream.fileno()).st_size)
