"""Files that people and programs can damage: read whole and checked, or refused in a sentence.

Every reader of the control machine comes through here, so that a named pipe, a device, a file of
gigabytes, bytes that are no text and JSON nested a million times end in the same way everywhere.
So does every writer that must leave the old file or the new one, whole.
"""

import json
import os
import re
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from bunker.errors import BunkerError

MEBIBYTE: Final = 1 << 20
DEEPEST: Final = 64
"""No file of ours nests deeper; what reads the data may then recurse without a care."""

_KINDS: Final[tuple[tuple[Callable[[int], bool], str], ...]] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a symbolic link"),
)
_HALF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")


def read_bytes(path: Path, *, where: str = "", most: int = MEBIBYTE) -> bytes:
    """The content of a regular file of ``most`` bytes at the most; ``where`` names it in errors.

    Raises FileNotFoundError as it is, since what a missing file means differs, and BunkerError for
    everything else that is wrong. Never waits: a pipe is refused instead of read.
    """
    where = where or str(path)
    try:
        # Before opening: to open some devices does something, and a pipe waits for its writer.
        _refuse_special(path.stat(), where, most)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            _refuse_special(os.fstat(descriptor), where, most)
            content = stream.read(most + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BunkerError(f"the file cannot be read: {error.strerror}", where=where) from None
    except ValueError:  # a NUL, or half a character
        raise BunkerError("this is no name of a file", where=where) from None
    if len(content) > most:
        raise _too_big(where, most)
    return content


def read_text(path: Path, *, where: str = "", most: int = MEBIBYTE) -> str:
    """The text of a file (:func:`read_bytes`); a byte order mark is not part of it."""
    where = where or str(path)
    content = read_bytes(path, where=where, most=most)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = "the file is not UTF-8 text"
        remedy = "Save it as UTF-8"
        raise BunkerError(problem, where=f"{where}:{line}", remedy=remedy) from None


def read_listed(path: Path, *, where: str = "", most: int = MEBIBYTE) -> str:
    """:func:`read_text` of a file that a folder lists: where it is missing, it is a link."""
    try:
        return read_text(path, where=where, most=most)
    except FileNotFoundError:
        raise BunkerError("this link leads nowhere", where=where or str(path)) from None


def read_json(path: Path, *, where: str = "", most: int = MEBIBYTE) -> Any:
    """What a JSON file holds (:func:`read_text`, :func:`parse_json`)."""
    return parse_json(read_text(path, where=where, most=most), where or str(path))


def parse_json(text: str, where: str) -> Any:
    """Plain data of a JSON text: finite numbers, whole characters, nested to a sensible depth."""
    try:
        data = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        problem = f"this is not valid JSON: {error.msg}"
        raise BunkerError(problem, where=f"{where}:{error.lineno}") from None
    except RecursionError:
        raise _too_deep(where) from None
    except ValueError:  # more digits than Python converts, or NaN
        raise BunkerError("a number in it cannot be read", where=where) from None
    pending = [(data, 0)]
    while pending:
        value, depth = pending.pop()
        if depth > DEEPEST:
            raise _too_deep(where)
        if isinstance(value, str):
            if not is_whole(value):
                found = _HALF_A_PAIR.search(text)
                line = text.count("\n", 0, found.start() if found else 0) + 1
                raise BunkerError("a text in it holds half a character", where=f"{where}:{line}")
        elif isinstance(value, dict):
            pending += [(item, depth + 1) for pair in value.items() for item in pair]
        elif isinstance(value, list):
            pending += [(item, depth + 1) for item in value]
    return data


def check_output(path: Path, what: str, is_ours: Callable[[Path], bool]) -> bool:
    """Whether a file that an option names would be replaced; False for a new one.

    Only a file that ``is_ours`` says we wrote is ever replaced. Raises BunkerError for everything
    else that stands there, and for a place in which no file can be made.
    """
    where, expected = str(path), "the name of a new file"
    try:
        where.encode()
        if not path.name or not where.isprintable():
            raise ValueError
        found = path.lstat()
    except FileNotFoundError:
        folder = path.parent
        if not folder.is_dir():
            problem = f"there is no such folder: {folder}"
            raise BunkerError(problem, where=where, expected=expected) from None
        if not os.access(folder, os.W_OK | os.X_OK):
            problem = f"nothing may be written in the folder {folder}"
            raise BunkerError(problem, where=where, expected=expected) from None
        return False
    except OSError as error:
        problem = f"{what} cannot be written there: {error.strerror}"
        raise BunkerError(problem, where=where, expected=expected) from None
    except ValueError:  # nothing, a NUL, half a character
        raise BunkerError(f"{where!r} is no name of a file", expected=expected) from None
    if kind := kind_of(found.st_mode):
        raise BunkerError(f"this is {kind}", where=where, expected=expected)
    if not is_ours(path):
        problem = f"a file that is no {what} of yours stands there, and it stays as it is"
        raise BunkerError(problem, where=where, expected=f"a new file, or an earlier {what}")
    return True


def write_output(path: Path, content: bytes, what: str, is_ours: Callable[[Path], bool]) -> None:
    """Write what an option asked for (:func:`check_output`), readable by its owner only.

    What stood there is replaced in one step or not at all, and a failure leaves no file behind.
    """
    replaces = check_output(path, what, is_ours)
    try:
        if replaces:
            replace(path, content)
        else:
            _create(path, content, 0o600)
    except OSError as error:
        problem = f"{what} cannot be written: {error.strerror}"
        raise BunkerError(problem, where=str(path)) from None


def write_atomically(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """:func:`replace` for the control machine's own files, with a sentence where it fails.

    An existing file keeps its mode; ``mode`` is for a new one, whatever the umask.
    """
    try:
        with suppress(FileNotFoundError):
            mode = stat.S_IMODE(path.stat().st_mode)
        replace(path, content, mode=mode)
    except OSError as error:
        raise BunkerError(
            f"the file could not be written ({error.strerror}); the old one is unharmed",
            where=str(path),
            remedy="Free some disk space, or check the folder's owner and mode",
        ) from None


def replace(path: Path, content: bytes, *, mode: int = 0o600, flush: bool = True) -> None:
    """Put a file in place so that a crash or a full disk leaves the old one or the new one, whole.

    A symbolic link is replaced itself; nothing is ever written through one. Without ``flush`` a
    loss of power may leave the old one, or an empty file. Raises OSError as it is.
    """
    # A name of its own length: that of the file may be as long as a name can be.
    temporary = path.with_name(f".bunker-{secrets.token_hex(8)}")
    try:
        _create(temporary, content, mode, flush=flush)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if flush:
        flush_folder(path.parent)


def create(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Put a new file in place, whole or not at all. Raises FileExistsError where there is one."""
    temporary = path.with_name(f".bunker-{secrets.token_hex(8)}")
    try:
        _create(temporary, content, mode)
        os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    flush_folder(path.parent)


def make_unversioned(folder: Path, *, mode: int = 0o777) -> None:
    """A folder that git does not see."""
    folder.mkdir(mode=mode, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")


def flush_folder(folder: Path) -> None:
    """Make sure that a new file's name outlives a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _create(path: Path, content: bytes, mode: int, *, flush: bool = True) -> None:
    """Write a file that is not there yet, whole or not at all."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(descriptor, mode)
            if flush:
                os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def user_path(text: str, where: str) -> Path:
    """The path that an option or a variable names, ``~`` included."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise BunkerError(f"{text!r} names a user that is not there", where=where) from None


def is_whole(text: str) -> bool:
    """Whether a text can be written in UTF-8: it holds no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def kind_of(mode: int) -> str:
    """What stands there where it is no regular file, in words; empty for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    return next((words for test, words in _KINDS if test(mode)), "no regular file")


def _refuse_special(found: os.stat_result, where: str, most: int) -> None:
    if kind := kind_of(found.st_mode):
        raise BunkerError(f"this is {kind}", where=where, expected="a regular file")
    if found.st_size > most:
        raise _too_big(where, most)


def _too_big(where: str, most: int) -> BunkerError:
    return BunkerError(f"the file is larger than {most / MEBIBYTE:g} MiB", where=where)


def _too_deep(where: str) -> BunkerError:
    return BunkerError("it is nested too deeply", where=where)


def _no_number(_text: str) -> Any:
    raise ValueError
