"""Changing keys of a person's YAML: what is not changed stays, to the last character."""

from __future__ import annotations

import difflib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bunker.errors import BunkerError
from bunker.fleet.yaml_edit import edited
from bunker.fleet.yaml_file import read_document

FILE = """\
%YAML 1.1
---
# The host of the office.
host: n   # its name
notes: 'who: Ana'

applications:
  wiki:
      kind: compose   # four blanks
      set:
        # never :latest
        services.web.image: web:1   # pinned
        services.db.image: db:1

  # staging is Ana's
  staging: {kind: changemaker, environment: {PHONE: +4915112345678,
      A: -0,  # a comment in it
      B: 1__0}}
environment:
  PHONE: +4915112345678
  D: 2024-01-01 10:00:00 +02:00
  E: .5e+3
tags:
- a
- b
...
"""


def changed(text: str, changes: dict[str, Any]) -> list[str]:
    """The lines that went and came, in a diff of what was written."""
    rows = difflib.ndiff(text.splitlines(), edited(text, changes, "north.yml").splitlines())
    return [row for row in rows if row[0] in "+-"]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (
            {"applications": {"wiki": {"set": {"services.web.image": "web:2"}}}},
            [
                "-         services.web.image: web:1   # pinned",
                "+         services.web.image: web:2   # pinned",
            ],
        ),
        (
            {"applications": {"wiki": {"set": {"services.web.scale": 2}}}},
            ["+         services.web.scale: 2"],
        ),
        ({"applications": {"wiki": {"ref": "v2"}}}, ["+       ref: v2"]),
        (
            {"applications": {"wiki": {"set": {"services.db.image": None}}}},
            ["-         services.db.image: db:1"],
        ),
        (
            {"applications": {"staging": {"ref": "v2"}}},
            ["-       B: 1__0}}", "+       B: 1__0}, ref: v2}"],
        ),
        (
            {"applications": {"staging": {"environment": {"B": "on"}}}},
            ["-       B: 1__0}}", '+       B: "on"}}'],
        ),
        ({"tier": 2}, ["+ tier: 2"]),
        (
            {"application": {"ref": "v2", "quiet_seconds": 5}},
            ["+ application:", "+   ref: v2", "+   quiet_seconds: 5"],
        ),
        ({"tags": ["c", "d e"]}, ['+ tags: [c, "d e"]', "- tags:", "- - a", "- - b"]),
        ({"notes": "say 'x: #1'"}, ["- notes: 'who: Ana'", "+ notes: \"say 'x: #1'\""]),
        ({"host": "n"}, ["- host: n   # its name", '+ host: "n"   # its name']),
    ],
)
def test_nothing_but_the_key_is_changed(changes: dict[str, Any], lines: list[str]) -> None:
    assert sorted(changed(FILE, changes)) == sorted(lines)


def test_a_section_without_keys_goes_and_the_comment_behind_it_stays() -> None:
    gone = {"services.web.image": None, "services.db.image": None}
    text = edited(FILE, {"applications": {"wiki": {"set": gone}}}, "north.yml")
    assert "set:" not in text
    assert "  # staging is Ana's\n  staging: {kind" in text


@pytest.mark.parametrize(
    "value", [":a", "? a", "- a", "1", "true", "1.0", "null", "", "a: b", "é#"]
)
@pytest.mark.parametrize("text", ["a: {b: c}\n", "a:\n  b: c\n", "a: {}\n", "a:\n", "a: c"])
def test_a_text_stays_a_text(value: str, text: str) -> None:
    assert read_document(edited(text, {"a": {"x": value}}, "f"), "f").data["a"]["x"] == value


@pytest.mark.parametrize("text", ["a: 1\n", "a: {b: 1}\n"])
@pytest.mark.parametrize("value", [True, 1.0, 2, 0.5])
def test_values_that_python_takes_for_equal_are_told_apart(text: str, value: Any) -> None:
    changes = {"a": {"b": value}} if "b" in text else {"a": value}
    data = read_document(edited(text, changes, "f"), "f").data
    found = data["a"]["b"] if "b" in text else data["a"]
    assert (type(found), found) == (type(value), value)


def test_what_the_file_does_not_have_cannot_be_taken_out() -> None:
    with pytest.raises(BunkerError, match="x comes from group_data/"):
        edited(FILE, {"x": None}, "north.yml")


KEYS = st.text("abz.-_", min_size=1, max_size=4).filter(lambda key: key[0] not in "-.")
VALUES = st.one_of(st.text(max_size=8), st.integers(-9, 99), st.booleans()).filter(
    lambda value: not isinstance(value, str) or value.isprintable()
)
TREES = st.dictionaries(
    KEYS, st.recursive(VALUES, lambda below: st.dictionaries(KEYS, below, min_size=1, max_size=3)),
    min_size=1, max_size=4,
)  # fmt: skip


@given(TREES, TREES, st.sampled_from([True, False, None]))
def test_any_change_of_any_file_is_made_or_refused(
    data: dict[str, Any], changes: dict[str, Any], flow: bool | None
) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True)
    before = read_document(text, "f")
    if before.problems:
        return
    comment = f"# first\n{text}# last\n"
    try:
        after = edited(comment, changes, "f")
    except BunkerError as error:
        assert "cannot be changed" in error.problem
        return
    assert after.startswith("# first\n")
    assert after.rstrip().endswith("# last") or after.count("# last") == 1
    found = read_document(after, "f").data
    for key, value in changes.items():
        if not isinstance(value, dict):
            assert found[key] == value
    assert {key: found[key] for key in before.data if key not in changes} == {
        key: value for key, value in before.data.items() if key not in changes
    }
