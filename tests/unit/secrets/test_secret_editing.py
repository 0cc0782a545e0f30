from __future__ import annotations

import shlex
import stat
import sys
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.masking import Secret
from bunker.secrets import edit, read_host_secrets, set_secret

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\naC1rZXk=\n-----END OPENSSH PRIVATE KEY-----\n"


def editor(body: str) -> list[str]:
    """An editor that runs Python on the text: `path` is the file, `text` its content."""
    code = f"import sys, pathlib; path = pathlib.Path(sys.argv[1]); text = path.read_text(); {body}"
    return [sys.executable, "-c", code]


def run(fleet, command, **more):
    return edit(
        fleet.folder,
        "north",
        key_file=fleet.key_file,
        editor=command,
        specs=fleet.specs,
        **more,
    )


def read(fleet):
    return read_host_secrets(fleet.folder, "north", key_file=fleet.key_file)


def store(fleet, key, value):
    set_secret(
        fleet.folder, "north", key, Secret(value), key_file=fleet.key_file, specs=fleet.specs
    )


def test_an_edit_stores_what_changed_and_wipes_the_text(north, tmp_path):
    note = tmp_path / "note"
    report = run(
        north,
        editor(
            f"import os; pathlib.Path({str(note)!r}).write_text("
            "f'{path}\\n{os.stat(path).st_mode}\\n{os.stat(path.parent).st_mode}');"
            "(path.parent / '.swap').write_text(text);"
            "path.write_text(text + 'SMTP_PASS: 0123\\nEXTERNAL_1: no\\n')"
        ),
    )
    assert report.added == ("EXTERNAL_1", "SMTP_PASS")
    assert (report.changed, report.removed) == ((), ())
    assert read(north)["SMTP_PASS"] == Secret("0123")
    assert read(north)["EXTERNAL_1"] == Secret("no")
    place, file_mode, folder_mode = note.read_text().splitlines()
    assert stat.S_IMODE(int(file_mode)) == 0o600
    assert stat.S_IMODE(int(folder_mode)) == 0o700
    assert not Path(place).parent.exists()


def test_unusual_values_survive_an_edit_that_changes_nothing(north):
    store(north, "SMTP_PASS", 'it\'s: #1 "ünder" \\ {x} & *y')
    store(north, "DEPLOY_KEY", KEY)
    before = north.vault("north").read_bytes()
    report = run(north, ["true"])
    assert (report.added, report.changed, report.removed) == ((), (), ())
    assert north.vault("north").read_bytes() == before


def test_an_emptied_file_gives_up_and_a_removed_line_removes(north):
    before = north.vault("north").read_bytes()
    run(north, editor("path.write_text('')"))
    assert north.vault("north").read_bytes() == before
    report = run(
        north,
        editor("path.write_text(''.join(l for l in text.splitlines(True) if l[:5] != 'REDIS'))"),
    )
    assert report.removed == ("REDIS_PASSWORD",)
    assert "REDIS_PASSWORD" not in read(north)


@pytest.mark.parametrize(
    "line",
    [
        "SMTP_PASS: [canary-value",
        "SMTP_PASS: canary-value\\nSMTP_PASS: canary-value",
        "SMTP_PAS: canary-value",
        "SMTP_PASS:\\n  deep: canary-value",
        "SMTP_PASS: canary-value\\x07",
    ],
)
def test_an_unfit_text_keeps_the_old_and_is_not_quoted(north, line):
    before = north.vault("north").read_bytes()
    with pytest.raises(BunkerError) as caught:
        run(north, editor(f"path.write_text(text + '{line}\\n')"))
    assert north.vault("north").read_bytes() == before
    seen = caught.value
    while seen is not None:
        assert "canary" not in f"{seen}{vars(seen)}"
        seen = seen.__cause__ or seen.__context__


def test_the_editor_opens_again_when_asked(north, tmp_path):
    asked = []
    mark = tmp_path / "second"
    body = (
        f"mark = pathlib.Path({str(mark)!r});"
        "path.write_text(text.replace('SMTP_PAS:', 'SMTP_PASS:') if mark.exists()"
        " else text + 'SMTP_PAS: later\\n'); mark.touch()"
    )
    report = run(north, editor(body), try_again=lambda error: asked.append(str(error)) or True)
    assert report.added == ("SMTP_PASS",)
    assert len(asked) == 1
    assert "one of SMTP_PASS" in asked[0]


def test_a_change_by_somebody_else_meanwhile_is_not_overwritten(north):
    store(north, "SMTP_PASS", "at first")

    def rival(_error: BunkerError) -> bool:
        store(north, "SMTP_PASS", "by somebody else")
        return True

    body = (
        "path.write_text(text.replace('at first', 'mine') if 'at first' in text and 'WRONG' in text"
        " else text + 'WRONG: x\\n');"
        "path.write_text(path.read_text().replace('WRONG: x\\n', '')) if 'mine' in path.read_text()"
        " else None"
    )
    with pytest.raises(BunkerError, match="somebody else changed SMTP_PASS"):
        run(north, editor(body), try_again=rival)
    assert read(north)["SMTP_PASS"] == Secret("by somebody else")


def test_without_a_memory_file_system_it_refuses(north, tmp_path):
    # A regular disk, or nothing at all: never a memory file system.
    with pytest.raises(BunkerError, match="must not touch the disk"):
        run(north, ["true"], memory_folders=[Path("/proc"), tmp_path / "absent"])


def test_a_failing_or_missing_editor_changes_nothing(north, monkeypatch):
    before = north.vault("north").read_bytes()
    with pytest.raises(BunkerError, match="exit code 1"):
        run(north, ["false"])
    monkeypatch.setenv("VISUAL", "no-such-editor --wait")
    with pytest.raises(BunkerError, match="'no-such-editor' was not found"):
        run(north, None)
    monkeypatch.setenv("VISUAL", shlex.join([sys.executable, "-c", "raise SystemExit(3)"]))
    with pytest.raises(BunkerError, match="exit code 3"):
        run(north, None)
    assert north.vault("north").read_bytes() == before
