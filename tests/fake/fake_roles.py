"""Small roles for tests of the worker; they run in the worker's own process."""

from pyinfra.context import ctx_host

from bunker.ops.context import current_secrets
from bunker.ops.recorder import name_of, recorder
from bunker.ops.step import shell, step
from bunker.plan.changes import Change


def three_steps() -> None:
    name = name_of(ctx_host.get())
    if name == "broken-role":
        raise RuntimeError("this role is broken")
    if name == "nothing-to-do":
        return
    recorder().change(Change("test", "thing", "+", "a thing is made", ("+ thing",)))
    for word in ("first", "second", "third"):
        step(f"test: {word}", [shell(f"echo {word}")])


def leaky() -> None:
    secret = current_secrets()["REDIS_PASSWORD"].reveal()
    recorder().change(Change("test", "leak", "~", f"careless {secret}", (f"- {secret}",)))
    step("test: leak", [shell("leak", stdin=secret)])
