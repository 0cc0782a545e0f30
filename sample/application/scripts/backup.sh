#!/bin/sh
# Dumps the database into BACKUP_DIR, deletes dumps older than BACKUP_RETENTION_DAYS, and, where
# BUNKER_OPS_ENABLED is true, tells the API's metrics when the last good one was made.
set -eu
umask 077
cd "$(dirname "$0")/.."
value() { sed -n "s/^$1=//p" .env | tail -n 1 | tr -d "\"'"; }
folder=$(value BACKUP_DIR)
days=$(value BACKUP_RETENTION_DAYS)
name=changemaker-$(date -u +%Y%m%dT%H%M%SZ).dump
mkdir -p "$folder"
docker compose exec -T v2-postgres sh -c \
  'PGPASSWORD=$POSTGRES_PASSWORD exec pg_dump -Fc -U "$POSTGRES_USER" "$POSTGRES_DB"' \
  > "$folder/$name.partial" < /dev/null
mv "$folder/$name.partial" "$folder/$name"
find "$folder" -name 'changemaker-*.dump' -mtime "+$days" -delete
if [ "$(value BUNKER_OPS_ENABLED)" = true ]; then
  docker compose exec -T redis redis-cli MSET \
    backup:last_success "$(date +%s)" backup:size_bytes "$(wc -c < "$folder/$name")" < /dev/null
fi
echo "$folder/$name"
