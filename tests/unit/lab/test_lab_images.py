"""Pulling or building, decided against an engine that only records what it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bunker.errors import BunkerError
from bunker.lab.engine import AbsentError, Engine
from bunker.lab.images import Images
from bunker.lab.recipes import BASES, SERVICE_BASE, Recipe


class RecordingEngine(Engine):
    """Stands in for an engine: has the given images, refuses to pull with the given words."""

    def __init__(self, refusal: str, *present: str) -> None:
        self.refusal = refusal
        self.present = set(present)
        self.ran: list[tuple[str, ...]] = []

    def inspect_image(self, image: str) -> dict[str, Any]:
        if image not in self.present:
            raise AbsentError(f"no such image: {image}")
        return {}

    def pull(self, repository: str, **_how: Any) -> list[dict[str, Any]]:
        self.ran.append(("pull", repository))
        return [{"error": self.refusal}] if self.refusal else [{"status": "Downloaded"}]

    def tag(self, image: str, repository: str, **_how: Any) -> bool:
        self.ran.append(("tag", image, repository))
        return True

    def build(self, *, tag: str, buildargs: dict[str, str], **_how: Any) -> list[dict[str, Any]]:
        self.ran.append(("build", tag, buildargs["BASE"]))
        return []

    def verbs(self) -> list[str]:
        return [arguments[0] for arguments in self.ran]


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    folder = tmp_path / "thing"
    folder.mkdir()
    (folder / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\n")
    return Recipe("thing", folder, SERVICE_BASE, ("thing:1",))


def made(engine: RecordingEngine, cache: Path) -> Images:
    return Images(engine, cache)


def test_what_is_there_is_left_alone(tmp_path: Path, recipe: Recipe) -> None:
    engine = RecordingEngine("", recipe.tag)
    assert made(engine, tmp_path).recipe(recipe) == recipe.tag
    assert engine.ran == []


def test_a_public_image_is_pulled_where_a_registry_answers(tmp_path: Path, recipe: Recipe) -> None:
    engine = RecordingEngine("")
    made(engine, tmp_path).recipe(recipe)
    assert engine.ran == [("pull", "thing:1"), ("tag", "thing:1", recipe.tag)]


def test_build_always_is_never_pulled(tmp_path: Path, recipe: Recipe) -> None:
    engine = RecordingEngine("", SERVICE_BASE.tag)
    always = Recipe(recipe.name, recipe.folder, recipe.base, recipe.public, pull=False)
    made(engine, tmp_path).recipe(always)
    assert engine.verbs() == ["build"]


def test_an_unreachable_registry_is_remembered(tmp_path: Path, recipe: Recipe) -> None:
    engine = RecordingEngine("dial tcp: lookup: no such host", SERVICE_BASE.tag)
    made(engine, tmp_path).recipe(recipe)
    assert engine.verbs() == ["pull", "build"]
    assert engine.ran[1] == ("build", recipe.tag, SERVICE_BASE.tag)
    again = RecordingEngine("", SERVICE_BASE.tag)
    made(again, tmp_path).recipe(recipe)
    assert again.verbs() == ["build"], "no second question within the hour"


def test_a_registry_that_answers_but_refuses_is_asked_again(tmp_path: Path, recipe: Recipe) -> None:
    for _ in range(2):
        engine = RecordingEngine("manifest unknown", SERVICE_BASE.tag)
        made(engine, tmp_path).recipe(recipe)
        assert engine.verbs() == ["pull", "build"]


def test_ubuntu_without_a_registry_is_said_clearly(tmp_path: Path) -> None:
    images = made(RecordingEngine("no such host"), tmp_path)
    with pytest.raises(BunkerError, match=r"ubuntu:24.04 can only be pulled.*Use debian:trixie"):
        images.base(BASES["ubuntu:24.04"])
