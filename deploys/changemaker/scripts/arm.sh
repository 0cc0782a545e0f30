#!/bin/sh
# Setting the dead-man's switch of an armed change: units that outlive a reboot.
enable_deadman() {
  cp "$UPGRADE/bunker-deadman.service" "$UPGRADE/bunker-deadman.timer" /etc/systemd/system/
  chmod 0644 /etc/systemd/system/bunker-deadman.service /etc/systemd/system/bunker-deadman.timer
  systemctl daemon-reload
  systemctl enable --quiet bunker-deadman.timer
  systemctl restart bunker-deadman.timer
}
# Add to the list of what makes a rollback unsafe; what an earlier run found still counts.
add_unsafe() {
  [ -s "$1" ] || return 0
  cat "$1" "$UPGRADE/unsafe" 2>/dev/null | sort -u | write "$UPGRADE/unsafe"
}
