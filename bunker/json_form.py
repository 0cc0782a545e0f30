"""Frozen dataclasses with one JSON form, which pydantic reads and writes by their annotations."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from bunker.role import named

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import GetCoreSchemaHandler, SerializerFunctionWrapHandler, TypeAdapter


class JsonForm:
    """A dataclass that is kept, sent or printed as plain data. Keys that it does not know count
    for nothing; with ``SPARSE`` it writes none whose value is not known."""

    SPARSE: ClassVar[bool] = False

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """What :meth:`to_json` wrote. Raises ValueError for anything else."""
        found: Self = _adapter(cls).validate_python(data)
        return found

    @classmethod
    def from_text(cls, text: str | bytes) -> Self:
        """The same of JSON as text, strictly: no value is taken for one of another type."""
        found: Self = _adapter(cls).validate_json(text, strict=True)
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        found: dict[str, Any] = _adapter(type(self)).dump_python(self, mode="json", by_alias=True)
        return found

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> Any:
        schema = handler(source)
        if not cls.SPARSE:
            return schema
        known = {"type": "function-wrap", "function": _without_unknown, "schema": schema}
        return {**schema, "serialization": known}


def _make_adapter(form: type) -> TypeAdapter[Any]:
    # Loaded with the first data: commands are listed and completed without it.
    adapter: TypeAdapter[Any] = named("pydantic:TypeAdapter")(form)
    return adapter


_adapter: Callable[[type], TypeAdapter[Any]] = cache(_make_adapter)


def _without_unknown(value: Any, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
    return {key: part for key, part in write(value).items() if part is not None}
