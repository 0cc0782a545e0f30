#!/bin/sh
mkdir -p "$KEPT"
gone=$(database_gone)
if [ -n "$gone" ]; then
  echo "the database of the last generation is gone: $gone; nothing was started" >&2
  exit 70
fi
# Database and cache first, so that migrations run before new code serves.
if ! bring v2-postgres redis; then
  explain
  exit 70
fi
empty() { [ "$(sql "select to_regclass('public._prisma_migrations') is null")" = t ]; }
if [ -e "$KEPT/new-database" ]; then
  # Someone said that a new database is meant, and which snapshot is its content.
  snapshot=$(head -n 1 "$KEPT/new-database")
  case "$snapshot" in ''|empty) ;; *)
    if empty; then
      postgres sh -c 'PGPASSWORD=$POSTGRES_PASSWORD exec pg_restore --exit-on-error \
        --single-transaction -U "$POSTGRES_USER" -d "$POSTGRES_DB"' < "$SNAPSHOTS/$snapshot.dump"
      echo "the database has the content of the snapshot $snapshot"
    fi ;;
  esac
  rm -f "$KEPT/new-database"
elif empty; then
  # Its volume bears another name in this version, or was lost a moment ago: nothing is seeded.
  gone=$(database_gone)
  if [ -n "$gone" ]; then
    echo "this version would begin with a new database beside that of the last generation: $gone" >&2
    exit 70
  fi
fi
if empty; then
  # An empty database is seeded, once. The mark survives an interruption between the two.
  : > "$KEPT/seed-pending"
fi
