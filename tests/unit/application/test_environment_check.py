"""The table against an `.env.example`."""

from __future__ import annotations

import pytest

from bunker.application.dotenv import to_dotenv
from bunker.application.envcheck import ChangedDefault, compare_with_example
from bunker.application.table import TABLE
from bunker.errors import BunkerError


def example(**changes: str | None) -> str:
    """An example that agrees with the table, but for ``changes`` (None: the key is left out)."""
    values = {
        key: "made by the setup script" if row.default_text else row.default
        for key, row in TABLE.items()
    }
    merged = values | changes
    return to_dotenv({key: value for key, value in merged.items() if value is not None}).decode()


def test_an_example_with_the_same_keys_and_defaults_agrees() -> None:
    assert compare_with_example(example(), TABLE).agrees


def test_what_differs_is_told_apart() -> None:
    text = example(NEW_KEY="1", TZ=None, API_PORT="4400", LOG_LEVEL="", DOMAIN="other.example.org")
    check = compare_with_example(text, TABLE)
    assert check.missing == ("NEW_KEY",)
    assert check.unknown == ("TZ",)
    assert check.changed == (ChangedDefault("API_PORT", "4000", "4400"),)
    assert not check.agrees


def test_a_secrets_example_is_never_reported() -> None:
    assert compare_with_example(example(REDIS_PASSWORD="changeme"), TABLE).agrees


def test_a_commented_out_key_is_known_to_the_example() -> None:
    text = example(SMTP_USER=None) + "# SMTP_USER=someone\n# NOTE=this is prose\n"
    assert compare_with_example(text, TABLE).agrees


def test_an_unreadable_example_is_named_with_its_line() -> None:
    with pytest.raises(BunkerError) as caught:
        compare_with_example("A=1\nB='\n", TABLE, where="north:.env.example")
    assert caught.value.where == "north:.env.example, line 2"
