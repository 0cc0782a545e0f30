#!/bin/sh
# Where the state of the application $APP_NAME is on its host; no other script spells these places.
# Before applications had names there was one, "changemaker", whose state stood beside the host's
# own: what of it was not moved yet is found there.
APP=/var/lib/bunker/apps/$APP_NAME
DEADMAN=/etc/systemd/system/bunker-deadman-$APP_NAME
PROBE_UNITS=bunker-probe-$APP_NAME.service
OLD_UPGRADE=
OLD_DEADMAN=
if [ "$APP_NAME" = changemaker ]; then
  OLD_UPGRADE=/var/lib/bunker/upgrade
  OLD_DEADMAN=/etc/systemd/system/bunker-deadman
  PROBE_UNITS="$PROBE_UNITS bunker-probe.service"
fi
# A line for each thing: its name, its place, its place of before.
places() {
  cat <<END
upgrade $APP/upgrade /var/lib/bunker/upgrade
generations $APP/generations /var/lib/bunker/generations
snapshots $APP/snapshots /var/lib/bunker/snapshots
state $APP/state /var/lib/bunker/changemaker
applied $APP/applied /var/lib/bunker/applied/changemaker
probe /run/bunker/probe-$APP_NAME /run/bunker/probe
END
}
# Those lines whose thing stands at its place of before.
unmoved() {
  [ -n "$OLD_UPGRADE" ] || return 0
  places | while read -r name new old; do
    if [ -e "$old" ] || [ -L "$old" ]; then echo "$name $new $old"; fi
  done
}
old_timer() { [ -n "$OLD_DEADMAN" ] && [ -e "$OLD_DEADMAN.timer" ]; }
place() {
  places | while read -r name new old; do
    [ "$name" = "$1" ] || continue
    if [ -n "$OLD_UPGRADE" ] && [ ! -e "$new" ] && [ -e "$old" ]; then new=$old; fi
    echo "$new"
  done
}
locate() {
  UPGRADE=$(place upgrade)
  GENERATIONS=$(place generations)
  SNAPSHOTS=$(place snapshots)
  KEPT=$(place state)
  APPLIED=$(place applied)
  PROBE=$(place probe)
}
# What stands in the way of moving: "twice" or "fixed", where it stands, where it would go.
unmovable() {
  unmoved | while read -r name new old; do
    [ "$name" != probe ] || continue
    link=$(readlink "$old") || link=/
    if [ -e "$new" ]; then echo "twice $old $new"
    elif mountpoint -q "$old" || [ "${link#/}" = "$link" ]; then echo "fixed $old $new"; fi
  done
}
# For read_layout.
tell_layout() {
  echo '@@bunker layout'
  echo "state $KEPT"
  echo "snapshots $SNAPSHOTS"
  unmoved | while read -r name new old; do echo "unmoved $old"; done
  if old_timer; then echo "unmoved $OLD_DEADMAN.timer"; fi
  unmovable
}
locate
# Logins for private registries that are this application's own.
[ ! -d "$APP/docker" ] || export DOCKER_CONFIG="$APP/docker"
