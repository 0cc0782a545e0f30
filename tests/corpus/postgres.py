"""A Postgres server of its own: the lab's image in one container, its data in memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from bunker.lab import machine, recipes
from bunker.lab.daemon import running_engine
from bunker.lab.images import Images
from bunker.lab.names import Naming
from bunker.product import CODE as CHECKOUT

FAST = [
    f"-c{setting}"
    for setting in ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
]
START_SECONDS = 60


@contextmanager
def server() -> Iterator[str]:
    """The address of a server without a password, on this machine only; removed at the end."""
    engine = running_engine()
    images = Images(engine, machine.shared_folder())
    (recipe,) = (
        one for one in recipes.stack(CHECKOUT / "lab" / "images") if one.name == "postgres"
    )
    image = images.recipe(recipe)
    name = Naming.of(CHECKOUT, "corpus").container("postgres")
    engine.remove(name)
    engine.create_container(
        image,
        ["postgres", *FAST],
        name=name,
        environment=["POSTGRES_HOST_AUTH_METHOD=trust"],
        host_config={"Tmpfs": {"/var/lib/postgresql/data": ""}},
    )
    try:
        engine.start(name)
        [network] = engine.inspect_container(name)["NetworkSettings"]["Networks"].values()
        address = network["IPAddress"]
        url = f"postgresql://postgres@{address}/"
        _wait_for(url)
        yield url
    finally:
        engine.remove(name)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(f"{url}postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
