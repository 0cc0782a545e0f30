"""The operating system of every host, hardened."""

from bunker.role import Role

HEALTH = """
for unit in ssh ufw; do
  ! systemctl is-failed --quiet "$unit" || echo "the unit $unit has failed"
done
for revert in /var/lib/bunker/revert/*/revert; do
  [ ! -e "$revert" ] || { name=${revert%/revert}; echo "${name##*/} is about to be put back"; }
done
"""

ROLE = Role(
    name="base",
    summary="packages, clock, logins, firewall, updates, logs",
    deploy="deploys.base.deploy:base",
    groups=("all",),
    packages="deploys.base.components:base_packages",
    health=HEALTH,
)
