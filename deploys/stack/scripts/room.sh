#!/bin/sh
# Nothing is begun where there is less room than the plan found needed: KB, files and mount a line.
printf '%s\n' "$NEEDED" | while read -r kb files place; do
  [ -n "$place" ] && [ -d "$place" ] || continue
  free=$(df -P -k "$place" | awk 'NR == 2 { print $4 }')
  nodes=$(df -P -i "$place" | awk 'NR == 2 { print ($2 > 0 ? $4 : 1e15) }')
  if [ "$free" -lt "$kb" ] || [ "${nodes%%[!0-9]*}" -lt "$files" ]; then
    echo "no room on $place: $((kb / 1024)) MB and $files files are needed, $((free / 1024)) MB are free; nothing was changed" >&2
    exit 70
  fi
done || exit 70
