"""Turning what the validation found into sentences with file, line, key, found and expected."""

import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from bunker.disclosure import Disclosed, holds_secret
from bunker.errors import BunkerError
from bunker.fleet.merge import Layer, lookup, source_of
from bunker.fleet.models import Host
from bunker.fleet.yaml_file import Path
from bunker.suggest import perhaps, suggest

# The host file says `host:` where the model says `name`, so that the file names its owner.
FILE_KEY = {"name": "host"}
EXPECTED = {
    "string_type": 'text (a number or date as text needs quotes: "1.10")',
    "int_type": "a number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "dict_type": "a section of keys and values",
    "model_type": "a section of keys and values",
    "model_attributes_type": "a section of keys and values",
}


def explain(
    error: ValidationError,
    layers: Sequence[Layer],
    where: str,
    *,
    model: type[BaseModel] = Host,
) -> Iterator[BunkerError]:
    """One sentence for each fault. ``where`` names the file itself, for what stands nowhere.

    ``model`` is what was validated.
    """
    faults = error.errors(include_url=False)
    names = [fault["loc"][:-1] for fault in faults if fault["loc"][-1:] == ("[key]",)]
    for fault in faults:
        path, section, found = _resolved(fault["loc"], model)
        if any(path[: len(name)] == name for name in names) and fault["loc"][-1] != "[key]":
            continue  # it may have been made from that name
        if fault["type"] in ("union_tag_invalid", "union_tag_not_found"):
            yield _kind((*path, "kind"), _kinds(found), layers, where)
        elif fault["type"] == "extra_forbidden":
            yield _unknown_key(path, known_keys(section), layers, where)
        else:
            spelling = FILE_KEY if model is Host else {}
            yield _sentence(
                dict(fault), path, layers, where, spelling, is_section=bool(known_keys(found))
            )


def _resolved(steps: Path, model: Any) -> tuple[Path, Any, Any]:
    """Where a fault is in the file, the model of the section around it, and its own.

    Pydantic also puts the kind of an entry among the steps.
    """
    path: Path = ()
    section = None
    for step in steps:
        if step == "[key]":
            continue
        if kinds := _kinds(model):
            model = kinds[str(step)]
        else:
            path, section, model = (*path, step), model, _model_below(model, step)
    return path, section, model


def _kinds(annotation: Any) -> dict[str, type[BaseModel]]:
    """The models of a union by the kind that tells them apart; none for anything else."""
    members = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else ()
    if not all(isinstance(one, type) and issubclass(one, BaseModel) for one in members):
        return {}
    return {typing.get_args(one.model_fields["kind"].annotation)[0]: one for one in members}


def _kind(path: Path, kinds: Iterable[str], layers: Sequence[Layer], where: str) -> BunkerError:
    """What is wrong with the kind of an entry, or that there is none."""
    source = source_of(layers, path)
    key, expected = ".".join(map(str, path)), " or ".join(kinds)
    if source is None:
        place = _place(source_of(layers, path[:-1]), path[:-1], where)
        return BunkerError(f"{key} is missing", where=place, expected=expected)
    return BunkerError(
        f"{key} is {_found(source, path)}",
        where=source.place(path),
        expected=expected,
        remedy=perhaps(str(lookup(source.data, path)), kinds),
    )


def _sentence(
    fault: dict[str, Any],
    path: Path,
    layers: Sequence[Layer],
    where: str,
    spelling: Mapping[str, str],
    *,
    is_section: bool,
) -> BunkerError:
    source = source_of(layers, path)
    place = _place(source, path, where)
    key = ".".join(spelling.get(str(step), str(step)) for step in path) or "the file"
    if fault["type"] == "missing":
        return BunkerError(f"{key} is missing", where=place, expected=f"a line `{path[-1]}: …`")
    hidden = isinstance(fault.get("ctx", {}).get("error"), Disclosed)
    found = "not right" if hidden else _found(source, path)
    if is_section and found == "a section":
        found = "not right"  # it is what has to stand there, with the wrong keys in it
    if fault["loc"][-1:] == ("[key]",):
        found = "no name for it"
    return BunkerError(f"{key} is {found}", where=place, expected=_expected(fault))


def _unknown_key(
    path: Path, known: Sequence[str], layers: Sequence[Layer], where: str
) -> BunkerError:
    place = _place(source_of(layers, path), path, where)
    key = ".".join(map(str, path))
    return BunkerError(
        f"{key} is not a known key", where=place, remedy=suggest(str(path[-1]), known)
    )


def _place(source: Layer | None, path: Path, where: str) -> str:
    return source.place(path) if source else where


def _found(source: Layer | None, path: Path) -> str:
    if source is None:
        return "not right"
    value = lookup(source.data, path)
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "a list"
    text = repr(value)
    # An address may carry a password or a token, a secret may stand in the environment, and who
    # mixes up the name of a secret with its value puts it here; never repeat them.
    secret = str(path[-1]).endswith("_secret") or not {"environment", "set"}.isdisjoint(path)
    if secret or holds_secret(text) or ("://" in text and set("@?#") & set(text)):
        return "not right"
    return text if len(text) <= 60 else f"{text[:57]}…"


def _expected(fault: dict[str, Any]) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind in EXPECTED:
        return EXPECTED[kind]
    if kind == "literal_error":
        return str(context["expected"])
    if kind == "value_error":
        return str(context["error"]).removeprefix("expected ")
    bounds = {"greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt"}
    if kind in bounds:
        bound = context[bounds[kind]]
        limit = int(bound) if bound == int(bound) else bound
        words = {"ge": f"{limit} or more", "le": f"{limit} or less", "gt": f"more than {limit}"}
        return words[bounds[kind]]
    return re.sub(r"^\w+ should (be |have )?", "", str(fault["msg"]))


def known_keys(section: Any = Host) -> list[str]:
    """The keys that a section of a file may hold, as spelled there; none where it is no section."""
    if not (isinstance(section, type) and issubclass(section, BaseModel)):
        return []
    spelled = {
        name: str(info.validation_alias or name) for name, info in section.model_fields.items()
    }
    return [FILE_KEY.get(name, name) if section is Host else key for name, key in spelled.items()]


def _model_below(model: Any, step: str | int) -> Any:
    if isinstance(model, type) and issubclass(model, BaseModel):
        info = model.model_fields.get(str(step))
        return _without_none(info.annotation) if info else None
    arguments = [item for item in typing.get_args(model) if item is not ...]
    below = arguments[-1] if arguments else None
    return typing.get_args(below)[0] if typing.get_origin(below) is typing.Annotated else below


def _without_none(annotation: Any) -> Any:
    """``Window`` for ``Window | None``."""
    match typing.get_args(annotation):
        case (member, types.NoneType):
            return member
    return annotation
