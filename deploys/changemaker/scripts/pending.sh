#!/bin/sh
# Which migrations the wanted commit brings that the database has not applied, and which it has,
# with their SQL. Only reads, but for starting a database that is down: without it that is not known.
if ! database_answers; then
  echo 'the database does not answer, so no rollback can be prepared; nothing was changed' >&2
  explain
  exit 70
fi
applied=$(applied_migrations)
names=$(
  [ -z "$applied" ] || printf '%s\n' "$applied" | sed 's/^/old /'
  migrations_in "$COMMIT" | while IFS= read -r name; do
    case "
$applied
" in *"
$name
"*) ;; *) printf '%s\n' "new $name" ;; esac
  done
)
echo '@@bunker migrations'
if [ -n "$names" ]; then
  printf '%s\n' "$names"
  # What the database has and the wanted commit has not, the code that runs may have.
  printf '%s\n' "$names" | tell_migrations "$COMMIT" $(as_owner rev-parse --verify -q HEAD || true)
fi
echo '@@bunker end'
