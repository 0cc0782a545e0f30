"""A kernel without AppArmor is no failure; one that has it without its profiles is."""

import os
import subprocess
from pathlib import Path

import pytest

from deploys.base.system import APPARMOR, apparmor_component

WITHOUT = "AppArmor is absent"


def check(kernel: str, unit: str, tmp_path: Path, *, container: bool = False) -> tuple[int, str]:
    """The real check with stand-ins for the kernel's parameter and systemd's two commands."""
    parameter = tmp_path / "enabled"
    if kernel != WITHOUT:
        parameter.write_text(f"{kernel}\n")
    virtual = "true" if container else "false"
    for name, body in (("systemctl", f'[ "$1" = is-{unit} ]'), ("systemd-detect-virt", virtual)):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    text = (apparmor_component().check or "").replace(APPARMOR, str(parameter))
    done = subprocess.run(
        ["sh", "-eu", "-c", text],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return done.returncode, done.stdout.strip()


@pytest.mark.parametrize("kernel", [WITHOUT, "N"])
def test_a_kernel_without_it_has_nothing_to_fail(kernel: str, tmp_path: Path) -> None:
    assert check(kernel, "failed", tmp_path) == (0, "")


def test_a_container_leaves_it_to_the_machine_below(tmp_path: Path) -> None:
    assert check("Y", "inactive", tmp_path, container=True) == (0, "")


def test_profiles_that_are_loaded_are_fine(tmp_path: Path) -> None:
    assert check("Y", "active", tmp_path) == (0, "")


def test_profiles_that_could_not_be_loaded_are_told_apart_from_none(tmp_path: Path) -> None:
    code, said = check("Y", "failed", tmp_path)
    assert (code, "failed" in said) == (1, True)
    code, said = check("Y", "inactive", tmp_path)
    assert (code, said) == (1, "the kernel has AppArmor, and its profiles are not loaded")
