"""Frozen dataclasses with one JSON form, which pydantic reads and writes by their annotations."""

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, SerializerFunctionWrapHandler, TypeAdapter
from pydantic_core import CoreSchema, core_schema

_adapter: Callable[[type], TypeAdapter[Any]] = cache(TypeAdapter)


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
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        if cls.SPARSE:
            known = core_schema.wrap_serializer_function_ser_schema(_known, schema=schema)
            return {**schema, "serialization": known}
        return schema


def _known(value: Any, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
    return {key: part for key, part in write(value).items() if part is not None}
