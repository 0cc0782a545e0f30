"""What the `ssh` client is told, and what its failures are called.

The client is replaced by a script that records its arguments and says what the real one says;
tests/lab has the real one against a real sshd.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bunker.fleet import Host
from bunker.host_keys import Unreachable, fingerprint
from bunker.remote import Completed, Remote, run_many
from bunker.shell import as_root

HOST = Host(name="north", address="203.0.113.1", port=2222, domain="north.example.org")


@pytest.fixture
def client(tmp_path, monkeypatch):
    """Installs a stand-in for ssh with a given body; returns a Remote."""

    def install(body: str) -> Remote:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "ssh").write_text(f"#!/bin/sh\n{body}\n")
        (folder / "ssh").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        return Remote(HOST, tmp_path / "known hosts 100%", tmp_path / "key")

    return install


def test_the_command_pins_host_keys_and_asks_nothing():
    argv = Remote(HOST, Path("/f/known_hosts"), Path("/k"), ssh_config=Path("/f/c")).command("id")
    assert argv[:3] == ["ssh", "-F", "/f/c"]
    assert argv[-3:] == ["--", "203.0.113.1", "id"]
    options = {argv[at + 1] for at, word in enumerate(argv) if word == "-o"}
    assert {
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        'UserKnownHostsFile="/f/known_hosts"',
        "GlobalKnownHostsFile=/dev/null",
        "ConnectTimeout=10",
        "ServerAliveInterval=15",
        "IdentitiesOnly=yes",
        'IdentityFile="/k"',
    } <= options
    assert argv[argv.index("-p") + 1] == "2222"
    assert argv[argv.index("-l") + 1] == "deploy"


def test_without_a_key_the_agent_chooses():
    argv = Remote(HOST, Path("/f")).command()
    assert not any("Identit" in word for word in argv)
    assert argv[-1] == "203.0.113.1"


def test_the_real_client_understands_every_option(tmp_path):
    remote = Remote(HOST, tmp_path / "known hosts 100%", tmp_path / "a key")
    argv = remote.command("id")
    done = subprocess.run(["ssh", "-G", *argv[1:]], capture_output=True, text=True, check=True)
    assert f"userknownhostsfile {tmp_path}/known hosts 100%" in done.stdout.replace("%%", "%")
    assert f"identityfile {tmp_path}/a key" in done.stdout.replace("%%", "%")


def test_data_go_over_standard_input_and_never_into_arguments(client, tmp_path):
    remote = client(f'printf "%s\\n" "$@" > {tmp_path}/argv; cat')
    done = remote.run("cat > /etc/x", input="canary-secret", sudo=True)
    assert done == Completed("north", 0, "canary-secret", "")
    argv = (tmp_path / "argv").read_text()
    assert "canary-secret" not in argv
    assert argv.endswith(f"203.0.113.1\n{as_root('cat > /etc/x')}\n")


def test_a_failing_script_is_an_answer(client):
    done = client("echo out; echo oops >&2; exit 3").run(["false", "a b"])
    assert (done.returncode, done.ok, done.stdout, done.stderr) == (3, False, "out\n", "oops\n")


@pytest.mark.parametrize(
    ("said", "problem", "remedy"),
    [
        (
            "ssh: connect to host 203.0.113.1 port 2222: Connection refused",
            "203.0.113.1 port 2222 refuses connections",
            "Check that the host is up",
        ),
        (
            "ssh: connect to host 203.0.113.1 port 2222: Connection timed out",
            "did not answer within 10 seconds",
            "a firewall lets this machine in",
        ),
        (
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
            "the host key of 203.0.113.1 port 2222 has changed",
            "invoke instance.trust north",
        ),
        (
            "No ED25519 host key is known for [x] and you have requested strict checking.\n"
            "Host key verification failed.",
            "is not in",
            "invoke instance.trust",
        ),
        (
            "deploy@203.0.113.1: Permission denied (publickey).",
            "does not let deploy in with",
            "~deploy/.ssh/authorized_keys",
        ),
        (
            "Permissions 0644 for '/k' are too open.\nThis private key will be ignored.\n"
            "WARNING: UNPROTECTED PRIVATE KEY FILE!\ndeploy@x: Permission denied (publickey).",
            "may be read by others",
            "chmod 600",
        ),
        ("ssh: Could not resolve hostname x: Name or service not known", "resolved", "name"),
        ("ssh: connect to host x port 22: No route to host", "there is no way to", "VPN"),
        (
            "kex_exchange_identification: read: Connection reset by peer",
            "closed the connection before the login",
            "fail2ban",
        ),
        ("client_loop: send disconnect: Broken pipe", "was lost: client_loop", "Try again"),
    ],
)
def test_each_way_of_not_reaching_a_host_has_its_own_remedy(client, said, problem, remedy):
    remote = client(f"cat >&2 <<'EOF'\n{said}\nEOF\nexit 255")
    with pytest.raises(Unreachable) as caught:
        remote.run("true")
    assert str(caught.value).startswith("north: ")
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy


def test_a_host_that_falls_silent_is_unreachable(client):
    with pytest.raises(Unreachable, match=r"no answer within 0.2 seconds"):
        client("exec sleep 5").run("true", timeout=0.2)


def test_many_hosts_at_once_and_one_of_them_gone(client, tmp_path):
    client('case "$*" in *203.0.113.2*) echo "Connection refused" >&2; exit 255;; esac; echo fine')
    remotes = [
        Remote(
            Host(name=f"n{n}", address=f"203.0.113.{n}", domain=f"n{n}.example.org"), tmp_path / "k"
        )
        for n in (1, 2, 3)
    ]
    outcomes = run_many(remotes, lambda host: f"echo {host.name}", workers=2)
    assert list(outcomes) == ["n1", "n2", "n3"]
    assert isinstance(outcomes["n2"], Unreachable)
    assert outcomes["n3"] == Completed("n3", 0, "fine\n", "")
    assert run_many([], "true") == {}


def test_a_fingerprint_is_the_one_that_ssh_keygen_prints(tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    printed = subprocess.run(
        ["ssh-keygen", "-l", "-f", key], capture_output=True, text=True, check=True
    ).stdout.split()[1]
    assert fingerprint(key.with_suffix(".pub").read_text().split()[1]) == printed
