#!/bin/sh
# Every container of the instance is healthy again, as the instance was recorded; and then the gate.
recorded=$(newest)
[ -n "$recorded" ] || exit 0
deadline=$(( $(date +%s) + TIMEOUT ))
until docker info >/dev/null 2>&1 9>&-; do
  [ "$(date +%s)" -lt "$deadline" ] || { echo 'the engine does not answer' >&2; exit 70; }
  sleep 0.5
done
while unhealthy | grep -qv '^ends '; do
  if [ "$(date +%s)" -ge "$deadline" ]; then
    echo "after $TIMEOUT seconds not every container is healthy:" >&2
    unhealthy | cut -d ' ' -f 2- >&2
    explain
    exit 70
  fi
  sleep 0.5
done
COMMIT=$(field commit "$recorded")
