#!/bin/sh
# Everything that decides about a rollback. Only reads.
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
echo '@@bunker probe'; [ ! -d "$PROBE" ] || echo yes
echo '@@bunker head'; as_owner rev-parse --verify -q HEAD || true
echo '@@bunker built'; cat "$KEPT/built" 2>/dev/null || true
echo '@@bunker configuration'; cat "$APPLIED" 2>/dev/null || true
echo '@@bunker snapshots'
for file in "$SNAPSHOTS"/*.dump; do
  if [ -e "$file" ]; then echo "$(stat -c %Y "$file") $(basename "$file" .dump)"; fi
done
echo '@@bunker trees'
every=
oldest=
for file in "$GENERATIONS"/*.json; do
  [ -e "$file" ] || continue
  commit=$(field commit "$file")
  padded=$(basename "$file" .json)
  names=$(migrations_in "$commit")
  [ -n "$names" ] || continue
  [ -n "$every" ] || oldest=$names
  case " $every " in *" $commit "*) ;; *) every="$every $commit" ;; esac
  printf '%s\n' "$names" | sed "s/^/$padded /"
done
echo '@@bunker database'
applied=
if applied=$(applied_migrations 2>/dev/null); then
  echo yes
  echo '@@bunker applied'; printf '%s\n' "$applied"
  echo '@@bunker failed'
  failed_migrations 2>/dev/null || true
fi
if [ -n "$applied" ]; then
  printf '%s\n' "$applied" | while IFS= read -r name; do
    # What the oldest generation has as well needs no check: it is history.
    case "
$oldest
" in *"
$name
"*) printf '%s\n' "old $name" ;; *) printf '%s\n' "new $name" ;; esac
  done | tell_migrations $(as_owner rev-parse --verify -q HEAD || true) $every
fi
boot
tell_layout
echo '@@bunker end'
