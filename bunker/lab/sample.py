"""The sample application's repository, built once per content of its folder."""

import hashlib
import importlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bunker.errors import BunkerError
from bunker.lab import machine
from bunker.lab.recipes import rows


def repository(folder: Path, cache: Path) -> tuple[Path, str]:
    """The bare repository, and the fingerprint of what it was made from.

    ``folder`` is a package with ``build.build_repository(target)``.
    """
    if not (folder / "build.py").exists():
        raise BunkerError(
            "the sample application is not there",
            where=str(folder),
            expected="a module build.py with build_repository(target)",
        )
    mark = hashlib.sha256("".join(rows(folder)).encode()).hexdigest()[:16]
    place = cache / f"sample-{mark}"
    with machine.lock("sample"):
        if not place.exists():
            cache.mkdir(parents=True, exist_ok=True)
            fresh = Path(tempfile.mkdtemp(prefix="sample-", dir=cache))
            try:
                _builder(folder)(fresh / "repository.git")
                fresh.rename(place)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    return place / "repository.git", mark


def _builder(folder: Path) -> Callable[[Path], object]:
    parent = str(folder.parent)
    sys.path.insert(0, parent)
    try:
        module = importlib.import_module(f"{folder.name}.build")
        build: Callable[[Path], object] = module.build_repository
        return build
    finally:
        sys.path.remove(parent)
