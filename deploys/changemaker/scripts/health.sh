#!/bin/sh
# The gate: the API answers 200 through nginx, as a visitor would ask it.
deadline=$(( $(date +%s) + TIMEOUT ))
while :; do
  answer=$(curl --silent --show-error --max-time 5 --write-out '\n%{http_code}' \
    --header "Host: $DOMAIN" "http://127.0.0.1:$HTTP_PORT/api/health" 2>&1 </dev/null) || true
  case "$answer" in *200) exit 0 ;; esac
  [ "$(date +%s)" -lt "$deadline" ] || break
  sleep 0.5
done
echo "GET /api/health did not answer 200 within $TIMEOUT seconds; its last answer: $answer" >&2
explain
echo "--- api; its last log lines:" >&2
compose logs --no-color --tail 25 api >&2 || true
exit 70
