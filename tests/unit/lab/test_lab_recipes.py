"""Images by content, and the public names under which a mirror holds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunker.errors import BunkerError, Problems
from bunker.lab import recipes
from bunker.lab.recipes import BASES, Recipe, bake_tag, base_named, mirror_name, read_names, stack

CHECKOUT = Path(__file__).resolve().parents[3]


def folder(parent: Path, name: str, names: str | None = "thing:1\n") -> Path:
    made = parent / name
    made.mkdir(parents=True)
    (made / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\n")
    if names is not None:
        (made / "names").write_text(names)
    return made


def test_the_tag_changes_with_any_content_mode_path_or_base(tmp_path: Path) -> None:
    place = folder(tmp_path, "thing")
    trixie, bookworm = BASES["debian:trixie"], BASES["debian:bookworm"]
    tags = [Recipe("thing", place, trixie).tag, Recipe("thing", place, bookworm).tag]
    (place / "entry").write_text("#!/bin/sh\n")
    tags.append(Recipe("thing", place, trixie).tag)
    (place / "entry").chmod(0o755)
    tags.append(Recipe("thing", place, trixie).tag)
    (place / "entry").rename(place / "start")
    tags.append(Recipe("thing", place, trixie).tag)
    (place / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nRUN true\n")
    tags.append(Recipe("thing", place, trixie).tag)
    assert len(set(tags)) == len(tags)
    assert all(tag.startswith("bunker-lab/thing:") for tag in tags)
    assert Recipe("thing", place, trixie).tag == tags[-1]


def test_bases_have_tags_of_their_own() -> None:
    assert len({base.tag for base in BASES.values()}) == 3
    assert BASES["debian:bookworm"].tag.startswith("bunker-lab/base:debian-bookworm-")
    assert BASES["ubuntu:24.04"].suite is None, "Ubuntu can only be pulled"
    with pytest.raises(BunkerError, match=r"unknown.*debian:trixie, debian:bookworm, ubuntu:24.04"):
        base_named("debian:sid")


@pytest.mark.parametrize(
    ("public", "mirrored"),
    [
        ("postgres:16-alpine", "library/postgres:16-alpine"),
        ("nginx", "library/nginx:latest"),
        ("victoriametrics/victoria-metrics:v1", "victoriametrics/victoria-metrics:v1"),
        ("grafana/grafana", "grafana/grafana:latest"),
    ],
)
def test_mirror_names_follow_the_public_registrys_paths(public: str, mirrored: str) -> None:
    assert mirror_name(public) == mirrored


def test_names_are_read_without_comments() -> None:
    assert read_names("# why\n\n postgres:16-alpine \npostgres:16\n") == [
        "postgres:16-alpine",
        "postgres:16",
    ]


def test_the_stack_is_every_folder_but_the_machinery(tmp_path: Path) -> None:
    for name in recipes.MACHINERY:
        folder(tmp_path, name, None)
    folder(tmp_path, "redis", "redis:7-alpine\n")
    folder(tmp_path, "postgres", "postgres:16-alpine\npostgres:16\n")
    (tmp_path / "redis" / "build-always").touch()
    made = stack(tmp_path)
    assert [recipe.pull for recipe in made] == [True, False]
    assert [recipe.name for recipe in made] == ["postgres", "redis"]
    assert made[0].public == ("postgres:16-alpine", "postgres:16")
    assert {recipe.base for recipe in made} == {recipes.SERVICE_BASE}


@pytest.mark.parametrize("name", recipes.VARIANTS)
def test_a_prepared_server_is_made_on_the_host_of_its_base_and_is_cached_by_content(
    tmp_path: Path, name: str
) -> None:
    for made in ("host", name):
        folder(tmp_path, made, None)
    bare = recipes.host(tmp_path, recipes.VARIANTS[name].on)
    prepared = recipes.host(tmp_path, name)
    assert prepared.base == bare
    before = prepared.tag
    (tmp_path / "host" / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nRUN true\n")
    assert prepared.tag != before, "a new host makes a new one of these"
    assert base_named(name).public == "debian:trixie"
    with pytest.raises(BunkerError, match=name):
        base_named("debian:sid")


def test_all_problems_of_the_stack_are_listed_at_once(tmp_path: Path) -> None:
    folder(tmp_path, "alpha", "same:1\n")
    folder(tmp_path, "beta", "same:1\n")
    folder(tmp_path, "gamma", None)
    folder(tmp_path, "delta", "# nothing\n")
    with pytest.raises(Problems) as caught:
        stack(tmp_path)
    text = str(caught.value)
    assert "same:1 is also made by alpha" in text
    assert "gamma" in text and "no public name" in text
    assert len(caught.value.problems) == 3


def test_the_bake_changes_with_a_recipe_a_name_or_the_registry(tmp_path: Path) -> None:
    base = recipes.SERVICE_BASE
    registry = Recipe("registry", folder(tmp_path, "registry", None), base)
    one = Recipe("one", folder(tmp_path, "one"), base, ("one:1",))
    renamed = Recipe("one", tmp_path / "one", base, ("one:2",))
    two = Recipe("two", folder(tmp_path, "two", "two:1\n"), base, ("two:1",))
    tags = [
        bake_tag(registry, [one]),
        bake_tag(registry, [renamed]),
        bake_tag(registry, [one, two]),
        bake_tag(two, [one]),
    ]
    assert len(set(tags)) == len(tags)


def test_the_lab_of_this_checkout_is_in_order() -> None:
    images = CHECKOUT / "lab" / "images"
    for name in recipes.MACHINERY:
        lines = (images / name / "Dockerfile").read_text().splitlines()
        assert lines[:2] == ["ARG BASE", "FROM ${BASE}"], name
    for recipe in stack(images):
        lines = (recipe.folder / "Dockerfile").read_text().splitlines()
        assert next(line for line in lines if not line.startswith("#")) == "ARG BASE", recipe.name
