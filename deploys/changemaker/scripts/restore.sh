#!/bin/sh
# The database as a snapshot has it, beside the present one, which is kept under another name.
# Safe to be cut off anywhere: what is done is told by the names of the databases.
database() { postgres sh -c 'printf %s "$POSTGRES_DB"' </dev/null; }
exists() { [ "$(sql "select 1 from pg_database where datname = '$1'" postgres)" = 1 ]; }
# A restore that was given up must not leave the present database shut.
reopen_database() {
  [ -n "${shut:-}" ] || return 0
  sql "alter database \"$shut\" with allow_connections true" postgres
}
restore_database() {
  snapshot=$SNAPSHOTS/$(cat "$UPGRADE/restore").dump
  database=$(database)
  if [ ! -e "$UPGRADE/restore-time" ]; then
    date -u +%Y%m%dt%H%M%Sz | write "$UPGRADE/restore-time"
  fi
  time=$(cat "$UPGRADE/restore-time")
  old=${database}_before_$time
  fresh=${database}_restored
  if exists "$old"; then
    # Cut off after the names were swapped.
    return 0
  fi
  [ -e "$snapshot" ] || halt "the snapshot $snapshot is gone"
  if [ ! -e "$SNAPSHOTS/before-restore-$time.dump" ]; then
    dump_database "$SNAPSHOTS/before-restore-$time.dump"
  fi
  if exists "$fresh"; then sql "drop database \"$fresh\" with (force)" postgres; fi
  sql "create database \"$fresh\" template template0" postgres
  postgres sh -c 'PGPASSWORD=$POSTGRES_PASSWORD exec pg_restore --exit-on-error -U "$POSTGRES_USER" -d "$1"' \
    sh "$fresh" < "$snapshot"
  wanted=$(field migration_head "$GENERATIONS/$padded.json")
  names=$(sql 'select migration_name from _prisma_migrations where finished_at is not null and rolled_back_at is null' "$fresh")
  [ -z "$wanted" ] || echo "$names" | grep -qxF "$wanted" \
    || halt "generation $FROM needs migration $wanted, which the snapshot does not have: the database was not touched"
  after=$(echo "$names" | unsafe_among)
  [ -z "$after" ] \
    || halt "generation $FROM does not work with the snapshot ($after): the database was not touched"
  # From here on nothing may write; nginx answers 502 until the older code is up.
  for service in api media-api admin; do
    docker ps -q --filter "label=com.docker.compose.project=$PROJECT" \
      --filter "label=com.docker.compose.service=$service" </dev/null
  done | xargs -r docker stop >/dev/null 9>&-
  shut=$database
  sql "alter database \"$database\" with allow_connections false" postgres
  tries=0
  until [ "$(sql "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname in ('$database', '$fresh')" postgres)" = 0 ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 50 ] || failed 'other sessions hold the database; it was not swapped'
    sleep 0.2
  done
  sql "begin; alter database \"$database\" rename to \"$old\"; alter database \"$fresh\" rename to \"$database\"; commit" postgres
  shut=
  echo "the database is as it was at $(date -u -d "@$(stat -c %Y "$snapshot")" +%Y-%m-%dT%H:%M:%SZ); what it replaced is kept as $old"
}
