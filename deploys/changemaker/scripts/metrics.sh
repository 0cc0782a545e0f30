#!/bin/sh
# The API's counters, and which process they are of: the container's id and start time tell one from
# the next. Only the lines that are needed travel. `end` shows that nothing was cut off.
container=$(docker ps --filter label=com.docker.compose.project="$PROJECT" \
  --filter label=com.docker.compose.service=api \
  --filter label=com.docker.compose.oneoff=False --format '{{.ID}}' </dev/null |
  sort | tr '\n' ' ')
process=$(docker inspect --format '{{.Id}} {{.State.StartedAt}}' $container \
  2>/dev/null </dev/null | tr '\n' ' ')
port=$(sed -n 's/^API_PORT=//p' "$DIRECTORY/.env" | tail -n 1 | tr -cd '0-9')
body=$(curl --silent --show-error --fail --max-time 10 --max-filesize 4000000 \
  "http://127.0.0.1:${port:-4000}/metrics" </dev/null) || exit 1
echo '@@bunker process'; echo "$(date +%s.%N) $process"
echo '@@bunker metrics'
printf '%s\n' "$body" | grep -E "^($WANTED)[{ ]" || true
echo '@@bunker end'
