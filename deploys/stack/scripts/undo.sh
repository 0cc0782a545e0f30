#!/bin/sh
# Roll back to the generation that the armed change names: files, code, images; asked for, the database.
# Run under the host's lock by the dead-man's switch or by the controller. Safe to be cut off at
# any line and run again. Exit 78: a rollback would break the instance; the operator has to choose.
umask 077
FROM=$(cat "$UPGRADE/from")
RUN=$(cat "$UPGRADE/run")
padded=$(printf '%06d' "$FROM")
record=$GENERATIONS/$padded.json
copy=$GENERATIONS/$padded
echo $(( $(cat "$UPGRADE/attempts" 2>/dev/null || echo 0) + 1 )) | write "$UPGRADE/attempts"
# Nothing more happens by itself, and whoever asks for the host's status is told why.
halt() {
  echo "$1" | write "$UPGRADE/halted"
  disable_deadman
  echo "$1" >&2
  exit 78
}
failed() {
  why=$1
  echo "the rollback to generation $FROM failed: $why" >&2
  exit 70
}
# Those of the migrations on standard input after which the older code does not work, and why.
unsafe_among() {
  while read -r name; do
    [ ! -s "$UPGRADE/unsafe" ] || NAME=$name awk -F '\t' '$1 "" == ENVIRON["NAME"]' "$UPGRADE/unsafe"
  done | sed 's/	/: /; 2,$s/^/, /' | tr -d '\n'
}
why='see the lines above'
ended() {
  code=$?
  trap - EXIT
  case "$code" in 0|78) exit "$code" ;; esac
  reopen_database || true
  count=$(( $(cat "$UPGRADE/failures" 2>/dev/null || echo 0) + 1 ))
  echo "$count" | write "$UPGRADE/failures"
  if [ "$count" -ge 3 ]; then halt "three attempts to roll back to generation $FROM failed: $why"; fi
  exit "$code"
}
trap ended EXIT
[ -e "$record" ] && [ -e "$copy/commit" ] \
  || halt "generation $FROM is not kept on this host, so it cannot be rolled back to"
COMMIT=$(cat "$copy/commit")
while read -r service image reference; do
  docker image inspect "$image" >/dev/null 2>&1 </dev/null \
    || halt "the image of $service of generation $FROM is gone: deploy commit $COMMIT again"
done < "$copy/images"
# What a killed step left running: a migration is waited for, anything else is ended.
oneoff() {
  docker ps -q --filter "label=com.docker.compose.project=$PROJECT" \
    --filter label=com.docker.compose.oneoff=True "$@" </dev/null
}
tries=0
while [ -e "$UPGRADE/migrating" ] && [ "$tries" -lt "$TIMEOUT" ] && [ -n "$(
  oneoff | xargs -r docker inspect --format '{{.Config.Cmd}}{{.Path}}{{.Args}}' | grep migrate
)" ]; do
  tries=$((tries + 1))
  sleep 1
done
oneoff --all | xargs -r docker rm -f >/dev/null 2>&1 9>&- || true
if [ -s "$UPGRADE/unsafe" ] && [ ! -e "$UPGRADE/restore" ]; then
  if database_answers; then
    completed=$(applied_migrations | unsafe_among)
    [ -z "$completed" ] \
      || halt "generation $FROM does not work with the database as it is now ($completed): restore the snapshot, or fix forward"
  elif [ -e "$UPGRADE/migrating" ]; then
    failed 'the database does not answer, so what was migrated is unknown'
  fi
fi
if [ -e "$UPGRADE/restore" ]; then
  database_answers postgres || failed 'the database does not answer'
  restore_database
fi
gone=$(database_gone)
[ -z "$gone" ] || [ -e "$UPGRADE/restore" ] || halt "the database is gone: $gone"
rm -f "$APPLIED" "$KEPT/migrated" "$KEPT/built" "$KEPT/images-before" "$KEPT/built-before"
git_unlock || failed "git is at work in $DIRECTORY"
if ! as_owner diff --quiet HEAD -- $(unplaced); then
  patch="$KEPT/edited-by-hand-$(date -u +%Y%m%dT%H%M%SZ).patch"
  as_owner diff --binary HEAD -- $(unplaced) > "$patch"
  echo "edits by hand were kept in $patch"
fi
( umask 022; as_owner checkout --quiet --force --detach "$COMMIT" )
( cd "$copy/files" && find . -type f ) | while read -r path; do
  path=${path#.}
  rm -f "$(dirname "$path")"/.bunker.??????
  temporary=$(mktemp "$(dirname "$path")/.bunker.XXXXXX")
  cp -a "$copy/files$path" "$temporary"
  mv -f -T "$temporary" "$path"
done
while read -r service image reference; do
  case "$reference" in *@sha256:*|sha256:*) ;; *) docker tag "$image" "$reference" </dev/null ;; esac
done < "$copy/images"
# A version that serves is replaced without a gap; where that fails, as Compose does it.
if ! bring_up; then
  began=$(date +%s)
  if ! bring; then
    explain
    failed 'its services do not come up'
  fi
  reload_changed "$began" || failed 'its web server does not take its configuration'
fi
gate || failed 'it is not healthy'
echo "$COMMIT" | write "$KEPT/migrated"
echo "$COMMIT" | write "$KEPT/built"
# Its code on the database of now, whose migrations stay where it was not restored.
head=$(applied_migrations | tail -n 1)
identity=$(sed -n 's/.*\("commit": .*}\)}.*/\1/p' "$record" \
  | sed "s/\"migration_head\": \"[^\"]*\"/\"migration_head\": \"$head\"/")
last=$(newest)
undoes=$(cat "$UPGRADE/undoes")
if [ ! -e "$UPGRADE/unrecorded" ] && [ "$RUN-$undoes-$FROM" != \
  "$(field run "$last")-$(field rollback_of "$last")-$(field rollback_to "$last")" ]; then
  number=$(( $(number_of "$last") + 1 ))
  new=$(printf '%06d' "$number")
  rm -rf "${GENERATIONS:?}/$new"
  cp -a "$copy" "$GENERATIONS/$new"
  tag_images "$new"
  as_owner update-ref "refs/bunker/g$new" "$COMMIT"
  printf '{"number": %d, "time": "%s", "run": "%s", "backup": null, "from": %d, "rollback_of": "%s", "rollback_to": %d, %s}\n' \
    "$number" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$RUN" "$(number_of "$last")" \
    "$undoes" "$FROM" "$identity" | write "$GENERATIONS/$new.json"
  drop_generations
fi
field configuration "$record" | write "$APPLIED"
tell_failed_migrations
trap - EXIT
disarm
rm -rf /var/lib/bunker/stage
echo "rolled back to generation $FROM, commit $COMMIT"
