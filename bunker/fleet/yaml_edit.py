"""Changing keys of a YAML text that a person wrote: every other character stays as it is."""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from yaml.nodes import CollectionNode, MappingNode, Node

from bunker.errors import BunkerError
from bunker.fleet.yaml_file import Document, is_plain_text, nodes_of, read_document

_BARE: Final = re.compile(
    r"(?!(?i:y|n|yes|no|on|off)$)[A-Za-z0-9][A-Za-z0-9._/@+-]*(:[A-Za-z0-9._/@+-]+)*"
)
_LINE: Final = re.compile(r"[^\n]*\n?")
Path = tuple[str, ...]
Pair = tuple[Node, Node]


def edited(text: str, changes: Mapping[str, Any], where: str) -> str:
    """The text with these keys set, or taken out where their value is None.

    A section that is left without keys goes as well. Raises BunkerError where the text is not
    valid, does not have what is to be taken out, or cannot be changed with all else as it is, such
    as at an anchor. ``where`` names the file.
    """
    before = read_document(text, where)
    if before.problems:
        raise before.problems[0]
    wanted = _updated(copy.deepcopy(before.data), changes)
    mark = text[: len(text) - len(text.removeprefix("\ufeff"))]
    new, found = text.removeprefix("\ufeff"), before
    for path, value in _leaves(new, changes):
        new = _without(new, path) if value is None else _with(new, path, value)
        found = read_document(new, where)
        if found.problems:
            raise _impossible(before, path, value)
    if _exact(found.data) != _exact(wanted):
        raise _impossible(before, *next(_leaves(text.removeprefix("\ufeff"), changes)))
    return mark + new


def _impossible(before: Document, path: Path, value: Any) -> BunkerError:
    key = ".".join(path)
    return BunkerError(
        f"{key} cannot be changed with everything else as it is",
        where=before.place(path),
        remedy="Change it by hand: "
        + (f"take {key} out" if value is None else f"{key}: {_flow(value)}"),
    )


def _exact(data: Any) -> str:
    # 1, 1.0 and true are equal in Python.
    return json.dumps(data, sort_keys=True)


def _updated(data: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in changes.items():
        if value is None:
            if key not in data:
                raise BunkerError(f"{key} comes from group_data/, not from this file")
            del data[key]
        elif isinstance(value, Mapping):
            below = data.get(key)
            data[key] = _updated(below if isinstance(below, dict) else {}, value)
            if not data[key]:
                del data[key]
        else:
            data[key] = list(value) if isinstance(value, tuple) else value
    return data


def _leaves(text: str, changes: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """What to set or take out: single values, and whole sections that are not there yet."""
    for key, value in changes.items():
        path = (*above, key)
        if isinstance(value, Mapping) and isinstance(_find(text, path), MappingNode):
            yield from _leaves(text, value, path)
        elif not isinstance(value, Mapping) or value:
            yield path, value


def _pair(node: Node | None, key: str) -> Pair | None:
    pairs = node.value if isinstance(node, MappingNode) else ()
    return next((pair for pair in pairs if pair[0].value == key), None)


def _find(text: str, path: Path) -> Node | None:
    node: Node | None = nodes_of(text)
    for key in path:
        pair = _pair(node, key)
        node = pair[1] if pair else None
    return node


def _with(text: str, path: Path, value: Any) -> str:
    node = nodes_of(text)
    pair: Pair = (node, node)
    for number, key in enumerate(path):
        if not isinstance(node, MappingNode):
            value = _nested(path[number:], value)
            break
        found = _pair(node, key)
        if found is None:
            return _inserted(text, node, key, _nested(path[number + 1 :], value))
        pair, node = found, found[1]
    start, end = _start(node), _end(text, pair)
    if start < _stop(pair[0]):  # an alias, whose text stands elsewhere
        start = end
    elif isinstance(node, CollectionNode) and not node.flow_style:
        start = text.index(":", _stop(pair[0])) + 1
    blank = "" if text[start - 1 : start].isspace() else " "
    return f"{text[:start]}{blank}{_flow(value)}{text[max(start, end) :]}"


def _nested(path: Path, value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _inserted(text: str, node: MappingNode, key: str, value: Any) -> str:
    """The text with another key of a section, behind those that it has."""
    if node.flow_style:
        at = _end(text, node.value[-1]) if node.value else _start(node) + 1
        comma = ", " if node.value else ""
        return f"{text[:at]}{comma}{_name(key)}: {_flow(value)}{text[at:]}"
    at = _line_end(text, _end(text, node.value[-1]))
    lines = "".join(_block(key, value, node.start_mark.column))
    return text[:at] + ("" if text[:at].endswith("\n") else "\n") + lines + text[at:]


def _without(text: str, path: Path) -> str:
    above = _find(text, path[:-1])
    pair = _pair(above, path[-1]) if isinstance(above, MappingNode) else None
    if not isinstance(above, MappingNode) or pair is None:
        return text
    if len(above.value) == 1 and len(path) > 1:
        return _without(text, path[:-1])
    start, end = _start(pair[0]), _end(text, pair)
    if not above.flow_style:
        return text[: text.rfind("\n", 0, start) + 1] + text[_line_end(text, end) :]
    if pair is above.value[-1]:
        before = above.value[above.value.index(pair) - 1]
        return text[: _end(text, before)] + text[end:]
    following = above.value[above.value.index(pair) + 1]
    return text[:start] + text[_start(following[0]) :]


def _start(node: Node) -> int:
    return int(node.start_mark.index)


def _stop(node: Node) -> int:
    return int(node.end_mark.index)


def _end(text: str, pair: Pair) -> int:
    """Where a key's value ends, without the blank lines and comments behind it."""
    key, value = pair
    if _start(value) < _stop(key):  # an alias
        found = re.compile(r"\s*:\s*\*\S+").match(text, _stop(key))
        return found.end() if found else _stop(key)
    if not isinstance(value, CollectionNode) or value.flow_style:
        written = text[_start(value) : _stop(value)]
        return _start(value) + len(written.rstrip() if "\n" in written else written)
    last = value.value[-1]
    return _end(text, last if isinstance(last, tuple) else (key, last))


def _line_end(text: str, at: int) -> int:
    found = _LINE.match(text, at)
    return found.end() if found else len(text)


def _block(key: str, value: Any, column: int) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{' ' * column}{_name(key)}: {_flow(value)}\n"
        return
    yield f"{' ' * column}{_name(key)}:\n"
    for name, below in value.items():
        yield from _block(name, below, column + 2)


def _flow(value: Any) -> str:
    """A value on one line, as it may stand anywhere."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_name(key)}: {_flow(below)}' for key, below in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    return _name(value) if isinstance(value, str) else json.dumps(value)


def _name(text: str) -> str:
    bare = _BARE.fullmatch(text) and is_plain_text(text)
    return text if bare else json.dumps(text, ensure_ascii=False)
