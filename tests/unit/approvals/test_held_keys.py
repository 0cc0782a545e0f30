"""Which keys somebody holds: also those whose public half lies nowhere as a file."""

from __future__ import annotations

import base64
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bunker.approvals.ssh_keys import fingerprint_of, held_keys, own_fingerprint


def make(path: Path, *words: str, passphrase: str = "") -> str:
    """A real key, whose public line this tells and nothing else does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    command = ["ssh-keygen", "-q", "-N", passphrase, "-C", "x", "-f", str(path), *words]
    subprocess.run(command, check=True, capture_output=True)
    public = Path(f"{path}.pub")
    line = public.read_text().strip()
    public.unlink()
    return line


def held(*lines: str) -> bool:
    """Whether all of these keys are known to be held."""
    return {fingerprint_of(line) for line in lines} <= held_keys([])


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty ~/.ssh."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("SSH_AUTH_SOCK", "SUDO_USER", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    return home / ".ssh"


@pytest.mark.promise("No one approves a run of their own")
def test_private_keys_tell_their_public_half(ssh: Path) -> None:
    keys = {
        make(ssh / "work", "-t", "ed25519"),
        make(ssh / "locked", "-t", "ed25519", passphrase="five words"),
        make(ssh / "curve", "-t", "ecdsa", passphrase="five words"),
        make(ssh / "old", "-t", "rsa", "-b", "2048", "-m", "PEM"),
        make(ssh / "older", "-t", "ecdsa", "-m", "PKCS8"),
        make(ssh / "below" / "deeper" / "deep", "-t", "ed25519"),
        make(ssh / "a.pub.backup", "-t", "ed25519"),
    }
    # One that others may read is refused by ssh, until somebody changes its mode.
    (ssh / "old").chmod(0o644)
    (ssh / "work").chmod(0o666)
    assert held(*keys)


def test_the_handle_of_a_hardware_key_tells_its_public_half(ssh: Path) -> None:
    def field(content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + content

    blob = field(b"sk-ssh-ed25519@openssh.com") + field(b"k" * 32) + field(b"ssh:")
    data = b"openssh-key-v1\0" + field(b"none") * 2 + field(b"") + struct.pack(">I", 1)
    text = base64.encodebytes(data + field(blob) + field(b"handle")).decode()
    (ssh / "id_ed25519_sk").write_text(
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{text}-----END OPENSSH PRIVATE KEY-----\n"
    )
    line = f"sk-ssh-ed25519@openssh.com {base64.b64encode(blob).decode()} bob@example"
    assert held(line)
    # A real one is read the same way as ssh-keygen reads it.
    made = make(ssh / "real", "-t", "ed25519")
    assert own_fingerprint(ssh / "real") == fingerprint_of(made)


def test_a_public_file_beside_it_counts_too_and_hides_nothing(ssh: Path) -> None:
    mine = make(ssh / "work", "-t", "ed25519")
    other = make(ssh / "other", "-t", "ed25519")
    (ssh / "work.pub").write_text(f"{other} not the one inside\n")
    (ssh / "other").unlink()
    assert held(mine, other)
    # One of a colleague, alone, is nobody's own.
    alone = make(ssh / "carol", "-t", "ed25519")
    (ssh / "carol").rename(ssh.parent / "elsewhere")
    (ssh / "carol.pub").write_text(f"{alone}\n")
    assert not held(alone)


def test_an_old_key_with_a_passphrase_is_known_by_its_public_file_alone(ssh: Path) -> None:
    key = make(ssh / "pem", "-t", "rsa", "-b", "2048", "-m", "PEM", passphrase="five words")
    assert not held(key)
    (ssh / "pem.pub").write_text(f"{key}\n")
    assert held(key)


def test_keys_that_the_configuration_of_ssh_names_are_held(ssh: Path) -> None:
    away = make(ssh.parent / "keys" / "away", "-t", "ed25519")
    stick = make(ssh.parent / "stick" / "key", "-t", "ed25519")
    (ssh / "config.d").mkdir()
    (ssh / "config").write_text(
        "Host *.example\n  IdentityFile ~/keys/away\n  IdentityAgent none\nInclude config.d/*\n"
    )
    (ssh / "config.d" / "work").write_text(f'Host x\n\tidentityfile = "{stick_of(ssh)}"\n')
    assert held(away, stick)


def stick_of(ssh: Path) -> Path:
    return ssh.parent / "stick" / "key"


def test_what_git_signs_with_is_held(ssh: Path) -> None:
    def held_when_signing_with(value: str) -> bool:
        command = ["git", "config", "--global", "user.signingKey", value]
        subprocess.run(command, check=True)
        return held(key)

    place = ssh.parent / "signing"
    key = make(place / "key", "-t", "ed25519", passphrase="five words")
    assert held_when_signing_with("~/signing/key")
    public = place / "key.pub"
    public.write_text(f"{key} me\n")
    assert held_when_signing_with(str(public))
    shutil.rmtree(place)
    assert not held_when_signing_with("ABCDEF0123456789")
    assert held_when_signing_with(f"key::{key} me")
    assert held_when_signing_with(f"{key}")
    repository = ssh.parent / "fleet"
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    own = make(ssh.parent / "local", "-t", "ed25519")
    local = ["git", "-C", str(repository), "config", "user.signingKey", str(ssh.parent / "local")]
    subprocess.run(local, check=True)
    assert fingerprint_of(own) in held_keys([], place=repository)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Path]:
    socket = tmp_path / "agent"
    with subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout
        process.stdout.readline()
        yield socket
        process.terminate()


def test_keys_of_an_agent_that_only_the_configuration_names_are_held(
    ssh: Path, agent: Path
) -> None:
    key = make(ssh.parent / "loaded", "-t", "ed25519")
    subprocess.run(
        ["ssh-add", "-q", str(ssh.parent / "loaded")],
        env={"SSH_AUTH_SOCK": str(agent), "PATH": "/usr/bin:/bin"},
        check=True,
    )
    assert not held(key)
    (ssh / "config").write_text(f"IdentityAgent {agent}\n")
    assert held(key)


def test_what_is_no_key_is_no_hindrance(ssh: Path) -> None:
    (ssh / "known_hosts").write_text("x" * 300_000)
    (ssh / "broken").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n!!!\n-----END\n")
    (ssh / "short").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END\n")
    (ssh / "binary").write_bytes(bytes(range(256)))
    (ssh / "loop").symlink_to(ssh / "loop")
    (ssh / "config").write_text("IdentityFile ~nobody/%h/%r\nIdentityAgent SSH_AUTH_SOCK\n")
    key = make(ssh / "work", "-t", "ed25519")
    assert fingerprint_of(key) in held_keys([Path("/nowhere"), ssh])
