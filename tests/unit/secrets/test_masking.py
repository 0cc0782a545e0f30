from __future__ import annotations

import base64
import copy
import io
import json
import logging
import pickle
import pprint
import re
import string
import sys
import traceback
from dataclasses import asdict, dataclass
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from bunker.masking import MASK, RedactingFilter, Redactor, Secret

CANARY = "Canary-7f$ /+ünder"
VALUES = st.text(min_size=4, max_size=40).filter(
    lambda text: len(text.strip()) >= 4 and MASK[0] not in text and len(text.splitlines()) == 1
)
TEXT = st.text(max_size=60)


@dataclass
class Record:
    name: str
    password: Secret


class Model(BaseModel):
    password: Secret


def test_a_secret_prints_masked_in_every_way():
    secret = Secret(CANARY)
    record = Record("north", secret)
    model = Model(password=secret)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>20}",
        f"{secret:>20}",
        "%s %r" % (secret, secret),  # noqa: UP031 - this very way is tested
        "{}".format(secret),  # noqa: UP032 - this very way is tested
        repr([secret]),
        repr(record),
        repr(asdict(record)),
        pprint.pformat({"key": secret}),
        json.dumps({"key": secret}, default=str),
        repr(model),
        repr(model.model_dump()),
        model.model_dump_json(),
        repr(model.model_copy(deep=True)),
        json.dumps(Model.model_json_schema()),
        repr(copy.copy(secret)),
        repr(copy.deepcopy([secret])),
    ]
    assert not [text for text in shown if "Canary" in text]
    assert copy.deepcopy(secret) == secret


def test_a_secret_gives_itself_to_no_serialiser():
    secret = Secret(CANARY)
    for attempt in (
        lambda: pickle.dumps(secret),
        lambda: json.dumps(secret),
        lambda: vars(secret),
        secret.__getstate__,
        lambda: "" + secret,
        lambda: "".join([secret]),
        lambda: bytes(secret),
        lambda: list(secret),
    ):
        with pytest.raises(TypeError) as caught:
            attempt()
        assert "Canary" not in str(caught.value)


def test_a_traceback_with_locals_shows_the_mask():
    def fail(password: Secret) -> None:
        raise ValueError(f"refused: {password}")

    try:
        fail(Secret(CANARY))
    except ValueError:
        error = sys.exc_info()[1]
    assert error is not None
    shown = "".join(
        traceback.TracebackException.from_exception(error, capture_locals=True).format()
    )
    assert "password = Secret(" in shown
    assert "Canary" not in shown


def test_values_are_taken_out_however_they_are_written():
    redact = Redactor([Secret(CANARY)])
    written = [
        CANARY,
        json.dumps(CANARY)[1:-1],
        json.dumps(CANARY, ensure_ascii=False)[1:-1],
        quote(CANARY),
        quote(CANARY, safe=""),
        re.sub("%..", lambda match: match[0].lower(), quote(CANARY, safe="")),
        quote_plus(CANARY),
        CANARY.replace("$", "$$"),
        CANARY.encode().hex(),
        base64.b64encode(CANARY.encode()).decode(),
        base64.urlsafe_b64encode(CANARY.encode()).decode().rstrip("="),
    ]
    for text in written:
        assert redact(f"<{text}>") == f"<{MASK}>", text


@given(before=st.binary(max_size=20), after=st.binary(max_size=20))
def test_basic_authentication_and_the_like_keep_at_most_the_edges(before, after):
    value = b"correct-horse-battery"
    redact = Redactor([Secret(value.decode())])
    encoded = base64.b64encode(before + value + after).decode()
    assert MASK in redact(encoded)
    # Two base64 digits at either side of the mask can belong to the value: at most two bytes.
    left, _mask, right = redact(encoded).partition(MASK)
    assert len(left) <= len(before) * 8 / 6 + 2
    assert len(right.rstrip("=")) <= len(after) * 8 / 6 + 3


@given(values=st.lists(VALUES, max_size=6), pieces=st.lists(TEXT, max_size=6), data=st.data())
def test_no_known_value_is_left_in_any_text(values, pieces, data):
    text = "".join(data.draw(st.permutations([*values, *pieces])))
    clean = Redactor(map(Secret, values))(text)
    assert not [value for value in values if value in clean]


@given(TEXT)
def test_text_without_secrets_is_untouched(text):
    assert Redactor()(text) == text
    assert Redactor([Secret("x\N{SNOWMAN}" * 4)])(text.replace("\N{SNOWMAN}", "")) == text.replace(
        "\N{SNOWMAN}", ""
    )


@given(
    value=st.text(string.ascii_letters, min_size=8, max_size=30),
    before=st.text("0123456789 ", max_size=30),
    limit=st.integers(0, 60),
)
def test_shortening_leaves_no_part_of_a_secret(value, before, limit):
    short = Redactor([Secret(value)]).shorten(f"{before}{value}{before}", limit)
    assert len(short) <= max(limit, 1)
    assert not set(short) & set(string.ascii_letters)


def test_overlapping_secrets_leave_no_half():
    redact = Redactor([Secret("alpha-beta"), Secret("beta-gamma"), Secret("alpha-beta-x")])
    assert redact("<alpha-beta-gamma>") == f"<{MASK}>"
    assert redact("<alpha-beta-x>") == f"<{MASK}>"


def test_multi_line_secrets_are_known_line_by_line():
    key = "-----BEGIN PRIVATE KEY-----\nfirst-line\nsecond-line\n-----END PRIVATE KEY-----\n"
    redact = Redactor([Secret(key)])
    assert redact(key) == MASK
    assert redact("| second-line") == f"| {MASK}"
    assert "-line" not in redact(json.dumps(key))
    assert redact("-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----"


def test_short_values_do_not_garble_ordinary_text():
    assert Redactor([Secret("api"), Secret("   a  ")])("the api is up   a  ") == (
        "the api is up   a  "
    )


def test_the_log_filter_cleans_message_arguments_exception_and_extras():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(detail)s %(more)s"))
    handler.addFilter(RedactingFilter(Redactor([Secret(CANARY)])))
    logger = logging.Logger("masking-test")
    logger.addHandler(handler)
    extra = {"detail": f"detail {CANARY}", "more": {"list": [CANARY, 7]}}
    try:
        try:
            raise ValueError(f"cause {CANARY}")
        except ValueError as cause:
            raise RuntimeError(f"effect {CANARY}") from cause
    except RuntimeError:
        logger.exception("%s and %s", CANARY, Secret(CANARY), extra=extra, stack_info=True)
    logger.info(f"plain {CANARY}", extra=extra)
    logger.error("%d", CANARY, extra=extra)
    written = stream.getvalue()
    assert "Canary" not in written
    assert f"{MASK} and {MASK} detail {MASK}" in written
    assert f"ValueError: cause {MASK}" in written
    assert f"RuntimeError: effect {MASK}" in written
    assert "{'list': ['••••', 7]}" in written
    assert "its arguments do not fit" in written


def test_an_exception_is_told_without_secrets():
    try:
        raise ValueError(f"bad {CANARY}")
    except ValueError as error:
        told = Redactor([Secret(CANARY)]).exception(error)
    assert told.endswith(f"ValueError: bad {MASK}")
