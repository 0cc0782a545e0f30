#!/bin/sh
# Containers outlive a restart of the engine only where live-restore is in force already, so the
# engine is told by a reload first, and asked. Settings with which it was last started are recorded
# together with that very start; a restart by someone else is followed by one of ours.
RECORD=/var/lib/bunker/docker-started-with
started_with() {
  echo "$FINGERPRINT $(systemctl show --property InvocationID --value docker.service)"
}
answers() {
  tries=300
  until docker info --format '{{.LiveRestoreEnabled}}' 2>/dev/null | grep -qx "$1"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "the engine does not say LiveRestoreEnabled=$1" >&2; return 1; }
    sleep 0.1
  done
}
systemctl enable --quiet docker.service
if systemctl is-active --quiet docker.service; then
  systemctl reload docker.service
  answers true
  if [ "$(cat "$RECORD" 2>/dev/null || true)" != "$(started_with)" ]; then
    before=$(docker ps --quiet --no-trunc | sort)
    # Three starts within a minute meet systemd's start limit.
    systemctl reset-failed docker.service 2>/dev/null || true
    systemctl restart docker.service || { journalctl -u docker -n 5 --no-pager >&2; exit 1; }
    answers true
    after=$(docker ps --quiet --no-trunc | sort)
    [ "$before" = "$after" ] || { echo 'the running containers are not the same after the restart of the engine' >&2; exit 1; }
  fi
else
  systemctl reset-failed docker.service 2>/dev/null || true
  systemctl start docker.service || { journalctl -u docker -n 5 --no-pager >&2; exit 1; }
  answers true
fi
started_with > "$RECORD"
