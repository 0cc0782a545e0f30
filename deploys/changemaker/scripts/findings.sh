#!/bin/sh
# What an operator has to settle, a line each. Needs $PROJECT; only reads.
database=$(docker ps -q --filter "label=com.docker.compose.project=$PROJECT" \
  --filter label=com.docker.compose.service=v2-postgres \
  --filter label=com.docker.compose.oneoff=False </dev/null 2>/dev/null | head -n 1)
[ -z "$database" ] || timeout 5 docker exec "$database" sh -c 'PGPASSWORD=$POSTGRES_PASSWORD exec psql \
  -X -q -t -A -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "$1"' sh "select 'migration ' || migration_name \
  from _prisma_migrations where finished_at is null and rolled_back_at is null order by 1" \
  </dev/null 2>/dev/null || true
