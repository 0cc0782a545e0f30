#!/bin/sh
# The package lists. Whoever holds their lock now (unattended-upgrades) has five minutes.
export DEBIAN_FRONTEND=noninteractive
printf '%s\n' "$RUN" > /var/lib/bunker/os-upgrade.new
mv -f /var/lib/bunker/os-upgrade.new /var/lib/bunker/os-upgrade
update() {
  apt-get -q -o DPkg::Lock::Timeout=300 -o APT::Update::Error-Mode=any update </dev/null 2>&1 9>&-
}
tries=0
until answer=$(update); do
  tries=$((tries + 1))
  case $answer in
    *'Could not get lock'*) [ "$tries" -lt 30 ] || { printf '%s\n' "$answer" >&2; exit 75; }; sleep 10 ;;
    *) [ "$tries" -lt 2 ] || { printf '%s\n' "$answer" >&2; exit 69; }; sleep 3 ;;
  esac
done
: > /var/lib/bunker/package-lists
