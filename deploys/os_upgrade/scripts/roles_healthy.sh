#!/bin/sh
# Nothing is wrong with any role of a host that was deployed before. Services may need a moment.
[ -n "$(ls -A /var/lib/bunker/applied 2>/dev/null)" ] || exit 0
tries=0
until wrong=$(roles_health) && [ -z "$wrong" ]; do
  tries=$((tries + 1))
  if [ "$tries" -ge 60 ]; then
    printf '%s\n' "$wrong" >&2
    exit 70
  fi
  sleep 0.5
done
