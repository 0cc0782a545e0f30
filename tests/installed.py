"""The program as operators install it: a wheel, just built, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def build_wheel(folder: Path) -> Path:
    """Build it, by the backend that pyproject.toml names."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Installed:
    """An environment with the program, and nothing of this checkout; ``more`` is set on top."""

    folder: Path
    more: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def whole(cls, folder: Path, wheel: Path) -> Installed:
        """With its dependencies, at the versions of constraints.txt, as an operator does it."""
        made = cls(folder)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        made.pip("install", "-c", ROOT / "constraints.txt", wheel)
        return made

    @classmethod
    def quick(cls, folder: Path, wheel: Path) -> Installed:
        """Its dependencies are those of the environment that runs the tests."""
        made = cls(folder)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        command = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python"]
        subprocess.run([*command, "install", "-q", "--no-deps", wheel], check=True)
        # A folder that a .pth names is searched; what .pth files in it name (this checkout) is not.
        site = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
        (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
        return made

    def pip(self, *words: str | Path) -> None:
        """Run pip in it."""
        subprocess.run([self.folder / "bin" / "python", "-m", "pip", "-q", *words], check=True)

    def python(
        self, *words: str | Path, folder: Path, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run its Python in a folder; ``given`` is its standard input."""
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "BUNKER_ROOT")}
        return subprocess.run(
            [self.folder / "bin" / "python", *words],
            cwd=folder,
            env={**kept, **self.more},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def said(self, *words: str | Path, folder: Path, given: str = "") -> str:
        """What its Python prints; a failure is a failed test."""
        done = self.python(*words, folder=folder, given=given)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout
