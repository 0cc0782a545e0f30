"""Images of generations are kept by tags that no other project of the host has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bunker.application.layout import layout_function
from bunker.shell import script_file, with_variables

SCRIPTS = Path(__file__).parents[3] / "deploys/stack/scripts"
# Engine and git as far as the script asks them: a line of the file "images" is an id and a tag.
DOCKER = f"""#!{sys.executable}
import os, sys
from pathlib import PurePosixPath
file = os.environ["WORLD"] + "/images"
rows = [row.split() for row in open(file)]
words = sys.argv[1:]
if words[:2] == ["image", "ls"]:
    for id, tag in rows:
        name = tag.partition(":")[0]
        if name.count("/") == words[-1].count("/") and PurePosixPath(name).match(words[-1]):
            print(*([id] if "--no-trunc" in words else []), tag)
elif words[:2] == ["image", "rm"]:
    open(file, "w").writelines(f"{{i}} {{t}}\\n" for i, t in rows if t not in words)
elif words[0] == "tag":
    open(file, "a").write(" ".join(words[1:]) + "\\n")
"""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    for name, text in {"docker": DOCKER, "runuser": "#!/bin/sh\n"}.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "images").touch()
    return tmp_path


def generations(world: Path, project: str, last: int, *services: str) -> None:
    """The records of a project's generations, from the first on."""
    folder = world / f"state/apps/{project}/generations"
    for number in range(1, last + 1):
        (folder / f"{number:06}").mkdir(parents=True)
        (folder / f"{number:06}.json").write_text("{}\n")
        rows = [f"{one} {image(project, one, number)} {one}:latest\n" for one in services]
        (folder / f"{number:06}/images").write_text("".join(rows))


def image(project: str, service: str, number: int) -> str:
    return f"sha256:{project}.{service}.{number}"


def tagged(world: Path, form: str, project: str, service: str, *numbers: int) -> None:
    with (world / "images").open("a") as file:
        for number in numbers:
            name = form.format(project=project, service=service)
            file.write(f"{image(project, service, number)} {name}:g{number:06}\n")


def run(world: Path, project: str, commands: str) -> list[str]:
    """The tags that are there afterwards."""
    text = (layout_function() + script_file(SCRIPTS / "keep.sh")).replace(
        "/var/lib/bunker", str(world / "state")
    )
    values = {"APP_NAME": project, "PROJECT": project, "DIRECTORY": "/d", "OWNER": "x"}
    done = subprocess.run(
        ["sh", "-euc", with_variables(text + commands, **values)],
        env={"PATH": f"{world / 'bin'}:{os.environ['PATH']}", "WORLD": str(world)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return sorted(row.split()[1] for row in (world / "images").read_text().splitlines())


NOW = "bunker-kept/{project}/{service}"
BEFORE = "bunker-kept/{project}-{service}"


def test_two_projects_never_make_the_same_tag(world: Path) -> None:
    generations(world, "a", 1, "b-c")
    generations(world, "a-b", 1, "c")
    run(world, "a", "tag_images 000001")
    assert run(world, "a-b", "tag_images 000001") == [
        "bunker-kept/a-b/c:g000001",
        "bunker-kept/a/b-c:g000001",
    ]


@pytest.mark.parametrize("form", [NOW, BEFORE])
def test_images_of_dropped_generations_go_and_those_of_other_projects_stay(
    world: Path, form: str
) -> None:
    generations(world, "wiki", 7, "web")
    tagged(world, form, "wiki", "web", *range(1, 8))
    tagged(world, form, "wiki-staging", "web", 1, 2)
    tagged(world, form, "wiki-web", "web", 1)
    left = run(world, "wiki", "drop_generations")
    others = [("wiki-staging", "web", 1), ("wiki-staging", "web", 2), ("wiki-web", "web", 1)]
    ours = [("wiki", "web", number) for number in range(3, 8)]
    assert left == sorted(
        f"{form.format(project=p, service=s)}:g{number:06}" for p, s, number in others + ours
    )


def test_a_former_tag_that_another_project_took_over_is_left_to_it(world: Path) -> None:
    generations(world, "a", 7, "b-c")
    tagged(world, BEFORE, "a-b", "c", 1)
    assert run(world, "a", "drop_generations") == ["bunker-kept/a-b-c:g000001"]


def test_a_generation_whose_record_goes_leaves_no_former_tag(world: Path) -> None:
    generations(world, "wiki", 22, "web")
    tagged(world, BEFORE, "wiki", "web", 1, 2, 3, 22)
    assert run(world, "wiki", "drop_generations") == ["bunker-kept/wiki-web:g000022"]
    records = sorted((world / "state/apps/wiki/generations").glob("*.json"))
    assert [path.stem for path in records] == [f"{number:06}" for number in range(3, 23)]
