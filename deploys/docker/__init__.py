"""The Docker engine and Compose v2."""

from bunker.role import Role

HEALTH = """
if ! command -v docker >/dev/null 2>&1; then
  echo 'Docker is not installed'
elif ! timeout 10 docker version >/dev/null 2>&1; then
  echo 'the Docker engine does not answer'
fi
"""

ROLE = Role(
    name="docker",
    summary="the engine, Compose and the daemon's settings",
    deploy="deploys.docker.deploy:docker",
    groups=("changemaker", "central"),
    packages="deploys.docker.components:docker_packages",
    health=HEALTH,
    sections=("docker",),
)
