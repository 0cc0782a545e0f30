#!/bin/sh
# Undoes an unconfirmed change of $NAME: at once, and never beside the
# timer that does the same. Nothing happens where no change is unconfirmed.
put_back() {
  systemctl stop "bunker-revert-$NAME.timer" 2>/dev/null || true
  while systemctl is-active --quiet "bunker-revert-$NAME.service"; do sleep 0.2; done
  if [ -x "/var/lib/bunker/revert/$NAME/revert" ]; then
    sh "/var/lib/bunker/revert/$NAME/revert" \
      || echo "$NAME: its former files are in place again, but activating them failed" >&2
  fi
}
