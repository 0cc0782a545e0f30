"""What the run database keeps is plain JSON: reading it can never run code."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.errors import BunkerError
from bunker.journal.database import JsonSerializer, journal_url
from bunker.journal.place import URL_VARIABLE

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(PLAIN)
def test_plain_data_comes_back_as_it_was_and_is_json_in_between(data: Any) -> None:
    text = JsonSerializer().serialize(data)
    assert json.loads(text) == data
    assert JsonSerializer().deserialize(text) == data


def test_an_exception_is_kept_as_its_sentence() -> None:
    serializer = JsonSerializer()
    back = serializer.deserialize(serializer.serialize(ValueError("the sentence")))
    assert isinstance(back, BunkerError)
    assert "the sentence" in str(back)


def test_an_object_is_refused_instead_of_pickled() -> None:
    with pytest.raises(TypeError, match="object cannot be kept in a run"):
        JsonSerializer().serialize({"x": object()})


def test_a_pickle_in_the_database_is_not_opened() -> None:
    with pytest.raises(BunkerError, match="is damaged"):
        JsonSerializer().deserialize(pickle.dumps(print, protocol=0).decode())


def test_an_address_of_another_kind_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv(URL_VARIABLE, "mysql://ops:pa55word@host/runs")
    with pytest.raises(BunkerError) as caught:
        journal_url(tmp_path)
    assert "pa55word" not in str(caught.value)
    assert URL_VARIABLE in str(caught.value)
