"""The lab proves itself on a real engine: up, again, status, ssh, git, snapshots, down."""

from __future__ import annotations

import shutil
import subprocess
import textwrap
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.lab import parts
from bunker.lab.engine import seen
from bunker.lab.models import HTTP_USER, LabState
from bunker.lab.recipes import MACHINERY
from bunker.product import CODE as CHECKOUT
from tests.lab.machinery.lab_under_test import LabUnderTest

pytestmark = pytest.mark.lab

PLACEHOLDER = """
    import os, subprocess

    WHEN = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
    WHO = {f"GIT_{role}_{what}": "lab@example.org"
           for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def build_repository(target):
        work = target.parent / "work"
        def git(*words):
            run = ["git", "-C", str(work), *words]
            return subprocess.run(run, check=True, capture_output=True, text=True,
                                  env={**os.environ, **WHEN, **WHO}).stdout.strip()
        work.mkdir()
        git("init", "--quiet", "--initial-branch=v2")
        (work / "README.md").write_text("placeholder\\n")
        git("add", ".")
        git("commit", "--quiet", "--message=first")
        git("tag", "v2.0.0")
        git("clone", "--quiet", "--bare", str(work), str(target))
"""

# A nested image from the host's own files: enough to run a shell, and with a layer above that
# removes and replaces things, which is what whiteouts and opaque directories come from.
NESTED = """
    set -e
    tar -C / -c bin lib lib64 usr/bin usr/lib usr/lib64 etc | docker import - nested:base >/dev/null
    mkdir -p /root/nested
    printf 'FROM nested:base\\nRUN rm -r /etc/apt && mkdir /etc/apt && touch /etc/apt/new \
&& rm /etc/passwd\\n' > /root/nested/Dockerfile
    DOCKER_BUILDKIT=0 docker build --quiet --tag nested:top /root/nested >/dev/null 2>&1
    docker run --detach --name nested --restart unless-stopped --volume nested-data:/data \
        nested:top sh -c 'date >> /data/starts; trap "exit 0" TERM; while :; do sleep 1; done'
"""


def shell(lab: LabUnderTest, host: str, script: str) -> str:
    """Run a script as root on a host over SSH; its output."""
    result = subprocess.run(
        [*lab.ssh_command(host), "sudo", "/bin/sh", "-s"],
        input=textwrap.dedent(script),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source") / "placeholder_sample"
    folder.mkdir()
    (folder / "build.py").write_text(textwrap.dedent(PLACEHOLDER))
    return folder


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lab's own images and one small stack image under two public names."""
    folder = tmp_path_factory.mktemp("images") / "images"
    for name in MACHINERY:
        shutil.copytree(CHECKOUT / "lab" / "images" / name, folder / name)
    tiny = folder / "tiny"
    tiny.mkdir()
    (tiny / "Dockerfile").write_text('ARG BASE\nFROM ${BASE}\nCMD ["echo", "tiny speaks"]\n')
    (tiny / "names").write_text("# two names\nbunker-tiny:1-alpine\nexample/tiny:1\n")
    return folder


def opened(root: Path, name: str, sample: Path, images: Path) -> LabUnderTest:
    lab = LabUnderTest(root, name, sample)
    lab.images_folder = images
    return lab


@pytest.fixture(scope="module")
def lab(lab_root: Path, sample: Path, images: Path) -> Iterator[LabUnderTest]:
    made = opened(lab_root / "itself", "itself", sample, images)
    made.up(1)
    yield made
    made.down()


@pytest.fixture(scope="module")
def state(lab: LabUnderTest) -> LabState:
    return lab.state()


def started(lab: LabUnderTest) -> dict[str, str]:
    """Start time of each container of the lab."""
    engine = lab.engine()
    found = parts.existing(engine, lab.naming)
    return {name: item["Id"] + item["State"]["StartedAt"] for name, item in found.items()}


def test_up_with_images_cached_is_fast_and_up_again_changes_nothing(
    lab_root: Path, lab: LabUnderTest, sample: Path, images: Path
) -> None:
    beside = opened(lab_root / "beside", "beside", sample, images)
    try:
        before = time.monotonic()
        state = beside.up(1)
        first = time.monotonic() - before
        running = started(beside)
        record = (beside.folder / "state.json").read_bytes()
        before = time.monotonic()
        assert beside.up(1) == state
        again = time.monotonic() - before
        assert started(beside) == running
        assert (beside.folder / "state.json").read_bytes() == record
        assert state.subnet != lab.state().subnet
    finally:
        others = started(lab)
        beside.down()
    assert first < 20
    assert again < 5
    assert started(lab) == others, "down of one lab must leave the other alone"


def test_status_shows_a_booted_host(lab: LabUnderTest) -> None:
    [row] = lab.status()
    assert (row.name, row.base, row.state, row.port) == ("north", "debian:trixie", "running", 22)
    assert row.system_state == "running"


def test_a_host_is_a_bare_server(lab: LabUnderTest) -> None:
    assert shell(lab, "north", "id -un; hostname") == "root\nnorth"
    assert shell(lab, "north", "command -v python3 || echo none") == "none"
    assert shell(lab, "north", "systemctl --failed --no-legend") == ""


def test_the_host_key_is_pinned(lab: LabUnderTest, state: LabState, tmp_path: Path) -> None:
    assert state.private_key.stat().st_mode & 0o777 == 0o600
    wrong = tmp_path / "known_hosts"
    other = state.git_known_hosts[0].split()[1:]
    wrong.write_text(f"{state.host('north').address} {' '.join(other)}\n")
    command = [
        word.replace(str(state.known_hosts), str(wrong)) for word in lab.ssh_command("north")
    ]
    result = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    assert result.returncode == 255
    assert "host key" in result.stderr.lower()


def test_git_over_ssh_takes_authorized_keys_only(
    lab: LabUnderTest, state: LabState, tmp_path: Path
) -> None:
    key = tmp_path / "deploy-key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "host key", "-f", str(key)],
        check=True,
    )
    known = tmp_path / "known_hosts"
    known.write_text("".join(f"{line}\n" for line in state.git_known_hosts))
    ssh = f"ssh -F none -i {key} -o IdentitiesOnly=yes -o BatchMode=yes"
    ssh += f" -o UserKnownHostsFile={known} -o StrictHostKeyChecking=yes"
    command = ["git", "-c", f"core.sshCommand={ssh}", "ls-remote", "--tags", state.git_ssh_url]

    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
    public = key.with_suffix(".pub").read_text()
    lab.git.authorize(public)
    lab.git.authorize(public)
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert listed.split()[1:] == ["refs/tags/v2.0.0"]


def test_git_over_http_takes_the_token_only(
    lab: LabUnderTest, state: LabState, tmp_path: Path
) -> None:
    assert state.git_token_file.stat().st_mode & 0o777 == 0o600
    helper = tmp_path / "askpass"
    helper.write_text(
        f'#!/bin/sh\ncase "$1" in Username*) echo {HTTP_USER};; '
        f"*) cat {state.git_token_file};; esac\n"
    )
    helper.chmod(0o700)

    def clone(target: str, **environment: str) -> int:
        run = ["git", "clone", "--quiet", state.git_http_url, str(tmp_path / target)]
        environment |= {"GIT_TERMINAL_PROMPT": "0", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        return subprocess.run(run, capture_output=True, env=environment, check=False).returncode

    assert clone("refused") != 0
    assert clone("allowed", GIT_ASKPASS=str(helper)) == 0
    assert (tmp_path / "allowed" / "README.md").read_text() == "placeholder\n"


def test_a_command_past_the_network_ends_by_itself_or_in_time(lab: LabUnderTest) -> None:
    engine, north = lab.engine(), lab.naming.container("north")
    done = engine.attempt(north, "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")
    assert engine.attempt(north, "sleep", "60", seconds=1).returncode == 124
    with pytest.raises(BunkerError, match=r"sh in .*-north failed: no / never\.$"):
        engine.execute(north, "sh", "-c", "echo no; echo never; false")
    missing = engine.attempt("bunker-no-such-container", "true")
    assert (missing.returncode, "No such container" in missing.stderr) == (125, True)


def heard_from(lab: LabUnderTest, address: str) -> str:
    """What sshd's journal says of an address; it is written a moment after the connection ended."""
    journal = "journalctl --sync; journalctl --unit ssh --no-pager --output cat"
    script = f"for i in $(seq 50); do {journal} | grep -F {address} && break; sleep 0.2; done"
    return shell(lab, "north", f"{script}; true")


def test_neighbours_probe_from_inside_and_from_a_public_address(
    lab: LabUnderTest, state: LabState
) -> None:
    host = state.host("north")
    for kind in ("lab", "public-range"):
        neighbour = lab.neighbour("prober", kind)
        try:
            assert neighbour.run(["nc", "-z", "-w", "3", host.address, "22"]).returncode == 0
            assert neighbour.run(["nc", "-z", "-w", "3", host.address, "4321"]).returncode != 0
            script = f"echo | nc -N -w 3 {host.address} 22"
            assert "SSH-2.0" in neighbour.run(["sh", "-c", script]).stdout
            assert heard_from(lab, neighbour.source_address)
        finally:
            neighbour.remove()


def test_a_stopped_host_a_paused_one_and_a_lost_service_are_repaired(lab: LabUnderTest) -> None:
    engine, state = lab.engine(), lab.state()
    host = lab.naming.container("north")
    shell(lab, "north", "touch /root/kept")
    engine.kill(host)
    engine.remove(lab.naming.container("git"))
    repaired = lab.up(1)
    assert repaired.host("north") == state.host("north"), "address and host keys stay"
    assert repaired.git_known_hosts != state.git_known_hosts, "a new server has a new key"
    engine.pause(host)
    lab.up(1)
    assert shell(lab, "north", "ls /root/kept") == "/root/kept"


def test_down_removes_exactly_its_own(
    lab_root: Path, lab: LabUnderTest, sample: Path, images: Path
) -> None:
    engine = lab.engine()
    stranger = f"{lab.naming.prefix}-stranger"  # named like ours, but without our labels
    engine.create_volume(stranger)
    doomed = opened(lab_root / "doomed", "itself", sample, images)
    try:
        doomed.up(1)
        doomed.snapshot("north", "gone")
        doomed.down()
        for listed in (partial(engine.containers, all=True), engine.networks):
            assert listed(filters=doomed.naming.filters) == []
            assert listed(filters=lab.naming.filters)
        assert not engine.volumes(filters=doomed.naming.filters)["Volumes"]
        assert engine.volumes(filters=lab.naming.filters)["Volumes"]
        assert engine.images(filters=doomed.naming.filters) == []
        assert seen(engine.inspect_volume, stranger)
        assert not doomed.folder.exists()
        assert doomed.status() == []
        with pytest.raises(BunkerError, match="not up"):
            doomed.ssh_command("north")
    finally:
        doomed.down()
        engine.remove_volume(stranger)
