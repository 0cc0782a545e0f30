#!/bin/sh
# The gate: every container is as it should be, and the address answers where one is given.
found=$(unhealthy)
if [ -n "$found" ] && printf '%s\n' "$found" | grep -qv '^ends '; then
  printf '%s\n' "$found" | sed -n 's/^\(failed\|waits\) //p' >&2
  explain
  exit 70
fi
front_door
[ -n "$ADDRESS" ] || exit 0
deadline=$(( $(date +%s) + TIMEOUT ))
while :; do
  code=$(curl --silent --show-error --max-time 5 --output /dev/null --write-out '%{http_code}' \
    "$ADDRESS" 2>/dev/null </dev/null) || true
  case "$code" in 2??|3??) exit 0 ;; esac
  [ "$(date +%s)" -lt "$deadline" ] || break
  sleep 0.5
done
echo "$ADDRESS did not answer with a status below 400 within $TIMEOUT seconds; its last: $code" >&2
explain
exit 70
