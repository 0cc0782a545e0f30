"""Writing host files: new ones with comments that help, existing ones with their comments kept."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from bunker.files import read_text, write_atomically
from bunker.fleet.yaml_edit import edited
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
    their value is None, and every other character stays (:func:`bunker.fleet.yaml_edit.edited`).
    """
    try:
        text = read_text(path)
    except FileNotFoundError:
        write_atomically(path, render_host_file(data).encode(), mode=0o644)
        return
    write_atomically(path, edited(text, data, str(path)).encode(), mode=0o644)


def _node(value: Any) -> Any:
    if isinstance(value, Mapping):
        return CommentedMap({key: _node(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        sequence = CommentedSeq([_node(item) for item in value])
        if all(isinstance(item, str | int) and len(str(item)) < 20 for item in value):
            sequence.fa.set_flow_style()
        return sequence
    return value


def _dump(document: CommentedMap) -> str:
    yaml = YAML()
    yaml.width = 4096  # long notes and keys stay on their line
    yaml.indent(mapping=2, sequence=4, offset=2)
    buffer = io.StringIO()
    yaml.dump(document, buffer)
    return buffer.getvalue()
