"""Writing host files: new ones with comments that help, existing ones with their comments kept."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from bunker.errors import BunkerError
from bunker.files import read_text, write_atomically
from bunker.fleet.yaml_file import read_document
from deploys.roles import ROLES

ORDER = ("host", "address", "port", "user", "domain", "tier", "label", "groups", "tags", "notes")
SCHEMA = "# yaml-language-server: $schema=../schema/host.json\n"
"""Editors complete and check by it; :mod:`bunker.fleet.schema` writes that file."""
HEADER = """\
One host of the fleet; docs/inventory.md lists every key. What is not written here comes from
group_data/ (this file is the strongest). Secrets never stand here but in the encrypted file
beside it."""
COMMENTS = {
    "host": "must equal the file's name",
    "tier": "1: managed; 2: managed and reporting to central",
    "groups": "defaults come from group_data/GROUP.py, the last group wins",
}
EXAMPLES = {
    "tags": "tags: [pilot]",
    "notes": "notes: who to call, what is special",
    "base": "base:\n  timezone: Europe/Paris\n  firewall:\n    - {port: 8443, note: admin page}",
    "application": "application:\n  ref: v2",
    "features": "features:\n  media: true",
    "environment": "environment:\n  SMTP_HOST: mail.example.org",
    "resources": "resources:\n  api: {memory: 512m, cpus: 1.5}",
}


def render_host_file(data: Mapping[str, Any]) -> str:
    """The text of a new host file. ``data`` in the words of the file (``host``, not ``name``)."""
    document = CommentedMap()
    for key in (*ORDER, *sorted(data.keys() - set(ORDER))):
        if key in data:
            document[key] = _node(data[key])
            if key in COMMENTS:
                document.yaml_add_eol_comment(COMMENTS[key], key)
    document.yaml_set_start_comment(HEADER)
    groups = {"all", *data.get("groups", ())}
    # No section that would give the host a role which its groups do not.
    others = {key for role in ROLES if groups.isdisjoint(role.groups) for key in role.sections}
    shown = EXAMPLES.keys() - data.keys() - others
    examples = "".join(f"{text}\n" for key, text in EXAMPLES.items() if key in shown)
    hints = "".join(f"# {line}\n" for line in examples.splitlines())
    return SCHEMA + _dump(document) + (f"\n# Also possible:\n{hints}" if hints else "")


def write_host_file(path: Path, data: Mapping[str, Any]) -> None:
    """Write a host file atomically, readable by all: it holds no secret.

    A new file gets comments. In an existing one the keys of ``data`` are set, or taken out where
    their value is None, and everything else, comments included, stays. Raises BunkerError where the
    existing file is not valid YAML, or does not have what is to be taken out.
    """
    try:
        text = read_text(path)
    except FileNotFoundError:
        write_atomically(path, render_host_file(data).encode(), mode=0o644)
        return
    faults = read_document(text, str(path)).problems
    if faults:
        raise faults[0]
    try:
        document = _round_trip().load(text)
    except YAMLError as error:  # tabs, which are read and could not be written back
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = "this cannot be changed with its comments kept"
        raise BunkerError(problem, where=where, expected="blanks instead of tabs") from None
    _update(document, data)
    write_atomically(path, _dump(document).encode(), mode=0o644)


def _update(document: CommentedMap, data: Mapping[str, Any]) -> None:
    for key, value in data.items():
        if value is None:
            if key not in document:
                raise BunkerError(f"{key} comes from group_data/, not from this file")
            del document[key]
        elif isinstance(value, Mapping):
            if not isinstance(document.get(key), CommentedMap):
                document[key] = CommentedMap()
            _update(document[key], value)
            if not document[key]:
                del document[key]
        elif document.get(key, ...) != value:
            document[key] = _node(value)


def _node(value: Any) -> Any:
    if isinstance(value, Mapping):
        return CommentedMap({key: _node(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        sequence = CommentedSeq([_node(item) for item in value])
        if all(isinstance(item, str | int) and len(str(item)) < 20 for item in value):
            sequence.fa.set_flow_style()
        return sequence
    return value


def _round_trip() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096  # long notes and keys stay on their line
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dump(document: CommentedMap) -> str:
    buffer = io.StringIO()
    _round_trip().dump(document, buffer)
    return buffer.getvalue()
