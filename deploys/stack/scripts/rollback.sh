#!/bin/sh
# Roll back to generation $FROM. It is armed first, so that the host ends this by itself where it is
# cut off. Standard input: the files of the armed change.
STAGE=/var/lib/bunker/stage/upgrade
rm -rf "$STAGE"
mkdir -p "$STAGE" "$SNAPSHOTS"
base64 -d | tar -x -f - -C "$STAGE"
if [ ! -d "$UPGRADE" ]; then
  rm -rf "$UPGRADE.new"
  mkdir -p "$UPGRADE.new"
  echo "$FROM" > "$UPGRADE.new/from"
  mv "$UPGRADE.new" "$UPGRADE"
fi
if [ "$(cat "$UPGRADE/restore" 2>/dev/null)" != "$RESTORE" ]; then
  rm -f "$UPGRADE/restore" "$UPGRADE/restore-time"
fi
: > "$UPGRADE/back"
rm -f "$UPGRADE/halted" "$UPGRADE/failures" "$UPGRADE/unrecorded"
[ -n "$RECORDED" ] || : > "$UPGRADE/unrecorded"
[ -z "$RESTORE" ] || echo "$RESTORE" | write "$UPGRADE/restore"
for name in undo deadman unsafe deadman.service deadman.timer; do
  write "$UPGRADE/$name" < "$STAGE/$name"
done
echo "$FROM" | write "$UPGRADE/from"
echo "$RUN" | write "$UPGRADE/run"
echo "$UNDOES" | write "$UPGRADE/undoes"
date +%s | write "$UPGRADE/deadline"
enable_deadman
rm -rf "$STAGE"
/bin/sh "$UPGRADE/undo"
