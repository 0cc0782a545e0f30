#!/bin/sh
# What the API's log says against it since a time, in seconds since 1970; nothing where it is quiet.
MOST_ERRORS=3
logged_faults() {
  api=$(docker ps -aq --filter "label=com.docker.compose.project=$PROJECT" \
    --filter label=com.docker.compose.service=api \
    --filter label=com.docker.compose.oneoff=False </dev/null | head -n 1)
  [ -n "$api" ] || return 0
  errors=$(docker logs --since "$1" "$api" 2>&1 </dev/null \
    | grep -E '"level" *: *("(error|fatal)"|50|60)|(^| )(ERROR|FATAL) ' || true)
  [ "$(printf '%s' "$errors" | grep -c '')" -gt "$MOST_ERRORS" ] || return 0
  echo "the api logged more than $MOST_ERRORS errors:"
  printf '%s\n' "$errors" | tail -n 25
}
