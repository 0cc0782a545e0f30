"""Dotenv files: exact round trips, and hand-written files read as Compose 2.26 reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.application.dotenv import interpolate, parse_dotenv, quote_value, to_dotenv
from bunker.errors import BunkerError
from bunker.masking import Secret

KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
ONE_LINE = st.text(
    st.one_of(
        st.sampled_from("'\"\\$#{}= :`!ab1ü€"), st.characters(exclude_categories=("Cc", "Cs"))
    )
)


@given(st.dictionaries(KEYS, ONE_LINE))
def test_what_is_written_is_read_back(values: dict[str, str]) -> None:
    assert parse_dotenv(to_dotenv(values, header=("made by",))) == values


@given(st.dictionaries(KEYS, ONE_LINE))
def test_the_same_values_give_the_same_bytes_secret_or_not(values: dict[str, str]) -> None:
    wrapped = {key: Secret(value) for key, value in values.items()}
    assert to_dotenv(values) == to_dotenv(wrapped)


@given(ONE_LINE, st.sampled_from("\n\r\0\x1b\x7f\t"), ONE_LINE)
def test_control_characters_are_refused_without_showing_the_value(
    before: str, control: str, after: str
) -> None:
    secret = f"canary{before}{control}{after}"
    with pytest.raises(BunkerError) as caught:
        to_dotenv({"KEY": Secret(secret)})
    assert "KEY" in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("", ""),
        ("plain-1.2:3/4,5@6%7=8+9_", "plain-1.2:3/4,5@6%7=8+9_"),
        ("two words", "'two words'"),
        ('a $b ${c} # "d"', "'a $b ${c} # \"d\"'"),
        ("it's", '"it\'s"'),
        ('it\'s $5 "or" \\6', '"it\'s \\$5 \\"or\\" \\\\6"'),
        ("ends in \\", '"ends in \\\\"'),
        (" padded ", "' padded '"),
    ],
)
def test_quoting(value: str, written: str) -> None:
    assert quote_value(value, key="KEY") == written


@pytest.mark.parametrize("key", ["", "1A", "A B", "A=B", "A\nB", "Ä"])
def test_a_name_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(BunkerError):
        to_dotenv({key: "x"})


def test_a_header_cannot_smuggle_in_a_line() -> None:
    with pytest.raises(ValueError, match="header"):
        to_dotenv({}, header=("for north\nAPI_PORT=1",))


# Each pair was checked against `docker compose config` of Compose 2.26.
HAND_WRITTEN = [
    ("K=value", "value"),
    ("export K=value", "value"),
    ("  K = value  ", "value"),
    ("K: value", "value"),
    ("K=", ""),
    ("K=value # comment", "value"),
    ("K=value#kept", "value#kept"),
    ("K=#kept", "#kept"),
    ("K=''", ""),
    ("K='single $A # kept'", "single $A # kept"),
    ("K='it\\'s'", "it's"),
    ("K='back\\nslash'", "back\\nslash"),
    ('K="line\\nbreak"', "line\nbreak"),
    ('K="say \\"hi\\"" # comment', 'say "hi"'),
    ('K="$A-${A}-\\$A-$$A"', "one-one-$A-$A"),
    ("K=$A${B:-two}${A:+three}", "onetwothree"),
    ("K=${MISSING-${A}}", "one"),
    ("K=a'b\"c", "a'b\"c"),
    ("K='two\nlines'", "two\nlines"),
    ("K=old\nK=new", "new"),
    ("K=windows\r", "windows"),
]


@pytest.mark.parametrize(("text", "value"), HAND_WRITTEN)
def test_hand_written_lines(text: str, value: str) -> None:
    values = parse_dotenv(f"# comment\n\nA=one\n{text}\nZ=last\n".encode())
    assert values == {"A": "one", "K": value, "Z": "last"}


def test_a_file_without_a_final_line_break_and_with_a_byte_order_mark() -> None:
    assert parse_dotenv("\ufeffA=1\nB=2".encode()) == {"A": "1", "B": "2"}


def test_a_bare_name_is_not_a_value_of_the_file() -> None:
    assert parse_dotenv(b"A\nexport B\nC=1\n") == {"C": "1"}


@pytest.mark.parametrize(
    "line",
    ["K='canary", 'K="canary', "K='canary' tail", "canary words", "K=${canary", "K=${-canary}"],
)
def test_an_unreadable_line_is_named_by_number_and_never_shown(line: str) -> None:
    with pytest.raises(BunkerError) as caught:
        parse_dotenv(f"A=1\n{line}\n".encode(), where="north:.env")
    assert caught.value.where == "north:.env, line 2"
    assert "canary" not in str(caught.value)


def test_binary_content_is_refused() -> None:
    with pytest.raises(BunkerError, match="UTF-8"):
        parse_dotenv(b"A=\xff\xfe")


def test_an_unset_required_variable_is_refused() -> None:
    assert interpolate("${A:?no}", {"A": "1"}) == "1"
    with pytest.raises(ValueError, match="must be set"):
        interpolate("${A:?no}", {"A": ""})
