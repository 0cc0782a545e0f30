"""What a value without quotes is: YAML 1.2's rules, whatever the parser's own are."""

from __future__ import annotations

import math

import pytest

from bunker.fleet.yaml_file import read_document


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *((word, word) for word in ("yes", "No", "on", "OFF", "y", "n", "1:30", "12:30:45")),
        *((word, word) for word in ("2026-11-27", "1.2.3", "=", "0b", "0o8", "_1", ".5e3", "1e")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        *(("017", 17), ("08", 8), ("0o17", 15), ("0x1F", 31), ("-0b11", -3), ("1_0", 10)),
        *(("1.", 1.0), (".5", 0.5), ("-1e3", -1000.0), ("1_0.5", 10.5), ("-.inf", -math.inf)),
        *(("'1'", "1"), ('"true"', "true"), ("!!str 1", "1"), ("!!int '7'", 7), ("|-\n  1", "1")),
    ],
)
def test_a_plain_value_is_what_yaml_1_2_says(written, value):
    document = read_document(f"a: {written}\n", "x.yml")
    assert document.problems == []
    assert document.data == {"a": value}
    assert type(document.data["a"]) is type(value)


@pytest.mark.parametrize("written", ["", "~", "null", "Null", "NULL"])
def test_nothing_counts_as_not_written(written):
    assert read_document(f"a: {written}\nb: 1\n", "x.yml").data == {"b": 1}


def test_numbers_below_environment_stay_as_they_are_written():
    text = "environment: {A: 1.10, B: 0o17, C: 1e5, D: 1_0}\n"
    expected = {"A": "1.10", "B": "0o17", "C": "1e5", "D": "1_0"}
    assert read_document(text, "x.yml").data == {"environment": expected}


@pytest.mark.parametrize("unseen", ["\x85", "\u2028", "\u2029", "\ufeff"])
def test_a_line_ends_where_an_editor_shows_its_end(unseen):
    document = read_document(f"# a{unseen}b: 1\nc: d{unseen}e: f\n", "x.yml")
    assert "mapping values are not allowed here" in str(document.problems[0])
    assert "x.yml:2:" in str(document.problems[0])
    document = read_document(f"# a{unseen}b: 1\nc: d{unseen}e\nf: 1\n", "x.yml")
    assert document.data["c"] == "d\u200be"
    assert document.lines["f",] == 3


def test_a_faulty_key_takes_its_value_along_and_nothing_else():
    text = "? [a, {b: c}]\n: {d: [e]}\n<<: {f: 1}\ng: 1\ng: [2, {h: 3}]\ni: *x\nj: &x 1\nk: *x\n"
    document = read_document(text, "x.yml")
    assert document.data == {"g": 1, "j": 1, "k": 1}
    assert [str(problem).partition(": ")[0] for problem in document.problems] == [
        *("x.yml:1", "x.yml:3", "x.yml:5", "x.yml:6"),
    ]
