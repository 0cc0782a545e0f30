"""Adding a server, against a real sshd with keys and a configuration of its own.

It is a lab host's sshd, in a container of its own on this machine's loopback address.
`sudo` is the one stand-in: a script, first in the PATH of the login, that checks what it is asked
and allows or refuses it as the test wants.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.fleet import Host, load_fleet
from bunker.fleet.scaffold import add_instance, trust_instance
from bunker.host_keys import Unreachable, scan_host_key
from bunker.lab import recipes
from bunker.lab.lab import Lab
from bunker.remote import Remote, run_many
from tests.lab.fleet_under_test import FleetUnderTest

pytestmark = pytest.mark.lab

REPOSITORY = Path(__file__).resolve().parents[2]
USER = "root"
OTHER = (
    "203.0.113.77 ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIEMAsFSv3L4fsJUP40izJEBxQ/M5YGZJXN5kqIahh/oa\n"
)
SUDO = """\
#!/bin/sh
# Stand-in for sudo: takes only what Bunker asks.
test "$1" = -n || {{ echo "unexpected arguments: $*" >&2; exit 64; }}
shift
test {allowed} = yes || {{ echo "sudo: a password is required" >&2; exit 1; }}
test "$1" = -- && shift
exec "$@"
"""


def keygen(path: Path) -> None:
    path.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)


class Server:
    """One sshd on a loopback port; host key and sudo can be changed while it lives."""

    def __init__(self, folder: Path, lab: Lab) -> None:
        self.folder = folder
        self.lab = lab
        self.container = lab.naming.container("sshd")
        folder.mkdir()
        (folder / "bin").mkdir()
        self.sudo(allowed=True)
        keygen(folder / "operator")
        shutil.copy(folder / "operator.pub", folder / "authorized_keys")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.start()

    def sudo(self, *, allowed: bool) -> None:
        script = self.folder / "bin/sudo"
        script.write_text(SUDO.format(allowed="yes" if allowed else "no"))
        script.chmod(0o755)

    def start(self) -> None:
        """Start anew, with a new host key."""
        keygen(self.folder / "host_key")
        (self.folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {self.folder}/host_key\n"
            f"AuthorizedKeysFile {self.folder}/authorized_keys\nPidFile none\nUsePAM no\n"
            "StrictModes no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
            f"SetEnv PATH={self.folder}/bin:/usr/bin:/bin\nSubsystem sftp internal-sftp\n"
        )
        lab = self.lab
        image = lab.images().recipe(recipes.machinery(lab.images_folder, "host"))
        run = f"mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e -f {self.folder}/sshd_config"
        lab.engine().create_container(
            image,
            ["/bin/sh", "-c", run],
            name=self.container,
            labels=lab.naming.labels(part="sshd"),
            host_config={"NetworkMode": "host", "Binds": [f"{self.folder}:{self.folder}:ro"]},
        )
        lab.engine().start(self.container)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError(lab.engine().logs(self.container))

    def stop(self) -> None:
        self.lab.engine().remove(self.container)

    @property
    def fingerprint(self) -> str:
        argv = ["ssh-keygen", "-l", "-f", self.folder / "host_key.pub"]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()[1]


@pytest.fixture
def server(fleet: FleetUnderTest, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "server", fleet.lab)
    yield server
    server.stop()


@pytest.fixture
def root(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "repository"
    folder = root / "inventories/production"
    folder.mkdir(parents=True)
    shutil.copy(REPOSITORY / "inventories/production.py", root / "inventories")
    shutil.copy(REPOSITORY / "inventories/ssh_config", root / "inventories")
    (folder / ".sops.yaml").write_text("creation_rules: []\n")
    (folder / "known_hosts").write_text(OTHER)
    monkeypatch.setenv("BUNKER_SSH_KEY", str(server.folder / "operator"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return root


def secrets_for(folder: Path, host: Host) -> Path:
    path = folder / f"{host.name}.sops.yml"
    path.write_text("host: ENC[]\nsops:\n    mac: ENC[]\n")
    return path


def add(root: Path, port: int, **options):
    values = {"confirm": lambda _keys: True, "create_secrets": secrets_for, **options}
    return add_instance(
        root,
        "production",
        "north",
        "north.example.org",
        "127.0.0.1",
        port=port,
        user=USER,
        **values,
    )


def content(root: Path) -> dict[str, bytes]:
    """Everything in the repository but the lock files, which git ignores."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".locks" not in path.parts
    }


def test_a_server_is_added_in_one_go(root, server):
    shown = []

    def confirm(keys):
        shown.extend(keys)
        return True

    added = add(root, server.port, tier=2, groups=["canary"], ref="v2.1", confirm=confirm)
    assert server.fingerprint in [key.fingerprint for key in shown]
    assert (root / "inventories/production/known_hosts").read_text() == (
        OTHER + "".join(f"{key.line}\n" for key in shown)
    )
    fleet = load_fleet(root, "production")
    host = fleet.host("north")
    assert host == added.host
    assert (host.tier, host.groups, host.application.ref) == (2, ("changemaker", "canary"), "v2.1")
    done = Remote.of(fleet, host).run("cat; echo $((40 + 2))", input="from stdin ")
    assert done.stdout == "from stdin 42\n"
    assert Remote.of(fleet, host).run("echo $0", sudo=True).stdout == "/bin/sh\n"


def test_with_real_secrets(root, server, tmp_path, monkeypatch):
    from bunker import secrets

    monkeypatch.setenv("BUNKER_AGE_KEY_FILE", str(tmp_path / "age/operator.age"))
    (root / "inventories/production/.sops.yaml").unlink()
    secrets.init(root / "inventories/production")
    add(
        root,
        server.port,
        create_secrets=lambda folder, host: secrets.create_host_secrets(folder, host.name),
    )
    values = secrets.read_host_secrets(root / "inventories/production", "north")
    assert "V2_POSTGRES_PASSWORD" in values
    clear = b"\n".join(content(root).values())
    assert not [key for key, value in values.items() if value.reveal().encode() in clear]


def fails(_folder: Path, _host: Host) -> Path:
    raise BunkerError("no key to encrypt with")


def interrupted(folder: Path, host: Host) -> Path:
    secrets_for(folder, host)
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"confirm": lambda _keys: False}, BunkerError, "the host key was not confirmed"),
        ({"create_secrets": fails}, BunkerError, "no key to encrypt with"),
        ({"create_secrets": interrupted}, KeyboardInterrupt, ""),
        ({"create_secrets": lambda folder, _host: folder}, BunkerError, "no secrets were made"),
        ({"tier": 3}, BunkerError, "tier is 3"),
    ],
)
def test_a_failure_leaves_nothing_behind(root, server, options, error, sentence):
    before = content(root)
    with pytest.raises(error) as caught:
        add(root, server.port, **options)
    assert sentence in str(caught.value)
    assert content(root) == before
    add(root, server.port)


def test_a_host_file_that_cannot_be_written_takes_the_rest_back(root, server, monkeypatch):
    def full(path: Path, _content: bytes, *, mode: int) -> None:
        raise BunkerError("No space left on device", where=f"{path} ({mode:o})")

    before = content(root)
    monkeypatch.setattr("bunker.fleet.scaffold.write_atomically", full)
    with pytest.raises(BunkerError, match="No space left"):
        add(root, server.port)
    monkeypatch.undo()
    assert content(root) == before


def test_a_login_that_is_refused_leaves_nothing_behind(root, server, tmp_path, monkeypatch):
    keygen(tmp_path / "stranger")
    monkeypatch.setenv("BUNKER_SSH_KEY", str(tmp_path / "stranger"))
    before = content(root)
    with pytest.raises(Unreachable, match=r"does not let .* in with .*stranger"):
        add(root, server.port)
    assert content(root) == before


def test_sudo_that_asks_for_a_password_leaves_nothing_behind(root, server):
    server.sudo(allowed=False)
    before = content(root)
    with pytest.raises(BunkerError, match="not allowed to run sudo without a password"):
        add(root, server.port)
    assert content(root) == before


def test_where_no_sshd_answers(root, server):
    before = content(root)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable, match="it refuses connections: no sshd listens there"):
            add(root, silent.getsockname()[1])
        silent.listen()
        with pytest.raises(Unreachable, match="not an sshd that shows a key"):
            scan_host_key("127.0.0.1", silent.getsockname()[1], timeout=1)
    assert content(root) == before


def test_another_host_key_is_never_taken_silently(root, server):
    add(root, server.port)
    fleet = load_fleet(root, "production")
    remote = Remote.of(fleet, fleet.host("north"))
    server.stop()
    server.start()
    with pytest.raises(Unreachable, match=r"the host key of 127.0.0.1 port .* has changed"):
        remote.run("true")
    before = content(root)
    with pytest.raises(BunkerError, match="was not confirmed"):
        trust_instance(root, "production", "north", confirm=lambda _keys: False)
    assert content(root) == before
    trust_instance(root, "production", "north", confirm=lambda _keys: True)
    assert remote.run("true").ok
    # A new host file for an address whose recorded key differs is refused as well.
    server.stop()
    server.start()
    for name in ("north.yml", "north.sops.yml"):
        (fleet.folder / name).unlink()
    before = content(root)
    with pytest.raises(BunkerError, match="shows another key than the one recorded before"):
        add(root, server.port)
    assert content(root) == before


def test_an_unknown_host_key_is_refused(root, server, tmp_path):
    host = add(root, server.port).host
    stranger = Remote(host, tmp_path / "nothing", server.folder / "operator")
    with pytest.raises(Unreachable, match=r"is not in .*nothing"):
        stranger.run("true")


def test_many_at_once_and_one_unreachable(root, server, tmp_path):
    host = add(root, server.port).host
    fleet = load_fleet(root, "production")
    gone = host.model_copy(update={"name": "gone", "port": 1})
    remotes = [Remote.of(fleet, item) for item in (host, gone)]
    outcomes = run_many(remotes, "echo here", timeout=20)
    assert outcomes["north"].stdout == "here\n"
    assert "refuses connections" in str(outcomes["gone"])


def test_pyinfra_reaches_the_host_with_the_same_pins(root, server):
    add(root, server.port)

    def pyinfra() -> str:
        argv = [sys.executable, "-m", "pyinfra", "-y", "inventories/production.py"]
        options = ["--limit", "north", "--data", "_sudo=false"]
        done = subprocess.run(
            [*argv, *options, "exec", "--", "echo", "over-pyinfra"],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    assert "[north] over-pyinfra" in pyinfra()
    (root / "inventories/production/known_hosts").write_text("")
    refused = pyinfra()
    assert "[north] over-pyinfra" not in refused
    assert "known_hosts" in refused
