#!/bin/sh
# What installing $PACKAGES would do by the lists that are there; caches stay in memory.
echo '@@bunker install'
apt-get -s -q -o Debug::NoLocking=1 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
  install --no-install-recommends $PACKAGES 2>&1 </dev/null | grep -E '^(Inst|Remv|E:) ' || true
echo '@@bunker manual'; apt-mark showmanual 2>/dev/null || true
echo '@@bunker end'
