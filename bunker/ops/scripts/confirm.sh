#!/bin/sh
# A fresh login worked after the change: take the revert away and record the change as applied.
# Where the timer fired first there is nothing to confirm, and saying so fails the step.
OLD=/var/lib/bunker/revert/$NAME
systemctl stop "bunker-revert-$NAME.timer" 2>/dev/null || true
if [ ! -x "$OLD/revert" ] || systemctl is-active --quiet "bunker-revert-$NAME.service"; then
  echo "$NAME: the change was reverted before a fresh login confirmed it" >&2
  exit 70
fi
rm -rf "$OLD"
printf '%s\n' "$FINGERPRINT" > "/var/lib/bunker/applied/$NAME.new"
mv -f "/var/lib/bunker/applied/$NAME.new" "/var/lib/bunker/applied/$NAME"
