#!/bin/sh
# Every container of the instance is healthy again, as the instance was recorded; and then the gate.
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
# What was recorded last and what the instance's own file says: nothing secret is needed here.
COMMIT=$(sed -n 's/.*"commit": "\([0-9a-f]*\)".*/\1/p' "$(ls -1 "$GENERATIONS"/*.json | tail -n 1)")
HTTP_PORT=$(sed -n "s/^NGINX_HTTP_PORT=//p" "$DIRECTORY/.env" | tail -n 1 | tr -d "\"'")
HTTP_PORT=${HTTP_PORT:-80}
