#!/bin/sh
# Before anything of a running instance is changed: a snapshot of its database where its code
# changes, the generation to roll back to, and a dead-man's switch that rolls back.
# Standard input: the files of the armed change.
STAGE=/var/lib/bunker/stage/upgrade
rm -rf "$STAGE"
begun=
trap '
  if [ "$?" != 0 ] && [ ! -e "$UPGRADE/deadline" ]; then
    [ -z "$begun" ] || rm -rf "$UPGRADE" "$UPGRADE.new"
    rm -rf "$STAGE" "$SNAPSHOTS/$RUN.dump.new"
    images_back || true
  fi
' EXIT
mkdir -p "$STAGE" "$SNAPSHOTS"
base64 -d | tar -x -f - -C "$STAGE"
if [ -d "$UPGRADE" ]; then
  from=$(cat "$UPGRADE/from")
else
  from=$(number_of "$(newest)")
fi
record=$GENERATIONS/$(printf '%06d' "$from").json
if [ ! -e "${record%.json}/commit" ]; then
  # It was made by an older release of this tool. Is it still what stands here?
  commit=$(field commit "$record")
  if [ "$(cat "$APPLIED" 2>/dev/null)" = "$(field configuration "$record")" ] \
    && [ "$(as_owner rev-parse HEAD)" = "$commit" ]; then
    keep_generation "$from" "$commit"
  else
    echo "an earlier deploy was cut off: what it replaced is not known, so nothing rolls back by itself"
    rm -rf "$STAGE"
    exit 0
  fi
fi
if [ "$(field commit "$record")" != "$COMMIT" ] && [ ! -e "$SNAPSHOTS/$RUN.dump" ]; then
  dump_database "$SNAPSHOTS/$RUN.dump"
fi
if [ ! -d "$UPGRADE" ]; then
  rm -rf "$UPGRADE.new"
  begun=yes
  mkdir -p "$UPGRADE.new"
  echo "$from" > "$UPGRADE.new/from"
  applied_migrations > "$UPGRADE.new/migrations"
  mv "$UPGRADE.new" "$UPGRADE"
fi
rm -f "$UPGRADE/back" "$UPGRADE/restore" "$UPGRADE/halted" "$UPGRADE/failures"
echo "$RUN" | write "$UPGRADE/run"
echo "$RUN" | write "$UPGRADE/undoes"
if [ ! -e "$UPGRADE/snapshot" ] && [ -e "$SNAPSHOTS/$RUN.dump" ]; then
  echo "$RUN" | write "$UPGRADE/snapshot"
fi
for name in undo deadman deadman.service deadman.timer; do
  write "$UPGRADE/$name" < "$STAGE/$name"
done
add_unsafe "$STAGE/unsafe"
echo $(( $(date +%s) + DEADMAN_SECONDS )) | write "$UPGRADE/deadline"
enable_deadman
drop_snapshots
rm -rf "$STAGE"
