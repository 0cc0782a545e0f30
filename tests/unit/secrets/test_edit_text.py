"""A text that YAML would read as something else than was typed is refused with its line."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bunker.errors import BunkerError
from bunker.masking import Secret
from bunker.secrets.catalog import problem_with
from bunker.secrets.edit_text import as_text, parse

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbg==\n-----END OPENSSH PRIVATE KEY-----\n"
KEYS = st.sampled_from(["SMTP_PASS", "GIT_TOKEN", "DEPLOY_KEY"])


def values(text: str | bytes) -> dict[str, str]:
    found = parse(text if isinstance(text, bytes) else text.encode(), "north")
    return {key: value.reveal() for key, value in (found or {}).items()}


@pytest.mark.parametrize(
    "written",
    ["0123", "1e3", "yes", "~", "null", "2024-01-31", "0x1F", "1_000", "true", "a#b", "a:b", "-x"],
)
def test_a_value_is_the_text_that_was_typed(written: str) -> None:
    assert values(f"SMTP_PASS: {written}\n") == {"SMTP_PASS": written}


def test_windows_line_ends_and_a_byte_order_mark_are_no_part_of_a_value() -> None:
    assert values("\ufeffSMTP_PASS: x\r\nGIT_TOKEN: 'y'\r\n") == {
        "SMTP_PASS": "x",
        "GIT_TOKEN": "y",
    }
    key = "DEPLOY_KEY: |\r\n  " + KEY.replace("\n", "\r\n  ")
    assert values(key) == {"DEPLOY_KEY": KEY}


def test_quotes_keep_what_yaml_would_take_for_itself() -> None:
    text = "SMTP_PASS: '&a *b !c # d''s'  # the relay\nGIT_TOKEN: \"# \\u00e9 \\\\\" # x\n"
    assert values(text) == {"SMTP_PASS": "&a *b !c # d's", "GIT_TOKEN": "# é \\"}
    assert values("{SMTP_PASS: x, GIT_TOKEN: 'y'}") == {"SMTP_PASS": "x", "GIT_TOKEN": "y"}


@pytest.mark.promise("A secret is stored as it was typed or not at all")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"SMTP_PASS: caf\xe9\n", "line 1 is not UTF-8 text"),
        ("SMTP_PASS: x\n".encode("utf-16"), "line 1 is not UTF-8 text"),
        (b"A: x\r\nB: \xff\r\n", "line 2 is not UTF-8 text"),
        (b"A: x\nSMTP_PASS: canary\x00\n", r"line 2 has a control character \(U\+0000\)"),
        ("SMTP_PASS: canary\x85x\n", r"line 1 has a control character \(U\+0085\)"),
        ("SMTP_PASS: canary\u2028x\n", r"line 1 has a control character \(U\+2028\)"),
        ("A: x\rB: y\r", r"line 1 has a control character \(U\+000D\)"),
        ("SMTP_PASS: canary\x1b[2K\n", r"line 1 has a control character \(U\+001B\)"),
        (b"A: " + b"x" * 10_000_000, "longer than 200 kB"),
        ("[" * 5000 + "\n", "too deeply nested: line 1"),
        ("{" * 5000 + "\n", "too deeply nested: line 1"),
        ("A: {b: canary}\n", "too deeply nested: line 1"),
        ("A: x\nB:\n  c: canary\n", "too deeply nested: line 3"),
        ("A:\n- canary\n", "too deeply nested: line 2"),
        ("? [a]\n: canary\n", "too deeply nested: line 1"),
        ("? " * 3000 + "canary\n", "too deeply nested: line 1|cannot be read"),
        ("A: &a canary\n", "line 1 has a value that begins with & or !"),
        ("A: !canary x\n", "line 1 has a value that begins with & or !"),
        ("A: !!int 5canary\n", "line 1 has a value that begins with & or !"),
        ("A: x\nB: *canary\n", r"line 2 has a value that begins with \*"),
        ("<<: *canary\n", r"line 1 has a value that begins with \*"),
        ("A: canary #1\n", "line 1 has a # behind the value"),
        ("A: #canary\n", "line 1 has a # behind the value"),
        ("A: canary\n  more\n", "the value in line 1 goes over several lines"),
        ('A: "canary\n  more"\n', "the value in line 1 goes over several lines"),
        ("A: >\n  canary\n  more\n", "the value in line 1 goes over several lines"),
        ("A: x\n---\nA: canary\n", "line 2 begins a second document"),
        ("SMTP_PASS: x\nGIT_TOKEN: z\nSMTP_PASS: canary\n", "line 3 has SMTP_PASS a second time"),
        ("canary: x\ncanary: y\n", "line 2 has a key a second time"),
        ("canary\n", "line 1 is no KEY: value"),
        ("A: x\ncanary\n", "cannot be read near line"),
        ("A: @canary\n", "cannot be read near line 1"),
        ('A: "canary\n', "cannot be read near line"),
        ('A: "\\U99999999 canary"\n', "cannot be read"),
        ("%YAML 99.1\n---\nA: canary\n", "cannot be read"),
    ],
)
def test_a_text_that_is_not_what_was_meant_is_refused_by_its_line(
    text: str | bytes, said: str
) -> None:
    with pytest.raises(BunkerError, match=said) as caught:
        values(text)
    assert "nothing was written" in str(caught.value)
    seen: BaseException | None = caught.value
    while seen is not None:
        assert "canary" not in f"{seen}{vars(seen)}"
        seen = seen.__cause__ or seen.__context__


@pytest.mark.promise("A secret is stored as it was typed or not at all")
@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text("ABab:{}[]&*!|>'\"#%@-?, \n\t\\", max_size=40) | st.binary())
def test_any_text_ends_in_values_or_in_one_sentence(text: str | bytes) -> None:
    raw = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    try:
        parse(raw, "north")
    except BunkerError as error:
        assert "nothing was written" in str(error)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS, st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
def test_whatever_a_vault_holds_survives_an_edit(stored: dict[str, str]) -> None:
    stored.pop("DEPLOY_KEY", None)
    secrets = {key: Secret(value) for key, value in stored.items()}
    text = as_text("north", secrets, frozenset(stored))
    assert values(text) == stored


@pytest.mark.parametrize(
    "value", ["x\u200by", "x\u202ey", "x\x9by", "x\u2028y", "\ufeffx", "x\x7f", "x\udce9", "x\xady"]
)
def test_a_character_that_nobody_sees_is_no_part_of_a_password(value: str) -> None:
    problem = problem_with("SMTP_PASS", Secret(value), frozenset({"SMTP_PASS"}), "north")
    assert problem is not None
    assert "an invisible character (U+" in problem.problem


@pytest.mark.parametrize("raw", [b"caf\xe9", b"x" * 300_000, b"\xff\xfex\x00"])
def test_a_piped_value_that_is_no_text_is_one_sentence(raw: bytes) -> None:
    script = "from bunker.cli.secret_value import read_value; read_value('SMTP_PASS')"
    done = subprocess.run(
        [sys.executable, "-c", script], input=raw, capture_output=True, check=False
    )
    last = done.stderr.decode().strip().splitlines()[-1]
    assert last.startswith("bunker.errors.BunkerError: standard input: the value of SMTP_PASS is")


def test_a_piped_value_keeps_what_was_meant() -> None:
    script = (
        "from bunker.cli.secret_value import read_value; print(ascii(read_value('K').reveal()))"
    )
    for raw, value in ((b"\xef\xbb\xbfx\r\n", "'x'"), (b" a b \n\n", "' a b \\n'")):
        done = subprocess.run(
            [sys.executable, "-c", script], input=raw, capture_output=True, check=True
        )
        assert done.stdout.decode().strip() == value
