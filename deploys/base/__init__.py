"""The operating system of every host, hardened."""

from bunker.role import Role

ROLE = Role(
    name="base",
    summary="packages, clock, logins, firewall, updates, logs",
    deploy="deploys.base.deploy:base",
    groups=("all",),
    packages="deploys.base.components:base_packages",
)
