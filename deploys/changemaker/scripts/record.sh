#!/bin/sh
# After the gate: the applied hash, and a generation where what runs is not what ran before.
GENERATIONS=/var/lib/bunker/generations
mkdir -p "$GENERATIONS"
head=$(sql "select coalesce((select migration_name from _prisma_migrations where finished_at is not null and rolled_back_at is null order by migration_name desc limit 1), '')")
images=$(docker ps -a --filter "label=com.docker.compose.project=$PROJECT" \
  --filter label=com.docker.compose.oneoff=False --format '{{.ID}}' \
  | xargs -r docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}} {{.Image}}' \
  | sort | awk '{ printf "%s\"%s\": \"%s\"", (NR > 1 ? ", " : ""), $1, $2 }')
identity="\"commit\": \"$COMMIT\", \"ref\": \"$REF\", \"configuration\": \"$FINGERPRINT\", \"migration_head\": \"$head\", \"images\": {$images}"
last=$(ls -1 "$GENERATIONS"/*.json 2>/dev/null | tail -n 1)
if [ -z "$last" ] || ! grep -qF -- "$identity" "$last"; then
  number=1
  [ -z "$last" ] || number=$(( $(basename "$last" .json | sed 's/^0*//') + 1 ))
  file="$GENERATIONS/$(printf '%06d' "$number").json"
  printf '{"number": %d, "time": "%s", "run": "%s", "backup": null, %s}\n' \
    "$number" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$RUN" "$identity" > "$file.new"
  mv -f "$file.new" "$file"
  ls -1 "$GENERATIONS"/*.json | head -n -20 | xargs -r rm -f
  echo "generation $number"
fi
printf '%s\n' "$FINGERPRINT" > /var/lib/bunker/applied/changemaker.new
mv -f /var/lib/bunker/applied/changemaker.new /var/lib/bunker/applied/changemaker
rm -rf /var/lib/bunker/stage
