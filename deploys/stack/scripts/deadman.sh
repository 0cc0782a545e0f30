#!/bin/sh
# The dead-man's switch of an armed change: waits for whatever changes the host right now, and
# rolls back where the deadline was not renewed.
exec 9>/var/lib/bunker/lock
flock 9
move_state
[ -e "$UPGRADE/deadline" ] || exit 0
last=$(newest)
if [ ! -e "$UPGRADE/back" ] && [ "$(field run "$last")" = "$(cat "$UPGRADE/run")" ]; then
  # The change was recorded as good; only taking this away was cut off.
  disarm
  exit 0
fi
[ "$(date +%s)" -ge "$(cat "$UPGRADE/deadline")" ] || exit 0
echo "the controller is gone from run $(cat "$UPGRADE/run"): rolling back to generation $(cat "$UPGRADE/from")"
exec /bin/sh "$UPGRADE/undo"
