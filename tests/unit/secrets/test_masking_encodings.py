"""A secret is masked however the languages of the stack write it down."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bunker.masking import MASK, Redactor, Secret
from bunker.readings import MOST, moves_for, readings
from tests.unit.secrets.encoders import ENCODERS

AWKWARD = 'p&ss <w>/ü%41+"q" it\'s $X{}`\\n=\\ 🙂'
INNER = sorted(set(ENCODERS) - {"colours in between", "invisible characters"})
# What is packed as bytes hides its own encoding; a value's plain and usual forms in it are known.
OUTER = [name for name in INNER if not name.lower().startswith(("base64", "hexadecimal"))]
PRINTABLE = st.characters(exclude_categories=("C", "Z"), exclude_characters=MASK[0])
VALUES = st.text(
    PRINTABLE | st.sampled_from("'\"\\%&$+ =<>/{}`#;") | st.sampled_from("abcu0179n"),
    min_size=6,
    max_size=30,
).filter(lambda text: text == text.strip())


@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoding_of_an_awkward_value_is_masked_whole(name: str) -> None:
    redact = Redactor([Secret(AWKWARD)])
    written = ENCODERS[name](AWKWARD)
    assert redact(f"<{written}>") == f"<{MASK}>"


@pytest.mark.promise("Secrets stay secret")
@pytest.mark.promise("A secret is masked however a program writes it down")
@pytest.mark.parametrize("name", ENCODERS)
@settings(max_examples=25, deadline=None)
@given(value=VALUES)
def test_every_encoding_of_any_value_is_masked_whole(name: str, value: str) -> None:
    redact = Redactor([Secret(value)])
    assert redact(f" <{ENCODERS[name](value)}> ") == f" <{MASK}> "


@pytest.mark.promise("A secret is masked however a program writes it down")
@settings(max_examples=300, deadline=None)
@given(value=VALUES, inner=st.sampled_from(INNER), outer=st.sampled_from(OUTER))
@example(value="00000\\", inner="encodeURI", outer="json of Go")
def test_an_encoding_inside_another_is_masked_whole(value: str, inner: str, outer: str) -> None:
    encode = ENCODERS[outer]
    left, middle, right = encode("(<"), encode(ENCODERS[inner](value)), encode(">)")
    # Where the outer one does not go character by character, parts of it mean nothing alone.
    assume(encode(f"(<{ENCODERS[inner](value)}>)") == left + middle + right)
    masked = Redactor([Secret(value)])(left + middle + right)
    if value.endswith("\\"):
        # Undone in another order, the one that begins the next escape may belong to the value.
        right = right.removeprefix("\\") if masked.endswith(MASK + right[1:]) else right
    assert masked == left + MASK + right


def test_a_database_address_is_masked_whole_and_by_its_password() -> None:
    address = f"postgresql://cm:{quote('p@ss/wörd-7', safe='')}@postgres:5432/cm?schema=public"
    redact = Redactor([Secret(address)])
    assert redact(f"DATABASE_URL={address}") == f"DATABASE_URL={MASK}"
    assert redact("postgres://other:p@ss/wörd-7@db/x") == f"postgres://other:{MASK}@db/x"
    assert redact("login with p%40ss%2Fw%C3%B6rd-7") == f"login with {MASK}"
    assert redact("cm at postgres:5432/cm") == "cm at postgres:5432/cm"


def test_a_token_that_packs_json_is_masked() -> None:
    for ascii_only in (True, False):
        packed = json.dumps({"user": "x", "password": AWKWARD, "n": 1}, ensure_ascii=ascii_only)
        clean = Redactor([Secret(AWKWARD)])(base64.urlsafe_b64encode(packed.encode()).decode())
        left, mask, right = clean.partition(MASK)
        around = len('{"user": "x", "password": "') + len('", "n": 1}')
        assert mask
        assert len(left) + len(right) <= around * 4 / 3 + 6


def test_a_value_that_a_browser_takes_for_escaped_is_masked() -> None:
    assert Redactor([Secret("c!%3aé9|x")])("https://u:c!%3a%C3%A99%7Cx@h") == f"https://u:{MASK}@h"


def test_a_value_that_was_folded_is_masked() -> None:
    value = "correct-horse-battery-staple"
    redact = Redactor([Secret(value)])
    assert redact('key: "correct-horse-\\\n    battery-staple"') == f'key: "{MASK}"'
    encoded = base64.b64encode(value.encode()).decode()
    assert redact(f"{encoded[:20]}\r\n{encoded[20:]}") == MASK


def test_what_only_looks_like_an_escape_stays_as_it_is() -> None:
    text = r"100% of C:\new\table &c; it''s $$5 %zz &bogus; \u12 \ud800 \U0011FFFF \ %"
    assert Redactor([Secret(AWKWARD), Secret("another-value")])(text) == text


def test_ordinary_words_are_not_taken_for_a_short_value() -> None:
    redact = Redactor([Secret("abc"), Secret("a=b"), Secret("%61%62"), Secret("%20%20%20%20")])
    text = "abc a=b YWJj 616263 a%3Db ab    end"
    assert redact(text) == text


def test_data_is_masked_in_every_text_and_stays_data() -> None:
    redact = Redactor([Secret("4711"), Secret('n"x\\y')])
    data = {'n"x\\y': [4711, 'a 4711 n"x\\y', None, {"deep": ("4711",)}], "on": True}
    assert redact.data(data) == {
        MASK: [4711, f"a {MASK} {MASK}", None, {"deep": [MASK]}],
        "on": True,
    }
    assert Redactor([Secret("host")]).data({"host": "host"}, names=False) == {"host": MASK}


def seconds(work: Callable[[], object]) -> float:
    """Processor time of the fastest of some tries."""

    def once() -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    return min(once() for _try in range(5))


def test_the_effort_grows_with_the_text_and_hardly_with_the_secrets() -> None:
    line = 'api | {"level":"info","url":"/x%20y?a=1&amp;b=2","say":"\\"quoted\\"","n":'
    lines = [f"{line}{number}" for number in range(300)]
    few = Redactor(Secret(f"Canary-{number:032x}") for number in range(60))
    many = Redactor(Secret(f"{number:03x}-Canary-{number:032x}") for number in range(3000))
    some = seconds(lambda: [few(text) for text in lines])
    assert seconds(lambda: [few(text) for text in lines * 4]) < 8 * some
    assert seconds(lambda: [many(text) for text in lines]) < 4 * some
    assert seconds(lambda: few("".join(lines))) < 4 * some


def test_a_text_made_to_be_slow_is_read_in_a_bounded_number_of_ways() -> None:
    moves = moves_for(AWKWARD)
    hostile = "%25" * 40 + "\\" * 64 + "&amp;amp;" * 20 + "''\"\"$$``{{}}%%" * 8 + "\x1b[0m" * 9
    assert len(list(readings(hostile, moves))) <= MOST
    redact = Redactor([Secret(AWKWARD)])
    once, twice = (seconds(lambda t=hostile * n: redact(t)) for n in (1, 2))  # type: ignore[misc]
    assert twice < 4 * once
