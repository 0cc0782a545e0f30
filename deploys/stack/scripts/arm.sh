#!/bin/sh
# Setting the dead-man's switch of an armed change: units that outlive a reboot.
enable_deadman() {
  for kind in service timer; do
    cp "$UPGRADE/deadman.$kind" "$DEADMAN.$kind"
    chmod 0644 "$DEADMAN.$kind"
  done
  systemctl daemon-reload
  systemctl enable --quiet "$(basename "$DEADMAN").timer"
  systemctl restart "$(basename "$DEADMAN").timer"
}
# Add to the list of what makes a rollback unsafe; what an earlier run found still counts.
add_unsafe() {
  [ -s "$1" ] || return 0
  cat "$1" "$UPGRADE/unsafe" 2>/dev/null | sort -u | write "$UPGRADE/unsafe"
}
