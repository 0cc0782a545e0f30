from __future__ import annotations

import shlex
import stat
import sys
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.masking import Secret
from bunker.secrets import EditReport, edit, read_host_secrets, set_secret
from bunker.secrets.memory_text import editor_command

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


@pytest.mark.parametrize("text", ["", "\n\n", "# all gone\n", "---\n", "\ufeff"])
def test_an_emptied_file_gives_up(north, text):
    before = north.vault("north").read_bytes()
    assert run(north, editor(f"path.write_text({text!r})")) == EditReport((), (), ())
    assert north.vault("north").read_bytes() == before


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
    with pytest.raises(BunkerError, match="another process changed SMTP_PASS"):
        run(north, editor(body), try_again=rival)
    assert read(north)["SMTP_PASS"] == Secret("by somebody else")


def test_without_a_memory_file_system_it_refuses(north, tmp_path):
    # A regular disk, or nothing at all: never a memory file system.
    with pytest.raises(BunkerError, match="must not touch the disk"):
        run(north, ["true"], memory_folders=[Path("/proc"), tmp_path / "absent"])


def test_a_failing_killed_or_missing_editor_changes_nothing(north, monkeypatch):
    before = north.vault("north").read_bytes()
    with pytest.raises(BunkerError, match="exit code 1"):
        run(north, ["false"])
    with pytest.raises(BunkerError, match="the editor was ended by SIGKILL; nothing was written"):
        run(north, editor("path.write_text('SMTP_PASS: half'); import os; os.kill(os.getpid(), 9)"))
    with pytest.raises(BunkerError, match="the editor left no text"):
        run(north, editor("path.unlink()"))
    with pytest.raises(BunkerError, match="the editor left no text"):
        run(north, editor("import shutil; shutil.rmtree(path.parent)"))
    for named, said in (
        ("no-such-editor --wait", "'no-such-editor' was not found"),
        (shlex.join([sys.executable, "-c", "raise SystemExit(3)"]), "exit code 3"),
        ("vi 'half", "is no command"),
        ("/dev/null", "was not found"),
    ):
        monkeypatch.setenv("VISUAL", named)
        with pytest.raises(BunkerError, match=said):
            run(north, None)
    assert north.vault("north").read_bytes() == before


def test_vim_under_any_of_its_names_writes_nothing_beside_the_text(tmp_path):
    for name in ("vim", "nvim", "vim.tiny", "vim.basic", "vimdiff", "nano"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        quiet = "-n" in editor_command([str(tmp_path / name)])
        assert quiet == (name not in ("vimdiff", "nano")), name


def test_two_edits_at_once_lose_nothing_and_the_second_of_the_same_key_is_refused(north):
    def meanwhile(line, other):
        """An editor in which somebody else stores a value before this one is saved."""
        store_it = (
            "import sys; sys.path.insert(0, '.'); from pathlib import Path;"
            "from bunker.secrets import set_secret; from bunker.masking import Secret;"
            "from tests.unit.secrets.conftest import SPECS;"
            f"set_secret(Path({str(north.folder)!r}), 'north', {other!r}, Secret('theirs'),"
            f" key_file=Path({str(north.key_file)!r}), specs=SPECS)"
        )
        return editor(
            f"import subprocess; subprocess.run([sys.executable, '-c', {store_it!r}], check=True);"
            f"path.write_text(text + {line!r})"
        )

    run(north, meanwhile("SMTP_PASS: mine\n", "EXTERNAL_1"))
    assert (read(north)["SMTP_PASS"], read(north)["EXTERNAL_1"]) == (
        Secret("mine"),
        Secret("theirs"),
    )
    with pytest.raises(BunkerError, match="another process changed EXTERNAL_2"):
        run(north, meanwhile("EXTERNAL_2: mine\n", "EXTERNAL_2"))
    assert read(north)["EXTERNAL_2"] == Secret("theirs")


def without(*keys):
    """An editor that removes the lines of these keys."""
    return editor(
        f"path.write_text(''.join(l for l in text.splitlines(True) if not l.startswith({keys!r})))"
    )


@pytest.mark.promise("An edit of secrets loses none by mistake")
def test_a_secret_that_every_host_needs_is_not_removed(north):
    store(north, "SMTP_PASS", "x")
    before = north.vault("north").read_bytes()
    for command in (
        without("REDIS_PASSWORD", "JWT"),
        editor("path.write_text('SMTP_PASS: x\\n')"),
        editor("path.write_text('{}\\n')"),
    ):
        with pytest.raises(BunkerError) as caught:
            run(north, command, remove=["REDIS_PASSWORD"], confirm=lambda _names: True)
        said = "the text lacks JWT_ACCESS_SECRET, REDIS_PASSWORD, which every host needs"
        assert said in str(caught.value)
    with pytest.raises(BunkerError, match="unknown secret 'REDIS_PASSWORT'"):
        run(north, editor("path.write_text(text.replace('REDIS_PASSWORD', 'REDIS_PASSWORT'))"))
    assert north.vault("north").read_bytes() == before


@pytest.mark.parametrize("cut", [1, 10, 60, 75])
def test_a_text_that_was_cut_short_is_not_stored(north, cut):
    before = north.vault("north").read_bytes()
    with pytest.raises(BunkerError, match=r"the text (lacks|cannot be read)"):
        run(north, editor(f"path.write_text(text.rstrip().rstrip(chr(34))[:-{cut}])"))
    assert north.vault("north").read_bytes() == before


@pytest.mark.promise("An edit of secrets loses none by mistake")
def test_what_a_host_can_do_without_is_removed_once_it_was_said_by_name(north):
    store(north, "SMTP_PASS", "x1")
    store(north, "EXTERNAL_1", "x2")
    before = north.vault("north").read_bytes()
    both = without("SMTP_PASS", "EXTERNAL_1")
    with pytest.raises(BunkerError) as caught:
        run(north, both)
    assert "the text lacks EXTERNAL_1, SMTP_PASS, and the removal was not confirmed" in str(
        caught.value
    )
    assert "--remove EXTERNAL_1 --remove SMTP_PASS" in str(caught.value)
    with pytest.raises(BunkerError, match=r"the text lacks EXTERNAL_1, and the removal"):
        run(north, both, remove=["SMTP_PASS"])
    asked = []
    with pytest.raises(BunkerError, match="nothing was written; EXTERNAL_1 stays in "):
        run(north, both, remove=["SMTP_PASS"], confirm=asked.append)
    assert asked == [["EXTERNAL_1"]]
    assert north.vault("north").read_bytes() == before
    report = run(north, both, remove=["SMTP_PASS"], confirm=lambda names: names == ["EXTERNAL_1"])
    assert report.removed == ("EXTERNAL_1", "SMTP_PASS")
    assert not read(north).keys() & {"SMTP_PASS", "EXTERNAL_1"}
