#!/bin/sh
# After the gate: the applied hash, and a generation where what runs is not what ran before.
mkdir -p "$GENERATIONS"
head=$(applied_migrations | tail -n 1)
images=$(running_images | awk '{ printf "%s\"%s\": \"%s\"", (NR > 1 ? ", " : ""), $1, $2 }')
identity="\"commit\": \"$COMMIT\", \"ref\": \"$REF\", \"configuration\": \"$FINGERPRINT\", \"migration_head\": \"$head\", \"images\": {$images}${SET:+, \"set\": $SET}"
last=$(newest)
number=$([ -z "$last" ] && echo 0 || number_of "$last")
if [ -z "$last" ] || ! grep -qF -- "$identity" "$last"; then
  from=null
  [ -z "$last" ] || from=$number
  backup=null
  if [ -e "$UPGRADE/from" ]; then
    from=$(cat "$UPGRADE/from")
    [ ! -e "$UPGRADE/snapshot" ] || backup="\"$(cat "$UPGRADE/snapshot")\""
  fi
  number=$((number + 1))
  file="$GENERATIONS/$(printf '%06d' "$number").json"
  keep_generation "$number" "$COMMIT"
  printf '{"number": %d, "time": "%s", "run": "%s", "backup": %s, "from": %s, %s}\n' \
    "$number" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$RUN" "$backup" "$from" "$identity" | write "$file"
  drop_generations
elif [ ! -e "${last%.json}/commit" ]; then
  keep_generation "$number" "$COMMIT"
fi
echo "$FINGERPRINT" | write "$APPLIED"
disarm
printf 'generation %s\n' "$(cat "$(newest)")"
rm -rf /var/lib/bunker/stage
