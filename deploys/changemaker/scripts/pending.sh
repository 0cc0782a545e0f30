#!/bin/sh
# Which migrations the wanted commit brings that the database has not applied, with their SQL.
# Only reads, but for starting a database that is down: without it nobody can tell.
MIGRATIONS=api/prisma/migrations
if ! database_answers; then
  echo 'the database does not answer, so no way back can be prepared; nothing was changed' >&2
  explain
  exit 70
fi
applied=$(applied_migrations)
echo '@@bunker migrations'
as_owner ls-tree --name-only "$COMMIT:$MIGRATIONS" 2>/dev/null | while read -r name; do
  case "
$applied
" in *"
$name
"*) continue ;; esac
  path=$MIGRATIONS/$name/migration.sql
  as_owner cat-file -e "$COMMIT:$path" 2>/dev/null || continue
  echo "$name $(as_owner show "$COMMIT:$path" | base64 | tr -d '\n')"
done
echo '@@bunker end'
