#!/bin/sh
# The database that the last generation ran on: whether it is still there. Needs layout.sh, $PROJECT
# and $DIRECTORY; only reads.
database_container() {
  docker ps "$1" --no-trunc --filter "label=com.docker.compose.project=$PROJECT" \
    --filter label=com.docker.compose.service=v2-postgres \
    --filter label=com.docker.compose.oneoff=False </dev/null 2>/dev/null 9>&- | head -n 1
}
# "t" or "f" for whether it has been migrated, and its size in KB; nothing where it is not up.
database_state() {
  running=$(database_container -q)
  [ -n "$running" ] || return 0
  timeout 10 docker exec "$running" sh -c 'PGPASSWORD=$POSTGRES_PASSWORD exec psql -X -q -t -A \
    -F " " -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "$1"' sh \
    "select to_regclass('public._prisma_migrations') is not null, pg_database_size(current_database()) / 1024" \
    </dev/null 2>/dev/null 9>&- || true
}
holds_database() { [ -n "$(find "$1" -maxdepth "$2" -name PG_VERSION -print -quit 2>/dev/null)" ]; }
# Volumes that hold a database: their name, a blank, the Compose project that they are of.
database_volumes() {
  docker volume ls -q </dev/null 2>/dev/null 9>&- | xargs -r docker volume inspect --format \
    '{{.Name}}|{{index .Labels "com.docker.compose.project"}}|{{.Mountpoint}}' 2>/dev/null 9>&- \
    | while IFS='|' read -r name project place; do
      if holds_database "$place" 3; then echo "$name $project"; fi
    done
}
# Why the database of the last generation is gone, or nothing.
database_gone() {
  last=$(ls -1 "$GENERATIONS"/*.json 2>/dev/null | tail -n 1)
  [ -n "$last" ] && grep -q '"migration_head": "[^"]' "$last" || return 0
  [ ! -e "$KEPT/new-database" ] || return 0
  case "$(database_state)" in
    t*) return 0 ;;
    f*) echo 'the database is empty'; return 0 ;;
  esac
  # An engine that does not answer says nothing about volumes.
  docker version >/dev/null 2>&1 </dev/null 9>&- || return 0
  container=$(database_container -aq)
  if [ -n "$container" ]; then
    place=$(docker inspect --format '{{range .Mounts}}{{.Destination}}|{{.Source}}{{"\n"}}{{end}}' \
      "$container" </dev/null 2>/dev/null 9>&- | sed -n 's,^/var/lib/postgresql[^|]*|,,p' | head -n 1)
    [ -z "$place" ] || holds_database "$place" 3 || echo "$place holds no database"
    return 0
  fi
  case "$(database_volumes | cut -d ' ' -f 2)" in *"$PROJECT"*) return 0 ;; esac
  holds_database "$DIRECTORY" 5 || echo "no volume of the Compose project $PROJECT holds a database"
}
