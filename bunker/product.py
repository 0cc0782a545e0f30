"""Where this program's own files are: in a checkout at its root, installed beside the code."""

from pathlib import Path
from typing import Final

CODE: Final = Path(__file__).resolve().parents[1]
"""The folder that holds the packages ``bunker`` and ``deploys``."""
IS_CHECKOUT: Final = (CODE / "pyproject.toml").is_file()


def folder(name: str) -> Path:
    """A folder of the repository that is no package, such as ``templates``.

    A wheel carries it inside of ``bunker``; pyproject.toml says which ones.
    """
    return CODE / name if IS_CHECKOUT else CODE / "bunker" / "data" / name
