#!/bin/sh
# A checked dump of the application's database. dump_database FILE
dump_database() {
  rm -f "$1.new"
  needed=$(sql 'select pg_database_size(current_database())')
  free=$(( $(df -P -k "$SNAPSHOTS" | awk 'NR == 2 { print $4 }') * 1024 ))
  if [ "$free" -lt "$needed" ]; then
    echo "no room for a dump of the database: $((needed / 1048576)) MB are needed below $SNAPSHOTS, $((free / 1048576)) MB are free" >&2
    exit 70
  fi
  begun=$(date +%s)
  postgres sh -c \
    'PGPASSWORD=$POSTGRES_PASSWORD exec pg_dump -Fc -U "$POSTGRES_USER" -d "$POSTGRES_DB"' \
    > "$1.new" </dev/null
  postgres pg_restore --list < "$1.new" > "$1.list"
  grep -q 'TABLE DATA' "$1.list" || {
    echo 'the dump of the database holds no table; nothing was changed' >&2
    exit 70
  }
  rm -f "$1.list"
  # Its time is the moment whose data it holds.
  touch -d "@$begun" "$1.new"
  mv -f "$1.new" "$1"
}
# The last three, and the one that an armed change would restore.
drop_snapshots() {
  armed=$(cat "$UPGRADE/snapshot" 2>/dev/null || true)
  ls -1t "$SNAPSHOTS"/*.dump 2>/dev/null | grep -v /before-restore- | tail -n +4 \
    | while read -r file; do
      [ "$(basename "$file" .dump)" = "$armed" ] || rm -f "$file"
    done
  ls -1t "$SNAPSHOTS"/before-restore-*.dump 2>/dev/null | tail -n +3 | xargs -r rm -f
}
