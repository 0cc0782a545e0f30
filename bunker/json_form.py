"""Frozen dataclasses with one JSON form, which pydantic reads and writes by their annotations."""

from collections.abc import Callable
from functools import cache
from typing import Any, Self

from pydantic import TypeAdapter

_adapter: Callable[[type], TypeAdapter[Any]] = cache(TypeAdapter)


class JsonForm:
    """A dataclass that is kept, sent or printed as plain data."""

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """What :meth:`to_json` wrote. Raises ValueError for anything else."""
        found: Self = _adapter(cls).validate_python(data)
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        found: dict[str, Any] = _adapter(type(self)).dump_python(self, mode="json")
        return found
