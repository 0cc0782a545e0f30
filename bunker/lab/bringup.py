"""Bringing a lab up: everything that is missing, side by side; what runs is left as it is."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from bunker.errors import BunkerError, refuse
from bunker.lab import keys, machine, network, parts, recipes, registry, sample, wait
from bunker.lab.hosts import Wanted
from bunker.lab.images import Images
from bunker.lab.models import LabHost, LabState
from bunker.lab.names import LABEL_BASE
from bunker.lab.parts import LabNetwork, Part

if TYPE_CHECKING:
    from bunker.lab.lab import Lab

REGISTRY_ADDRESS, GIT_ADDRESS = 2, 3
SIMULTANEOUS = 8

Containers = dict[str, dict[str, Any]]


def bring_up(lab: Lab, wanted: list[str], base: str) -> LabState:
    """Make the wanted hosts, and all that were there before, run with the services they need."""
    engine = lab.engine()
    with machine.lock("networks"):
        net = network.ensure(engine, lab.naming)
    containers = parts.existing(engine, lab.naming)
    hosts = lab.hosts()
    found = hosts.found(containers)
    bases = {name: parts.label_of(item, LABEL_BASE) for name, item in found.items()}
    for name in wanted:
        bases.setdefault(name, base)
    addresses = hosts.assign(list(bases), found, net)
    images = lab.images()

    def host(name: str) -> LabHost:
        there = found.get(name)
        if there is None or parts.state_of(there) in parts.NEVER_STARTED:
            image = images.recipe(recipes.host(lab.images_folder, bases[name]))
        else:
            image = str(there["Config"]["Image"])
        wanted_host = Wanted(name, bases[name], image, addresses[name])
        return hosts.ensure(wanted_host, net, there)

    with ThreadPoolExecutor(max_workers=SIMULTANEOUS) as pool:
        mirror = pool.submit(_registry, lab, net, containers, images)
        git = pool.submit(_git, lab, net, containers, images)
        made = [pool.submit(host, name) for name in bases]
    _raise_all([mirror, git, *made])
    return lab.record(
        LabState(
            name=lab.name,
            subnet=net.subnet,
            hosts=by_address(future.result() for future in made),
            registry_address=mirror.result(),
            git_address=net.address(GIT_ADDRESS),
            git_known_hosts=git.result(),
            public_key=keys.key_pair(lab.folder)[1],
            folder=lab.folder,
        )
    )


def by_address(hosts: Iterable[LabHost]) -> tuple[LabHost, ...]:
    """The hosts in the order of their addresses, which is that of their making."""
    return tuple(sorted(hosts, key=lambda host: ip_address(host.address)))


def _registry(lab: Lab, net: LabNetwork, containers: Containers, images: Images) -> str:
    stack = recipes.stack(lab.images_folder)
    empty = recipes.machinery(lab.images_folder, "registry")
    image = registry.filled_image(images, lab.naming, empty, stack)
    part = Part(
        name=lab.naming.container("registry"),
        hostname="registry",
        image=image,
        address=net.address(REGISTRY_ADDRESS),
        labels=(("part", "registry"),),
        host_config={"RestartPolicy": {"Name": "unless-stopped"}},
    )
    parts.ensure(images.engine, lab.naming, net, part, containers.get(part.name))
    seconds = registry.START_SECONDS
    wait.for_port(part.address, registry.PORT, "the registry", seconds=seconds)
    return f"{part.address}:{registry.PORT}"


def _git(lab: Lab, net: LabNetwork, containers: Containers, images: Images) -> tuple[str, ...]:
    repository, mark = sample.repository(lab.sample_folder, lab.cache)
    image = images.recipe(recipes.machinery(lab.images_folder, "git"))
    server = lab.git_server(net.address(GIT_ADDRESS))
    found = containers.get(server.container)
    host_keys, made = server.ensure(net, image, found, keys.key_pair(lab.folder)[1])
    published = lab.folder / "git-published"
    if made or not published.exists() or published.read_text().strip() != mark:
        server.publish(repository)
        published.write_text(f"{mark}\n")
    return host_keys


def _raise_all(futures: list[Future[Any]]) -> None:
    """One error for all that went wrong; anything that is not the operator's goes up as it is."""
    errors = [error for error in (future.exception() for future in futures) if error]
    for error in errors:
        if not isinstance(error, BunkerError):
            raise error
    operator = [error for error in errors if isinstance(error, BunkerError)]
    refuse("the lab did not come up", operator, single=True)
