"""Recipes: what an image is made from, its tag by content, and the stack's public names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from docker.utils import parse_repository_tag

from bunker.errors import BunkerError, refuse

REPOSITORY = "bunker-lab"
# Folders of lab/images that are the lab's own machinery; every other one is a stack image.
MACHINERY = frozenset({"host", "host-with-a-past", "ubuntu-like", "registry", "git"})

# Part of every base image's tag: raise it when the way a base is made changes.
BASE_RECIPE = "1"
# Left out of an installed base: nothing in the lab reads it.
BASE_LEAVES_OUT = (
    "./usr/share/doc",
    "./usr/share/man",
    "./usr/share/info",
    "./usr/share/locale",
    "./var/lib/apt/lists/*",
    "./var/cache/apt/*",
    "./var/log/*",
    "./dev/*",
)


@dataclass(frozen=True)
class Base:
    """A distribution that hosts can run. ``suite`` is what debootstrap knows it by, if it does."""

    public: str
    suite: str | None

    @property
    def tag(self) -> str:
        """Where the lab keeps it in the engine."""
        text = "\n".join([BASE_RECIPE, self.public, *BASE_LEAVES_OUT])
        distribution = self.public.replace(":", "-")
        return f"{REPOSITORY}/base:{distribution}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


BASES = {
    "debian:trixie": Base("debian:trixie", "trixie"),
    "debian:bookworm": Base("debian:bookworm", "bookworm"),
    "ubuntu:24.04": Base("ubuntu:24.04", None),
}
SERVICE_BASE = BASES["debian:trixie"]


@dataclass(frozen=True)
class Variant:
    """A host that someone prepared before us: made on a base's host image by a folder of images.

    ``user`` is who logs in, from ``home``, under the user id of the lab's ``deploy``.
    """

    on: str
    user: str
    home: str


VARIANTS = {
    "host-with-a-past": Variant("debian:trixie", "ops", "/srv/ops"),
    "ubuntu-like": Variant("debian:trixie", "ubuntu", "/home/ubuntu"),
}
LOGIN = Variant("", "deploy", "/home/deploy")


def base_named(public: str) -> Base:
    """The base of that public name, or of a variant's; a BunkerError listing them otherwise."""
    if public in VARIANTS:
        return base_named(VARIANTS[public].on)
    if public not in BASES:
        names = ", ".join([*BASES, *VARIANTS])
        raise BunkerError(f"base {public!r} is unknown", expected=f"one of: {names}")
    return BASES[public]


@dataclass(frozen=True)
class Recipe:
    """A folder with a Dockerfile whose first lines are ``ARG BASE`` and ``FROM ${BASE}``.

    ``public`` are the names under which Compose files know a stack image; machinery has none.
    ``pull`` is False where the folder has a file ``build-always``: the recipe adds something that
    the public image lacks.
    """

    name: str
    folder: Path
    base: Base | Recipe
    public: tuple[str, ...] = ()
    pull: bool = True

    @property
    def fingerprint(self) -> str:
        """Hash of the base's tag and of every file's path, mode and content."""
        digest = hashlib.sha256(f"{self.base.tag}\n".encode())
        digest.update("".join(rows(self.folder)).encode())
        return digest.hexdigest()[:16]

    @property
    def tag(self) -> str:
        """The image's name in the engine; another one as soon as anything in it changes."""
        return f"{REPOSITORY}/{self.name}:{self.fingerprint}"


def rows(folder: Path) -> Iterator[str]:
    """Path, mode and hashed content of every file; byte-code caches do not count."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            executable = "x" if file.stat().st_mode & 0o100 else "-"
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            yield f"{file.relative_to(folder).as_posix()}\0{executable}\0{content}\n"


def machinery(images: Path, name: str, base: Base = SERVICE_BASE) -> Recipe:
    """Recipe of one of the lab's own images."""
    return Recipe(name, images / name, base)


def host(images: Path, base: str) -> Recipe:
    """Recipe of a host: on one of the bases, or one of the variants on top of such a host."""
    on = base_named(base)
    if base in VARIANTS:
        return Recipe(base, images / base, machinery(images, "host", on))
    return machinery(images, "host", on)


def stack(images: Path) -> list[Recipe]:
    """Recipes of all images that the stack's Compose files name, in order of their folder."""
    recipes, problems = [], []
    owners: dict[str, str] = {}
    for folder in sorted(path for path in images.iterdir() if path.is_dir()):
        if folder.name in MACHINERY:
            continue
        names = folder / "names"
        if not names.exists() or not (folder / "Dockerfile").exists():
            problems.append(
                BunkerError(
                    "not a stack image",
                    where=str(folder),
                    expected="a Dockerfile and a file `names` with one public name per line",
                )
            )
            continue
        public = tuple(read_names(names.read_text()))
        for name in public:
            if name in owners:
                problems.append(
                    BunkerError(f"{name} is also made by {owners[name]}", where=str(names))
                )
            owners[name] = folder.name
        if not public:
            problems.append(BunkerError("no public name in it", where=str(names)))
        pull = not (folder / "build-always").exists()
        recipes.append(Recipe(folder.name, folder, SERVICE_BASE, public, pull))
    refuse("the lab's stack images are not in order", problems)
    return recipes


def read_names(text: str) -> list[str]:
    """Public names, one per line; empty lines and lines that begin with # do not count."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def mirror_name(public: str) -> str:
    """Path and tag under which a mirror has to hold a public image: official ones in library/."""
    path, tag = parse_repository_tag(public)
    return f"{path if '/' in path else f'library/{path}'}:{tag or 'latest'}"


def bake_tag(registry: Recipe, recipes: Iterable[Recipe]) -> str:
    """Name of the registry image that already holds exactly these stack images."""
    digest = hashlib.sha256(f"{registry.tag}\n".encode())
    for recipe in recipes:
        digest.update(f"{recipe.tag} {' '.join(recipe.public)}\n".encode())
    return f"{REPOSITORY}/registry-filled:{digest.hexdigest()[:16]}"
