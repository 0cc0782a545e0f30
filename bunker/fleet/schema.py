"""What editors know of a fleet's files: JSON Schemas, derived from the models and the roles."""

import ast
import inspect
from functools import cache
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from bunker.files import write_atomically
from bunker.fleet.explain import FILE_KEY
from bunker.fleet.models import Host
from bunker.fleet.settings import FleetSettings
from bunker.printable import json_text

FOLDER: Final = Path("inventories", "schema")
HOST: Final = "host.json"
SETTINGS: Final = "settings.json"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def host_schema() -> dict[str, Any]:
    """What a host file may say, in its own words (``host``, not ``name``)."""
    schema = _schema(Host, "A host file of Bunker Ops")
    schema["properties"] = {
        FILE_KEY.get(key, key): value for key, value in schema["properties"].items()
    }
    schema["required"] = [FILE_KEY.get(key, key) for key in schema["required"]]
    return schema


def settings_schema() -> dict[str, Any]:
    """What ``fleet.settings.yaml`` may say."""
    return _schema(FleetSettings, "The settings of a fleet of Bunker Ops")


def write_schemas(root: Path) -> list[Path]:
    """Write both where the files of the fleet name them; which of them were not so before."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, schema in ((HOST, host_schema()), (SETTINGS, settings_schema())):
        content = f"{json_text(schema, indent=1)}\n".encode()
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content, mode=0o644)
            changed.append(path)
    return changed


class _Generator(GenerateJsonSchema):
    """Pydantic's, with what stands below a field as its description, as in the sources."""

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        """The schema of one model."""
        made = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        for name, field in model.model_fields.items():
            key = field.validation_alias if isinstance(field.validation_alias, str) else name
            found = made["properties"].get(key)
            if found is None:
                continue
            found.pop("title", None)
            # A section's own defaults stand where its keys are described.
            if "$ref" in found:
                found.pop("default", None)
            if text := field.description or _documented(model).get(name):
                found["description"] = text
        return made

    def dict_schema(self, schema: Any) -> JsonSchemaValue:
        """A mapping whose keys have a form: others are unknown keys."""
        made = super().dict_schema(schema)
        if "patternProperties" in made:
            made.pop("propertyNames", None)
            made["additionalProperties"] = False
        return made


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    made = model.model_json_schema(schema_generator=_Generator)
    return {"$schema": DIALECT, **made, "title": title}


@cache
def _documented(model: type[BaseModel]) -> dict[str, str]:
    """By field: the text below it. Pydantic would read the sources at every start for that."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if one is BaseModel or not issubclass(one, BaseModel) or one.__module__ == "pydantic":
            continue
        try:
            (tree,) = ast.parse(dedent(inspect.getsource(one))).body
        except (OSError, TypeError):  # made by a call: it has no source
            continue
        for field, text in pairwise(getattr(tree, "body", ())):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                found[field.target.id] = inspect.cleandoc(str(text.value.value))
    return found
