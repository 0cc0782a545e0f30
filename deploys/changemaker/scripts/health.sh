#!/bin/sh
# The gate: the API answers 200 through nginx, as a visitor would ask it, and what answers is the
# version that was asked for.
api=$(docker ps -q --filter "label=com.docker.compose.project=$PROJECT" \
  --filter label=com.docker.compose.service=api \
  --filter label=com.docker.compose.oneoff=False | head -n 1)
if [ -n "$api" ]; then
  runs=$(docker inspect --format '{{.Image}}' "$api")
  named=$(docker inspect --format '{{.Config.Image}}' "$api")
  wanted=$(docker image inspect --format '{{.Id}}' "$named")
  if [ "$runs" != "$wanted" ]; then
    echo "the api runs the image $runs, and $named is $wanted now: the wanted version is not live" >&2
    exit 70
  fi
fi
# Whether the answer names another commit than the wanted one; an answer that names none is believed.
other_commit() {
  live=$(printf '%s' "$answer" | sed -n 's/.*"commit" *: *"\([0-9a-f]\{7,40\}\)".*/\1/p' | head -n 1)
  [ -n "$live" ] || return 1
  case "$COMMIT" in "$live"*) return 1 ;; esac
}
deadline=$(( $(date +%s) + TIMEOUT ))
live=''
front_door
while :; do
  answer=$(curl --silent --show-error --max-time 5 --write-out '\n%{http_code}' \
    --header "$HEADER" "$ADDRESS" 2>&1 </dev/null) || true
  now=$(date +%s)
  case "$answer" in
    *200)
      if [ -z "$live" ]; then
        # nginx may know the address of another container for a moment, not for long.
        [ $(( now + 15 )) -gt "$deadline" ] || deadline=$(( now + 15 ))
      fi
      other_commit || exit 0
      ;;
  esac
  [ "$now" -lt "$deadline" ] || break
  sleep 0.5
done
if [ -n "$live" ]; then
  echo "GET /api/health answers 200 from commit $live, not from $COMMIT: the wanted version is not live" >&2
else
  echo "GET /api/health did not answer 200 within $TIMEOUT seconds; its last answer: $answer" >&2
fi
explain
echo "--- api; its last log lines:" >&2
compose logs --no-color --tail 25 api >&2 || true
exit 70
