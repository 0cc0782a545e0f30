#!/bin/sh
# The state is moved, that of an armed change included. Standard input: the files of an armed change.
#
# The older release's dead-man's switch knows the old places alone. It keeps them until one rename
# puts this release's script in its place, which first ends the move and then does what it is for.
# Before that rename nothing is moved, and this release's timer is set already, to a script that is
# not at its place yet; so at every moment one of the two timers finds a script that finds everything.
STAGE=/var/lib/bunker/stage/move
if [ -d "$UPGRADE" ] && [ "$UPGRADE" = "$OLD_UPGRADE" ] && [ -z "$(unmovable)" ]; then
  rm -rf "$STAGE"
  mkdir -p "$STAGE"
  base64 -d | tar -x -f - -C "$STAGE"
  for name in undo deadman.service deadman.timer; do write "$UPGRADE/$name" < "$STAGE/$name"; done
  if old_timer; then enable_deadman; fi
  write "$UPGRADE/deadman" < "$STAGE/deadman"
  rm -rf "$STAGE"
fi
move_state
# The older release's switch may have rolled back where an earlier attempt was cut off.
[ -e "$UPGRADE/deadline" ] || disable_deadman
