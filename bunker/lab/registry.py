"""The registry mirror: a registry that holds every image of the stack under its public name."""

from __future__ import annotations

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from bunker.errors import BunkerError
from bunker.lab import wait
from bunker.lab.images import Images
from bunker.lab.names import LABEL_IMAGE, Naming
from bunker.lab.recipes import Recipe, bake_tag, mirror_name

PORT = 5000
START_SECONDS = 20.0


def filled_image(images: Images, naming: Naming, registry: Recipe, recipes: list[Recipe]) -> str:
    """Tag of a registry image that already holds the stack; made at the first call.

    The images are pushed into a passing registry whose container is then committed: the next lab
    starts with content at once.
    """
    tag = bake_tag(registry, recipes)
    with images.lock(tag):
        if not images.present([tag]):
            _fill(images, naming, registry, recipes, tag)
    return tag


def _fill(
    images: Images, naming: Naming, registry: Recipe, recipes: list[Recipe], tag: str
) -> None:
    engine, progress = images.engine, images.progress
    with ThreadPoolExecutor(max_workers=4) as pool:
        empty = pool.submit(images.recipe, registry)
        made = list(pool.map(images.recipe, recipes))
        source = empty.result()
    name = naming.container("registry-filling")
    engine.attempt("rm", "--force", "--volumes", name)  # left by an interrupted filling
    engine.run(
        "run",
        "--detach",
        f"--name={name}",
        *naming.label_arguments(part="registry-filling"),
        # Engines trust plain http on the loopback address only.
        f"--publish=127.0.0.1::{PORT}",
        source,
    )
    try:
        address = engine.run("port", name, f"{PORT}/tcp").splitlines()[0]
        wait_until_ready(address)
        for recipe, image in zip(recipes, made, strict=True):
            for public in recipe.public:
                progress(f"filling the registry mirror: {public}")
                target = f"{address}/{mirror_name(public)}"
                engine.run("tag", image, target)
                try:
                    engine.run("push", "--quiet", target, timeout=600)
                finally:
                    engine.run("rmi", "--no-prune", target)
        check_content(address, recipes)
        engine.run("commit", f"--change=LABEL {LABEL_IMAGE}=registry-filled", name, tag)
    finally:
        engine.run("rm", "--force", "--volumes", name)


def wait_until_ready(address: str) -> None:
    """Wait until the registry at host:port answers."""
    host, _, port = address.rpartition(":")
    wait.until(
        lambda: wait.speaks(host, int(port)) or None,
        seconds=START_SECONDS,
        what=f"the start of the registry at {address}",
    )


def check_content(address: str, recipes: list[Recipe]) -> None:
    """A BunkerError unless the registry lists every public name's tag."""
    missing = []
    for recipe in recipes:
        for public in recipe.public:
            path, _, tag = mirror_name(public).rpartition(":")
            if tag not in _tags(address, path):
                missing.append(public)
    if missing:
        raise BunkerError(f"the registry mirror lacks {', '.join(missing)}")


def _tags(address: str, path: str) -> list[str]:
    url = f"http://{address}/v2/{path}/tags/list"
    with urllib.request.urlopen(url, timeout=10) as answer:
        tags: list[str] = json.load(answer).get("tags") or []
    return tags
