"""Pulling or building, decided against an engine that only records what it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bunker.errors import BunkerError
from bunker.lab.engine import Engine, EngineError
from bunker.lab.images import Images
from bunker.lab.recipes import BASES, SERVICE_BASE, Recipe


class RecordingEngine(Engine):
    """Stands in for an engine: has the given images, refuses to pull with the given words."""

    def __init__(self, refusal: str, *present: str) -> None:
        super().__init__()
        self.refusal = refusal
        self.images = set(present)
        self.ran: list[tuple[str, ...]] = []

    def run(self, *arguments: str, input: Any = None, timeout: float = 0) -> str:
        self.ran.append(arguments)
        if arguments[0] == "pull" and self.refusal:
            raise EngineError(f"docker pull --quiet failed: {self.refusal}")
        if arguments[0] == "tag":
            self.images.add(arguments[2])
        return ""

    def inspect(self, kind: str, names: Any) -> list[dict[str, Any]]:
        assert kind == "image"
        return [{} for name in names if name in self.images]

    def verbs(self) -> list[str]:
        return [arguments[0] for arguments in self.ran]


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    folder = tmp_path / "thing"
    folder.mkdir()
    (folder / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\n")
    return Recipe("thing", folder, SERVICE_BASE, ("thing:1",))


def made(engine: RecordingEngine, cache: Path) -> Images:
    return Images(engine, cache, lambda _line: None)


def test_what_is_there_is_left_alone(tmp_path: Path, recipe: Recipe) -> None:
    engine = RecordingEngine("", recipe.tag)
    assert made(engine, tmp_path).recipe(recipe) == recipe.tag
    assert engine.ran == []


def test_a_public_image_is_pulled_where_a_registry_answers(tmp_path: Path, recipe: Recipe) -> None:
    engine = RecordingEngine("")
    made(engine, tmp_path).recipe(recipe)
    assert engine.ran == [("pull", "--quiet", "thing:1"), ("tag", "thing:1", recipe.tag)]


def test_build_always_is_never_pulled(tmp_path: Path, recipe: Recipe) -> None:
    engine = RecordingEngine("", SERVICE_BASE.tag)
    always = Recipe(recipe.name, recipe.folder, recipe.base, recipe.public, pull=False)
    made(engine, tmp_path).recipe(always)
    assert engine.verbs() == ["build"]


def test_an_unreachable_registry_is_remembered(tmp_path: Path, recipe: Recipe) -> None:
    engine = RecordingEngine("dial tcp: lookup: no such host", SERVICE_BASE.tag)
    made(engine, tmp_path).recipe(recipe)
    assert engine.verbs() == ["pull", "build"]
    assert f"--build-arg=BASE={SERVICE_BASE.tag}" in engine.ran[1]
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
