"""earlyoom: a small server that runs out of memory stays reachable."""

from bunker.role import Role

ROLE = Role(
    name="earlyoom",
    summary="ends the greediest process before memory runs out",
    deploy="deploys.earlyoom.deploy:earlyoom",
    settings="deploys.earlyoom.settings:EarlyoomSettings",
    packages="deploys.earlyoom.component:earlyoom_packages",
    health="systemctl is-active --quiet earlyoom || echo 'earlyoom does not run'",
)
