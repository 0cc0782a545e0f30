"""Merging, as laws: hypothesis looks for a pair of values that breaks them."""

from __future__ import annotations

import copy
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bunker.addresses import LABEL
from bunker.fleet.merge import Layer, deep_merge, lookup, source_of
from bunker.fleet.models import Host

KEYS = st.sampled_from("abc")
VALUES = st.recursive(
    st.integers() | st.text(max_size=2) | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
SECTIONS = st.dictionaries(KEYS, VALUES, max_size=3)


@given(SECTIONS, SECTIONS)
def test_merging_changes_neither_side(lower, upper):
    before = copy.deepcopy((lower, upper))
    deep_merge(lower, upper)
    assert (lower, upper) == before


@given(SECTIONS)
def test_merging_with_nothing_or_itself_changes_nothing(section):
    assert deep_merge(section, {}) == deep_merge({}, section) == section
    assert deep_merge(section, section) == section


@given(SECTIONS, SECTIONS, SECTIONS)
def test_the_grouping_of_merges_does_not_matter(one, two, three):
    # Sections only: a plain value between two sections cuts the lower one off, by design.
    if not any(_conflicts(a, b) for a, b in ((one, two), (two, three), (one, three))):
        assert deep_merge(deep_merge(one, two), three) == deep_merge(one, deep_merge(two, three))


def _conflicts(one, two) -> bool:
    if isinstance(one, dict) and isinstance(two, dict):
        return any(_conflicts(one[key], two[key]) for key in one.keys() & two.keys())
    return isinstance(one, dict) or isinstance(two, dict)


@given(st.lists(SECTIONS, min_size=1, max_size=4))
def test_the_origin_of_a_value_is_the_layer_that_set_it(sections):
    layers = [Layer(section, lambda _path: "") for section in sections]
    merged = reduce(deep_merge, sections)
    for path in _leaves(merged, ()):
        source = source_of(layers, path)
        assert source is not None
        assert lookup(source.data, path) == lookup(merged, path)


def _leaves(data, path):
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from _leaves(value, (*path, key))
    elif path:
        yield path


def make(**values) -> Host:
    return Host.model_validate(
        {"name": "north", "address": "203.0.113.1", "domain": "north.example.org", **values}
    )


@given(st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True).filter("all".__ne__))
def test_good_names_are_taken_as_they_are(name):
    assert make(name=name).name == name


@given(st.text(max_size=12).filter(lambda text: not text.isascii() or not text.islower()))
def test_names_with_anything_else_are_refused(name):
    with pytest.raises(ValidationError):
        make(name=name)


@given(st.lists(st.from_regex(LABEL, fullmatch=True), min_size=2, max_size=4).map(".".join))
def test_a_domain_is_lower_case_and_reads_back_as_itself(domain):
    if domain.isascii() and len(domain) <= 253 and not domain.rsplit(".", 1)[1].isdigit():
        once = make(domain=domain).domain
        assert once == domain.lower()
        assert make(domain=once).domain == once


@given(st.text(min_size=1, max_size=30))
def test_an_accepted_domain_or_address_is_safe_in_a_command(text):
    for key in ("domain", "address"):
        try:
            value = getattr(make(**{key: text}), key)
        except ValidationError:
            continue
        assert not value.startswith("-")
        assert not set(value) & set(" \t\n'\"$`;|&<>(){}\\")


@given(st.ip_addresses())
def test_every_ip_address_is_an_address(address):
    assert make(address=str(address)).address == str(address)
