"""What installing packages would cost a host, asked of the real apt over a made-up archive."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bunker.answers import sections
from bunker.errors import BunkerError
from bunker.ops.packages import Simulated, package_changes
from bunker.packages import Simulation, check_simulation

ARCHIVE = """
Package: docker.io
Version: 26.1
Depends: containerd

Package: containerd
Version: 1.7
Conflicts: containerd.io

Package: ufw
Version: 0.36
Breaks: iptables-persistent, netfilter-persistent

Package: curl
Version: 8.0
Breaks: libold
"""
INSTALLED = """
Package: containerd.io
Version: 1.6

Package: docker-ce
Version: 24.0
Depends: containerd.io

Package: iptables-persistent
Version: 1.0

Package: libold
Version: 0.9

Package: docker-engine-of-others
Version: 1.0
"""


def stanzas(text: str, *more: str) -> str:
    fields = "\n".join(["Architecture: all", "Maintainer: n <n@example.org>", *more])
    return "\n\n".join(f"{one.strip()}\n{fields}" for one in text.strip().split("\n\n")) + "\n"


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private root for apt: an archive, what is installed, and what a person asked for."""
    for folder in ("lists/partial", "archives/partial", "etc/preferences.d", "state", "archive"):
        (tmp_path / folder).mkdir(parents=True)
    packages = stanzas(ARCHIVE, "Filename: ./x.deb", "Size: 1", "SHA256: " + "0" * 64)
    (tmp_path / "archive/Packages").write_text(packages)
    (tmp_path / "etc/sources.list").write_text(f"deb [trusted=yes] file:{tmp_path}/archive ./\n")
    (tmp_path / "state/status").write_text(stanzas(INSTALLED, "Status: install ok installed"))
    automatic = "Package: libold\nArchitecture: all\nAuto-Installed: 1\n"
    (tmp_path / "state/extended_states").write_text(automatic)
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc "{tmp_path}/etc";\nDir::Etc::sourcelist "sources.list";\n'
        f'Dir::State "{tmp_path}/state";\nDir::State::status "{tmp_path}/state/status";\n'
        f'Dir::State::lists "{tmp_path}/lists";\nDir::Cache "{tmp_path}";\n'
        f'Dir::Cache::archives "{tmp_path}/archives";\nAPT::Sandbox::User "root";\n'
        f'Acquire::Languages "none";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    subprocess.run(["apt-get", "-q", "update"], check=True, capture_output=True)
    return tmp_path


def simulated(*packages: str) -> dict[str, list[str]]:
    script = Simulated().command(list(packages))
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    return sections(done.stdout.splitlines())


@pytest.mark.usefixtures("apt")
def test_an_engine_of_others_is_never_removed_for_ours() -> None:
    with pytest.raises(BunkerError, match=r"would remove containerd\.io, docker-ce") as refused:
        check_simulation(["docker.io"], simulated("docker.io"))
    assert "sudo apt-get remove containerd.io docker-ce" in str(refused.value)


@pytest.mark.usefixtures("apt")
def test_rules_that_were_kept_by_hand_are_named_before_ufw_breaks_them() -> None:
    with pytest.raises(BunkerError, match=r"iptables-persistent.*base\.firewall"):
        check_simulation(["ufw"], simulated("ufw"))


@pytest.mark.usefixtures("apt")
def test_what_nobody_asked_for_may_go_and_the_plan_says_so() -> None:
    found = check_simulation(["curl"], simulated("curl"))
    assert [package.line for package in found.removed] == ["- libold 0.9"]
    plan = package_changes("base", ["curl"], found, half_installed=False)
    assert [(change.symbol, change.lines) for change in plan] == [
        ("+", ("+ curl",)),
        ("-", ("- libold 0.9",)),
    ]
    with pytest.raises(BunkerError, match="would remove libold"):
        check_simulation(["curl"], simulated("curl"), needed=["libold"])


@pytest.mark.usefixtures("apt")
def test_without_package_lists_nothing_is_guessed(apt: Path) -> None:
    found = check_simulation(["no-such-package"], simulated("no-such-package"))
    assert found == Simulation(None)
    [change] = package_changes("base", ["no-such-package"], found, half_installed=False)
    assert "is known when the package lists are fetched" in change.summary
    assert apt.exists()


def test_an_engine_that_is_upgraded_for_a_package_restarts() -> None:
    lines = ["Inst containerd [1.6] (1.7 stable [amd64])", "Inst jq (1.7 stable [amd64])"]
    found = check_simulation(["jq"], {"install": lines, "manual": []})
    [change] = package_changes("base", ["jq"], found, half_installed=False)
    assert change.restarts == ("docker engine",)
    assert change.lines == ("+ jq", "~ containerd 1.6 → 1.7")
