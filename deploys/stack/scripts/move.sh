#!/bin/sh
# From where an older release kept the state of the first application to its application's folder,
# by renames, under the host's lock. Whatever it is cut off after, everything is found (layout.sh),
# and the next call goes on.
move_state() {
  [ -n "$(unmoved)" ] || old_timer || return 0
  stuck=$(unmovable)
  if [ -n "$stuck" ]; then
    echo "the state of $APP_NAME cannot be moved: $stuck; nothing was changed" >&2
    exit 70
  fi
  install -d -m 0700 -o root -g root "$(dirname "$APP")" "$APP"
  unmoved | while read -r name new old; do
    [ "$name" != probe ] || rm -rf "$new"
    mv -T "$old" "$new"
  done
  rm -rf "$OLD_UPGRADE.new" "$OLD_UPGRADE.gone"
  if old_timer; then
    unit=$(basename "$OLD_DEADMAN")
    systemctl disable --quiet --now "$unit.timer" 2>/dev/null || true
    rm -f "$OLD_DEADMAN.service" "$OLD_DEADMAN.timer"
    systemctl daemon-reload
    systemctl reset-failed "$unit.service" 2>/dev/null || true
  fi
  locate
}
