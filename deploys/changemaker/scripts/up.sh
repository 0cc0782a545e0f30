#!/bin/sh
# Compose recreates only what changed, and waits until every health check passes. The api is
# replaced without a gap where that is possible, and nginx reads what changed of its files.
began=$(date +%s)
trap swap_clear EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM
if [ "$(condition_of "$(container_of api)")" = 'running healthy' ]; then
  # What a killed swap left behind; while nothing else serves, its bridge does.
  swap_clear
fi
if swap_possible; then
  result=0
  swap_api || result=$?
  if [ "$result" = 2 ]; then
    explain
  fi
  [ "$result" = 0 ] || exit 70
fi
if ! bring; then
  explain
  exit 70
fi
reload_changed "$began" || exit 70
