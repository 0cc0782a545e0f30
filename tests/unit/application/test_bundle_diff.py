"""Shown differences: exact for plain files, masked for environments, silent for secret files."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.application.dotenv import to_dotenv
from bunker.bundle import BundleFile
from bunker.bundle_diff import FileMeta, diff_file
from bunker.masking import MASK

PUBLIC = frozenset({"API_PORT", "LABEL"})


def plain(content: str | bytes, **options: Any) -> BundleFile:
    data = content if isinstance(content, bytes) else content.encode()
    return BundleFile("/etc/thing.conf", data, **options)


def dotenv(**values: str) -> BundleFile:
    return BundleFile(
        "/opt/app/.env",
        to_dotenv(values, header=("made",)),
        mode=0o600,
        kind="dotenv",
        secret=True,
        public_keys=PUBLIC,
    )


def test_nothing_changed_shows_nothing() -> None:
    file = plain("a\n")
    assert diff_file(b"a\n", file, FileMeta.of(file)) == []
    assert diff_file(b"a\n", file) == []
    assert diff_file(None, None) == []


def test_a_text_change_is_a_unified_diff() -> None:
    lines = diff_file(b"one\ntwo\nthree\n", plain("one\n2\nthree\n"))
    assert lines == ["@@ -1,3 +1,3 @@", " one", "-two", "+2", " three"]


def test_a_new_file_shows_its_meta_and_content() -> None:
    lines = diff_file(None, plain("one\n", mode=0o640, owner="adm"))
    assert lines[0] == "new file (1 line, mode 640, adm)"
    assert lines[-1] == "+one"
    assert diff_file(None, plain("")) == ["new file (0 lines, mode 644, root)"]


def test_mode_and_owner_changes_are_shown_with_unchanged_content() -> None:
    meta = FileMeta(0o666, "nobody", "users")
    assert diff_file(b"a\n", plain("a\n"), meta) == [
        "mode 666 → 644",
        "owner nobody:users → root",
    ]


def test_a_removed_file_never_shows_content() -> None:
    assert diff_file(b"canary\nx\n", None) == ["file removed (2 lines)"]


def test_line_endings_alone_are_said() -> None:
    assert diff_file(b"a\r\n", plain("a\n")) == ["only line endings changed"]
    assert diff_file(b"a", plain("a\n")) == ["only line endings changed"]


@pytest.mark.parametrize("old", [b"\0\1", b"\xff\xfe", b"text\n"])
def test_binary_content_is_only_measured(old: bytes) -> None:
    assert diff_file(old, plain(b"\0\0\0")) == [f"binary content changed ({len(old)} → 3 bytes)"]
    assert diff_file(None, plain(b"\0\0\0"))[0].startswith("new file (binary, 3 bytes")


def test_a_secret_file_never_shows_content() -> None:
    new = plain("canary-new\n", secret=True)
    for old in (None, b"canary-old\n", b"\0canary"):
        lines = diff_file(old, new, FileMeta(0o644, "root"))
        assert lines and "canary" not in "\n".join(lines)


def test_long_diffs_are_shortened_with_a_count() -> None:
    lines = diff_file(b"", plain("".join(f"{i}\n" for i in range(100))), maximum_lines=10)
    assert len(lines) == 11
    assert lines[-1] == "… 91 more lines"


def test_terminal_control_characters_are_shown_as_text() -> None:
    lines = diff_file(b"\x1b[2Jgone\n", plain("a\n"))
    assert "-\\x1b[2Jgone" in lines
    lines = diff_file(b"API_PORT=\x1b[2J\nB\x1b=1\n", dotenv(API_PORT="1"))
    assert "\x1b" not in "\n".join(lines)


def test_a_dotenv_is_compared_key_by_key() -> None:
    old = to_dotenv(
        {
            "API_PORT": "4000",
            "LABEL": "North",
            "SAME": "s",
            "SECRET": "canary-1",
            "GONE": "canary-2",
        }
    )
    new = dotenv(API_PORT="4001", LABEL="North", SAME="s", SECRET="canary-3", ADDED="canary-4")
    assert diff_file(old, new) == [
        "API_PORT: 4000 → 4001",
        f"SECRET: {MASK} → {MASK} (changed)",
        f"+ ADDED={MASK}",
        "- GONE",
    ]


def test_a_secret_that_was_or_becomes_empty_is_told() -> None:
    assert diff_file(b"SECRET=\n", dotenv(SECRET="canary")) == [
        f"SECRET: (empty) → {MASK} (changed)"
    ]
    assert diff_file(b"API_PORT=1\n", dotenv(API_PORT="")) == ["API_PORT: 1 → (empty)"]


def test_a_new_dotenv_shows_public_values_only() -> None:
    lines = diff_file(None, dotenv(API_PORT="4000", SECRET="canary"))
    assert lines[1:] == ["+ API_PORT=4000", f"+ SECRET={MASK}"]


def test_comments_alone_are_said() -> None:
    assert diff_file(b"# other\nAPI_PORT='1'\n", dotenv(API_PORT="1")) == [
        "only comments, order or quoting changed"
    ]


def test_an_unreadable_old_environment_is_replaced_without_being_shown() -> None:
    lines = diff_file(b"SECRET='canary\nAPI_PORT=1\n", dotenv(API_PORT="1", SECRET="canary"))
    assert "cannot be read" in lines[0]
    assert "canary" not in "\n".join(lines)


VALUES = st.dictionaries(
    st.sampled_from(["API_PORT", "LABEL", "S1", "S2", "S3"]),
    st.text(st.characters(exclude_categories=("C",))).map(lambda text: f"canary{text}"),
)


@given(old=VALUES, new=VALUES)
def test_no_secret_value_is_ever_shown_and_every_change_is(
    old: dict[str, str], new: dict[str, str]
) -> None:
    before = to_dotenv(old)
    shown = diff_file(before, dotenv(**new))
    secret_lines = [line for line in shown if not any(key in line for key in PUBLIC)]
    assert not any("canary" in line for line in secret_lines)
    named = {key for key in old | new if any(key in line.split("=")[0] for line in shown)}
    assert {key for key in old | new if old.get(key) != new.get(key)} <= named


@given(st.binary(), st.binary(), st.booleans())
def test_any_bytes_can_be_compared(old: bytes, new: bytes, secret: bool) -> None:
    lines = diff_file(old, plain(new, secret=secret))
    assert bool(lines) == (old != new)
    assert all(line.isprintable() or "\t" in line for line in lines)
