#!/bin/sh
# What an upgrade would do, by the package lists that are there. Caches are kept in memory: a plan
# writes nothing.
echo '@@bunker upgrades'
LC_ALL=C apt-get -s -q --fix-broken -o Debug::NoLocking=1 -o Dir::Cache::pkgcache= \
  -o Dir::Cache::srcpkgcache= dist-upgrade 2>&1 </dev/null | grep -E '^(Inst|Remv|E:) ' || true
echo '@@bunker lists'
stamp=$(ls -1t /var/lib/bunker/package-lists /var/lib/apt/periodic/update-success-stamp 2>/dev/null | head -n 1)
if [ -n "$stamp" ] && [ -z "$(find /etc/apt -newer "$stamp" \( -name '*.sources' -o -name '*.list' \) 2>/dev/null)" ]; then
  echo $(( $(date +%s) - $(stat -c %Y "$stamp") ))
fi
echo '@@bunker audit'; dpkg --audit | head -n 5
echo '@@bunker engine'
if command -v docker >/dev/null; then
  docker info --format '{{.ServerVersion}} {{.LiveRestoreEnabled}}' 2>/dev/null || true
fi
echo '@@bunker unfinished'; cat /var/lib/bunker/os-upgrade 2>/dev/null || true
