"""Where the runs are kept, and how what DBOS stores is written down."""

import json
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from dbos import Serializer

from bunker.errors import BunkerError
from bunker.files import kind_of
from bunker.journal.place import URL_VARIABLE, is_shared, state_folder

APPLICATION: Final = "bunker"
VERSION: Final = "runs-3"
"""Runs of one such version can be resumed by every release of this program that carries it.

It is raised only when the steps of a run change in a way that an old run could not go on with.
"""


def journal_url(root: Path) -> str:
    """The address of the run database; its folder is made where it is a file."""
    url = os.environ.get(URL_VARIABLE, "")
    if url:
        if urlsplit(url).scheme not in ("postgresql", "postgres"):
            raise BunkerError(
                "this is no address of a run database",
                where=URL_VARIABLE,
                expected="postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
            )
        return url
    file = state_folder(root) / "runs.sqlite"
    if file.exists() and (kind := kind_of(file.stat().st_mode)):
        raise BunkerError(f"this is {kind}", where=str(file), expected="a regular file")
    return f"sqlite:///{file}"


class JsonSerializer(Serializer):
    """Plain JSON instead of Python's pickles: whoever writes to a shared database runs no code.

    An exception is kept as its sentence.
    """

    def name(self) -> str:
        """What DBOS notes beside each value."""
        return "bunker_json"

    def serialize(self, data: Any) -> str:
        """JSON of plain data, or of an exception."""
        return json.dumps(data, ensure_ascii=False, default=_plain)

    def deserialize(self, serialized_data: str) -> Any:
        """The plain data, or a BunkerError with the exception's sentence."""
        try:
            data = json.loads(serialized_data)
        except (ValueError, RecursionError):
            raise damaged("an entry") from None
        if isinstance(data, dict) and set(data) == {"__error__"}:
            return BunkerError(data["__error__"])
        return data


def damaged(what: str) -> BunkerError:
    """Said of what this program cannot have written."""
    return BunkerError(
        f"{what} in the run database is damaged",
        where=URL_VARIABLE if is_shared() else "runs.sqlite",
        remedy="Other runs can still be shown: invoke run.show ID",
    )


def _plain(value: Any) -> Any:
    if isinstance(value, BaseException):
        return {"__error__": str(value) or type(value).__name__}
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be kept in a run")
