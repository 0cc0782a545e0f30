"""Compose v2 for a release that has none: one package of the next release, by an apt pin."""

from pathlib import Path
from typing import Final

from bunker.bundle import Bundle, BundleFile
from bunker.component import Component
from bunker.distributions import Distribution
from bunker.rendering import render, scripts

SCRIPTS = Path(__file__).parent / "scripts"
PREFERENCES: Final = "/etc/apt/preferences.d/bunker-compose"


def compose_source_component(distribution: Distribution) -> Component | None:
    """The pin and the source; None for a release that has Compose v2.

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
