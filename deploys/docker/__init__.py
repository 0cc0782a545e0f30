"""The Docker engine and Compose v2."""

from bunker.role import Role

ROLE = Role(
    name="docker",
    summary="the engine, Compose and the daemon's settings",
    deploy="deploys.docker.deploy:docker",
    groups=("all",),
    packages="deploys.docker.components:docker_packages",
)
