#!/bin/sh
# What an armed change leaves on the host: where to roll back to, until when, and by what.
newest() { ls -1 "$GENERATIONS"/*.json 2>/dev/null | tail -n 1; }
# The plain number of a generation's file.
number_of() { basename "$1" .json | sed 's/^0*//'; }
# A value of a generation's record, without its images, whose services could bear any name.
field() { sed -n 's/, "images":.*//; s/.*"'"$1"'": "\{0,1\}\([^",}]*\).*/\1/p' "$2"; }
write() { cat > "$1.new" && mv -f "$1.new" "$1"; }
# What the plan was made from: it changes when the host rolls back by itself.
token() {
  last=$(newest)
  echo "$(basename "${last:-none}" .json)-$(cat "$UPGRADE/attempts" 2>/dev/null || echo 0)"
}
as_planned() {
  [ "$(token)" != "$PLANNED" ] || return 0
  # The same run goes on after it has recorded its own generation.
  last=$(newest)
  if [ -n "$last" ] && [ "$(field run "$last")" = "$RUN" ] && [ -z "$(field rollback_of "$last")" ]; then
    return 0
  fi
  echo 'the host rolled back by itself after this was planned; nothing more is changed' >&2
  exit 75
}
# Whoever works on an armed change keeps the dead-man's switch from firing.
renew() {
  if [ -e "$UPGRADE/deadline" ]; then
    echo $(( $(date +%s) + DEADMAN_SECONDS )) | write "$UPGRADE/deadline"
  fi
}
disable_deadman() {
  [ -e "$DEADMAN.timer" ] || return 0
  systemctl disable --quiet --now "$(basename "$DEADMAN").timer" 2>/dev/null || true
  rm -f "$DEADMAN.service" "$DEADMAN.timer"
  systemctl daemon-reload
}
# The change is over: nothing rolls back by itself from here on.
disarm() {
  disable_deadman
  systemctl reset-failed "$(basename "$DEADMAN").service" 2>/dev/null || true
  rm -rf "$UPGRADE.gone"
  [ ! -d "$UPGRADE" ] || mv "$UPGRADE" "$UPGRADE.gone"
  rm -rf "$UPGRADE.gone" "$UPGRADE.new"
}
