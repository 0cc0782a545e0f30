"""The state of an application: found where an older release kept it, and moved from there."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bunker.answers import sections
from bunker.application.layout import Layout, located, read_layout
from bunker.bundle import BundleFile
from bunker.ops.place import archive
from bunker.shell import with_variables
from deploys.changemaker.deploy import CHANGEMAKER
from deploys.stack.moving import check_layout

ROOT = Path(__file__).parents[3]
OLD = {
    "generations/000001.json": '{"number": 1, "run": "run-1", "images": {}}',
    "snapshots/run-1.dump": "dump",
    "changemaker/built": "b" * 40,
    "applied/changemaker": "fingerprint",
    "applied/source": "of another component",
    "upgrade/from": "1",
    "upgrade/run": "run-2",
    "upgrade/deadline": "1",
    "upgrade/deadman": "older",
    "upgrade/return": "older",
}
STUB = """#!/bin/sh
printf '%s: %s\\n' "$*" "$(cat "$WORLD/state/upgrade/deadman" 2>/dev/null)" >> "$WORLD/systemctl"
"""
INSTALL = '#!/bin/sh\nshift 7; mkdir -p "$@"\n'
# Ends whatever runs it after so many renames, as the end of a host's power does.
MV = """#!/bin/sh
/bin/mv "$@" || exit
case "$*" in *-T*) ;; *) exit 0 ;; esac
echo >> "$WORLD/renames"
[ "$(wc -l < "$WORLD/renames")" != "${DIE_AFTER:-0}" ] || kill -9 "$PPID"
"""


class World:
    """A host's folders as the older release left them."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.state = place / "state"
        (place / "units").mkdir()
        (place / "bin").mkdir()
        for name, text in (
            ("systemctl", STUB),
            ("mv", MV),
            ("install", INSTALL),
        ):
            (place / "bin" / name).write_text(text)
            (place / "bin" / name).chmod(0o755)
        for path, text in OLD.items():
            (self.state / path).parent.mkdir(parents=True, exist_ok=True)
            (self.state / path).write_text(text + "\n")
        for kind in ("service", "timer"):
            (place / f"units/bunker-deadman.{kind}").write_text("older\n")

    def shell(self, text: str, *, stdin: str = "", ends: int = 0, die_after: int = 0) -> str:
        """Run a script as on a host."""
        for path, place in (
            ("/var/lib/bunker", self.state),
            ("/etc/systemd/system", self.place / "units"),
            ("/run/bunker", self.place / "run"),
        ):
            text = text.replace(path, str(place))
        done = subprocess.run(
            ["sh", "-c", text],
            env={
                "PATH": f"{self.place / 'bin'}:{os.environ['PATH']}",
                "WORLD": str(self.place),
                "DIE_AFTER": str(die_after),
            },
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == ends, done.stdout + done.stderr
        return done.stdout + done.stderr

    def layout(self, name: str = "changemaker") -> Layout:
        """What the host says of it."""
        text = located(name) + "tell_layout\necho '@@bunker end'\n"
        return read_layout(sections(self.shell(text).splitlines())["layout"])

    def read(self) -> str:
        """What readers see of every thing."""
        files = '"$GENERATIONS"/*.json "$SNAPSHOTS"/*.dump "$KEPT/built" "$APPLIED" "$UPGRADE/run"'
        return self.shell(located("changemaker") + f"cat {files}")

    def move(self, *, ends: int = 0, die_after: int = 0) -> str:
        """The step that moves it."""
        text = CHANGEMAKER.scripts("armed") + CHANGEMAKER.scripts("arm", "move", "move_armed")
        files = [
            BundleFile(f"/{name}", f"newer {name}\n".encode())
            for name in ("undo", "deadman", "deadman.service", "deadman.timer")
        ]
        (self.place / "renames").unlink(missing_ok=True)
        script = with_variables(text, APP_NAME="changemaker")
        return self.shell(script, stdin=archive(files), ends=ends, die_after=die_after)

    def assert_moved(self) -> None:
        app = self.state / "apps/changemaker"
        found = {str(path.relative_to(app)) for path in app.rglob("*") if path.is_file()}
        assert {"applied", "generations/000001.json", "snapshots/run-1.dump", "state/built"} < found
        assert (app / "upgrade/undo").read_text() == "newer undo\n"
        assert (app / "upgrade/deadman").read_text() == "newer deadman\n"
        assert (app / "upgrade/run").read_text() == "run-2\n"
        assert sorted(
            path.name for path in self.state.iterdir() if path.name not in ("stage", "lock")
        ) == [
            "applied",
            "apps",
        ]
        assert [path.name for path in (self.state / "applied").iterdir()] == ["source"]
        assert sorted(path.name for path in (self.place / "units").iterdir()) == [
            "bunker-deadman-changemaker.service",
            "bunker-deadman-changemaker.timer",
        ]
        assert self.layout() == Layout(kept=f"{app}/state", snapshots=f"{app}/snapshots")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield World(tmp_path)


def test_what_an_older_release_left_is_read_where_it_stands(world: World) -> None:
    before = world.read()
    assert "run-2" in before
    layout = world.layout()
    assert layout.mark == f"{world.state}/changemaker/new-database"
    assert [Path(path).name for path in layout.unmoved] == [
        *("upgrade", "generations", "snapshots", "changemaker", "changemaker"),
        "bunker-deadman.timer",
    ]
    assert not (world.state / "apps").exists()


def test_another_application_has_nothing_of_it(world: World) -> None:
    wiki = world.layout("wiki")
    assert wiki.unmoved == ()
    assert wiki.kept == f"{world.state}/apps/wiki/state"


def test_it_is_moved_once(world: World) -> None:
    before = world.read()
    world.move()
    world.assert_moved()
    assert world.read() == before
    world.move()
    world.assert_moved()


@pytest.mark.parametrize("renames", [1, 2, 3, 4, 5])
def test_a_move_that_was_cut_off_after_any_rename_is_read_whole_and_goes_on(
    world: World, renames: int
) -> None:
    before = world.read()
    world.move(ends=137, die_after=renames)
    assert world.read() == before
    assert world.layout().unmoved
    world.move()
    world.assert_moved()


def test_the_dead_mans_switch_ends_a_move_that_was_cut_off(world: World) -> None:
    world.move(ends=137, die_after=2)
    # By the older release's timer or by this one's, whichever finds its script.
    (script,) = world.state.rglob("upgrade/deadman")
    assert script.read_text() == "newer deadman\n"
    text = CHANGEMAKER.scripts("armed", "move", "deadman").replace("exec /bin/sh", "echo runs")
    said = world.shell(with_variables(text, APP_NAME="changemaker"))
    assert f"runs {world.state}/apps/changemaker/upgrade/undo" in said
    world.assert_moved()


def test_this_releases_timer_is_set_while_the_older_release_still_has_everything(
    world: World,
) -> None:
    world.move()
    calls = (world.place / "systemctl").read_text().splitlines()
    new = calls.index("restart bunker-deadman-changemaker.timer: older")
    assert new < calls.index("disable --quiet --now bunker-deadman.timer: ")


def test_a_halted_change_gets_no_timer_again(world: World) -> None:
    for kind in ("service", "timer"):
        (world.place / f"units/bunker-deadman.{kind}").unlink()
    world.move()
    assert list((world.place / "units").iterdir()) == []
    assert (world.state / "apps/changemaker/upgrade/run").exists()


def test_what_cannot_be_moved_stops_everything_with_the_command_to_type(world: World) -> None:
    (world.state / "apps/changemaker/generations").mkdir(parents=True)
    (world.state / "elsewhere").mkdir()
    snapshots = world.state / "snapshots"
    snapshots.rename(world.state / "elsewhere/snapshots")
    snapshots.symlink_to("elsewhere/snapshots")
    problems = "\n".join(str(problem) for problem in check_layout("north", world.layout()))
    assert f"there is {world.state}/generations beside {world.state}/apps/" in problems
    assert f"sudo mv {world.state}/generations {world.state}/generations.older" in problems
    assert f"{snapshots} cannot be renamed: it is a mount point or a relative link" in problems
    before = sorted(world.state.rglob("*"))
    assert "cannot be moved" in world.move(ends=70)
    assert sorted(world.state.rglob("*")) == before
    assert not list(check_layout("north", Layout()))


PLACES = re.compile(
    r"/var/lib/bunker/(apps|generations|upgrade|snapshots|changemaker|applied/changemaker)"
    r"|bunker-(deadman|probe)[-.]|/run/bunker/probe"
)


def test_no_other_script_spells_a_place_of_an_applications_state() -> None:
    found = {
        str(path.relative_to(ROOT))
        for folder in ("bunker", "deploys")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".sh", ".py", ".service", ".timer") and PLACES.search(path.read_text())
    }
    assert found == {"bunker/application/layout.sh", "bunker/application/layout.py"}
