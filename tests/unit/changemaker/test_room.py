"""Room is asked for before anything is touched, on every file system that is written to."""

import subprocess
from pathlib import Path

import pytest

from bunker.answers import sections
from bunker.application.layout import Layout
from bunker.shell import script_file, with_variables
from deploys.stack.space import check_space, needed_lines, needs, read_space
from tests.unit.changemaker.repositories import Server
from tests.unit.changemaker.test_folders_with_a_past import host

SCRIPTS = Path(__file__).parents[3] / "deploys/stack/scripts"
GB = 1024 * 1024


def space(*places: str, **more: str) -> list[str]:
    sizes = {"tree": "20480 300", "built": str(GB), "unused": "3", "snapshots": "307200"} | more
    return [*(f"place {place}" for place in places), *(f"{k} {v}" for k, v in sizes.items())]


def told(lines: list[str], *, build: bool = True, database_kb: int | None = GB) -> str:
    found = read_space(lines)
    wanted = needs(found, code=build, build=build, database_kb=database_kb)
    return "\n".join(str(problem) for problem in check_space(host(), found, wanted, Layout()))


def test_one_file_system_has_to_hold_everything() -> None:
    root = (f"{3 * GB} 90000 /",) * 3
    assert told(space(*root)) == ""
    assert told(space(*(f"{2 * GB} 90000 /",) * 3)) == (
        "north: there is no room on /: 2.0 GB and 90000 files are free; expected 2.1 GB and 1900"
        " files (code 20 MB, code to be built 20 MB, images 1.0 GB, a copy of the database 1.0 GB,"
        " and 64 MB to spare). Make room: 3 images are not used (sudo docker image prune),"
        " snapshots take 300 MB (/var/lib/bunker/apps/changemaker/snapshots)."
    )


def test_each_file_system_has_to_hold_its_own() -> None:
    full = told(space("512 90000 /opt", f"{2 * GB} 90000 /docker", f"{2 * GB} 90000 /var"))
    assert full.startswith("north: there is no room on /opt: 1 MB")
    full = told(space(f"{GB} 90000 /opt", f"{GB} 90000 /docker", f"{2 * GB} 90000 /var"))
    assert "no room on /docker" in full
    assert "no room on /opt" not in full


def test_files_can_run_out_before_space_does() -> None:
    assert "/ has" not in told(space(*(f"{9 * GB} - /",) * 3))
    assert "and 1200 files are free; expected" in told(space(*(f"{9 * GB} 1200 /",) * 3))


def test_a_change_of_settings_needs_little_and_not_nothing() -> None:
    small = {"build": False, "database_kb": None}
    assert told(space(*("102400 9000 /",) * 3), **small) == ""  # type: ignore[arg-type]
    assert "expected 64 MB" in told(space(*("512 9000 /",) * 3), **small)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kb", "ends"), [(1, 0), (10**14, 70)])
def test_the_host_asks_once_more_when_the_change_begins(kb: int, ends: int, tmp_path: Path) -> None:
    script = with_variables(
        script_file(SCRIPTS / "room.sh") + "echo begun", NEEDED=f"{kb} 1 {tmp_path}\n1 1 /nowhere"
    )
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == ends
    assert (done.stdout == "begun\n") is (ends == 0)
    if ends:
        assert f"no room on {tmp_path}" in done.stderr
        assert "nothing was changed" in done.stderr


def test_a_host_tells_what_is_free_and_how_big_things_are(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.clone()
    lines = server.fact()
    found = read_space(sections(lines)["space"])
    assert found.checkout is not None
    assert found.checkout.free_kb > 0
    assert found.tree == (4, 1)
    wanted = needs(found, code=True, build=True, database_kb=None)
    assert len(needed_lines(wanted).splitlines()) == len({need.place.mount for need in wanted})
