"""The docker role: engine and Compose v2. Pure: what to place and how to activate it."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from bunker.bundle import Bundle, BundleFile, Component
from bunker.distributions import Distribution
from bunker.fleet.models import Host
from bunker.rendering import render, scripts
from deploys.docker.past import EngineState

SCRIPTS = Path(__file__).parent / "scripts"
PREFERENCES: Final = "/etc/apt/preferences.d/bunker-compose"
DOCKERS_OWN: Final = ("docker-ce", "docker-ce-cli", "containerd.io", "docker-compose-plugin")
"""Packages of Docker's own archive; an engine of theirs is adopted, not replaced."""

COMPOSE_PACKAGES: Final = ("docker-compose", "docker-compose-v2", "docker-compose-plugin")
_COMPOSE_V2: Final = re.compile(r"([0-9]+:)?([2-9]|[1-9][0-9])\..*")


def docker_source_components(
    distribution: Distribution, packages: Mapping[str, str], engine: EngineState
) -> list[Component]:
    """What has to be placed before :func:`docker_packages` are installed.

    The group first: the package would give it a number that is not known beforehand, and the
    application's environment names it.
    """
    source = None if "docker-ce" in packages else _compose_source(distribution)
    return [_group(engine.group_id), *([source] if source else [])]


def _group(number: int) -> Component:
    there = "getent group docker >/dev/null"
    return Component(
        bundle=Bundle("docker-group", ()),
        activate=f"{there} || groupadd --system --gid {number} docker",
        check=there,
    )


def docker_packages(
    _host: Host, distribution: Distribution, packages: Collection[str]
) -> tuple[str, ...]:
    """Packages of the engine and Compose v2, sorted, given what is installed.

    An engine of Docker's own packages is kept: it is completed with their own, since both cannot
    stand side by side.
    """
    if "docker-ce" in packages:
        return tuple(sorted(DOCKERS_OWN))
    return tuple(sorted({*distribution.engine_packages, distribution.compose_package}))


def missing_docker_packages(
    host: Host, distribution: Distribution, packages: Mapping[str, str]
) -> tuple[str, ...]:
    """Those of :func:`docker_packages` that are not there; any package of Compose v2 is one."""
    has_compose = any(_COMPOSE_V2.fullmatch(packages.get(name, "")) for name in COMPOSE_PACKAGES)
    return tuple(
        name
        for name in docker_packages(host, distribution, packages)
        if (not has_compose if name in COMPOSE_PACKAGES else name not in packages)
    )


def _compose_source(distribution: Distribution) -> Component | None:
    """Compose v2 for a release that has none, from the next release by an apt pin; else None.

    The mirror is the one that the host uses already: the source is derived there from what apt
    knows. It has to be placed before the packages are installed.
    """
    release = distribution.compose_release
    if release is None:
        return None
    package = distribution.compose_package
    content = render("docker/compose-pin", release=release, package=package)
    return Component(
        Bundle("compose-source", (BundleFile(PREFERENCES, content),)),
        **scripts(
            SCRIPTS,
            "compose_source",
            CODENAME=distribution.codename,
            RELEASE=release,
            PACKAGE=package,
        ),
    )
