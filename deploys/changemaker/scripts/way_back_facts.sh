#!/bin/sh
# Everything that decides about going back. Only reads.
MIGRATIONS=api/prisma/migrations
echo '@@bunker token'; token
echo '@@bunker generations'; cat "$GENERATIONS"/*.json 2>/dev/null || true
echo '@@bunker kept'
for folder in "$GENERATIONS"/*/; do
  if [ -e "$folder/commit" ]; then basename "$folder"; fi
done
echo '@@bunker armed'
for name in from run snapshot halted; do
  if [ -s "$UPGRADE/$name" ]; then echo "$name $(head -n 1 "$UPGRADE/$name")"; fi
done
if [ -e "$UPGRADE/migrating" ]; then echo 'migrating yes'; fi
echo '@@bunker probe'; [ ! -d /run/bunker/probe ] || echo yes
echo '@@bunker head'; as_owner rev-parse --verify -q HEAD || true
echo '@@bunker built'; cat "$KEPT/built" 2>/dev/null || true
echo '@@bunker configuration'; cat /var/lib/bunker/applied/changemaker 2>/dev/null || true
echo '@@bunker snapshots'
for file in "$SNAPSHOTS"/*.dump; do
  if [ -e "$file" ]; then echo "$(stat -c %Y "$file") $(basename "$file" .dump)"; fi
done
echo '@@bunker trees'
every=
for file in "$GENERATIONS"/*.json; do
  [ -e "$file" ] || continue
  commit=$(field commit "$file")
  padded=$(basename "$file" .json)
  names=$(as_owner ls-tree --name-only "$commit:$MIGRATIONS" 2>/dev/null) || continue
  case " $every " in *" $commit "*) ;; *) every="$every $commit" ;; esac
  for name in $names; do echo "$padded $name"; done
done
echo '@@bunker database'
applied=
if sql 'select 1' >/dev/null 2>&1 && applied=$(applied_migrations); then
  echo yes
  echo '@@bunker applied'; echo "$applied"
  echo '@@bunker failed'
  sql 'select migration_name from _prisma_migrations where finished_at is null and rolled_back_at is null' \
    2>/dev/null || true
fi
echo '@@bunker sql'
every="$(as_owner rev-parse --verify -q HEAD || true) $every"
oldest=$(ls -1 "$GENERATIONS"/*.json 2>/dev/null | head -n 1)
before=$( [ -z "$oldest" ] || as_owner ls-tree --name-only "$(field commit "$oldest"):$MIGRATIONS" 2>/dev/null || true)
for name in $applied; do
  # What the oldest generation has as well nobody needs to judge.
  case "
$before
" in *"
$name
"*) continue ;; esac
  for commit in $every; do
    if as_owner cat-file -e "$commit:$MIGRATIONS/$name/migration.sql" 2>/dev/null; then
      echo "$name $(as_owner show "$commit:$MIGRATIONS/$name/migration.sql" | base64 | tr -d '\n')"
      break
    fi
  done
done
boot
echo '@@bunker end'
