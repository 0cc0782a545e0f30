#!/bin/sh
# Past Compose, whose files may be half switched: a command in the database's container.
postgres() {
  docker exec -i "$(docker ps -q --filter "label=com.docker.compose.project=$PROJECT" \
    --filter label=com.docker.compose.service=v2-postgres \
    --filter label=com.docker.compose.oneoff=False </dev/null | head -n 1)" "$@" 9>&-
}
sql() {
  postgres sh -c \
    'PGPASSWORD=$POSTGRES_PASSWORD exec psql -X -q -t -A -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "${2:-$POSTGRES_DB}" -c "$1"' \
    sh "$@" </dev/null
}
applied_migrations() {
  if [ "$(sql "select to_regclass('public._prisma_migrations') is null")" = t ]; then return 0; fi
  sql 'select migration_name from _prisma_migrations where finished_at is not null and rolled_back_at is null order by 1'
}
# Those that failed half-way, and what their operator has to know.
failed_migrations() {
  sql 'select migration_name from _prisma_migrations where finished_at is null and rolled_back_at is null'
}
tell_failed_migrations() {
  half=$(failed_migrations) || half=
  for name in $half; do
    echo "migration $name failed half-way, and no other is applied before what it left is fixed and that is recorded: npx prisma migrate resolve --rolled-back $name (or --applied), in the api container"
  done
}
# A database that is down is started as it was; false where it does not answer within a minute.
database_answers() {
  ! sql 'select 1' "$@" >/dev/null 2>&1 || return 0
  docker ps -aq --filter "label=com.docker.compose.project=$PROJECT" \
    --filter label=com.docker.compose.service=v2-postgres \
    --filter label=com.docker.compose.oneoff=False </dev/null \
    | xargs -r docker start >/dev/null 2>&1 9>&- || true
  tries=0
  until sql 'select 1' "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || return 1
    sleep 1
  done
}
