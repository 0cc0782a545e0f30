#!/bin/sh
# What Compose makes of the files on standard input (the bundle), and of the present ones. Only
# reads: the script has a mount namespace of its own, where the new files lie over the present ones
# and in memory; both are gone when it ends, however it ends. What Compose reads holds secrets: hashes
# and names leave the host, nothing else.
project() { docker compose -p "$PROJECT" --profile '*' config </dev/null; }
# Compose 2.26 leaves the content of `env_file` out of these hashes, and has it in those of its
# containers. So the project is hashed as Compose resolves it, which gives the containers' own hashes.
hashes() {
  printf '%s\n' "$1" | docker compose -p "$PROJECT" --project-directory "$DIRECTORY" -f - config --hash '*'
}
cd "$DIRECTORY"
echo '@@bunker before'
old=$(project 2>/dev/null) && hashes "$old" 2>/dev/null || true
echo '@@bunker containers'
docker ps -aq --filter "label=com.docker.compose.project=$PROJECT" \
  --filter label=com.docker.compose.oneoff=False </dev/null | xargs -r docker inspect --format \
  '{{with .Config.Labels}}{{index . "com.docker.compose.service"}}|{{index . "com.docker.compose.config-hash"}}|{{index . "com.docker.compose.depends_on"}}{{end}}|{{.HostConfig.NetworkMode}} {{.HostConfig.IpcMode}} {{.HostConfig.PidMode}}{{range .HostConfig.VolumesFrom}} container:{{.}}{{end}}'
# Over a folder that is there anyway: a question leaves no folder behind.
memory=/run/lock
[ -d "$memory" ] || memory=/media
mount -t tmpfs -o mode=0700,size=64m tmpfs "$memory"
base64 -d | tar -x -f - -C "$memory"
view=$memory$DIRECTORY
# Of a commit that is not fetched yet, the present file has to do.
for file in $FILES; do
  git -c safe.directory='*' cat-file blob "$COMMIT:$file" > "$memory/compose.yml" 2>/dev/null \
    && mkdir -p "$(dirname "$view/$file")" && mv "$memory/compose.yml" "$view/$file" || true
done
for path in "$DIRECTORY"/* "$DIRECTORY"/.[!.]*; do
  beside=$view/${path##*/}
  [ -e "$path" ] && [ ! -e "$beside" ] || continue
  if [ -d "$path" ]; then mkdir "$beside"; else : > "$beside"; fi
  mount --rbind "$path" "$beside"
done
mount --rbind "$view" "$DIRECTORY"
cd "$DIRECTORY"
if ! { new=$(project) && after=$(hashes "$new"); } 2>"$memory/said"; then
  echo '@@bunker refused'
  tail -n 1 "$memory/said" | tr -d '\000-\037\177' | cut -c 1-300
  echo; echo '@@bunker end'
  exit 0
fi
echo '@@bunker after'
printf '%s\n' "$after"
# What is no part of a service's hash: what its image is built from, and the definition of networks,
# volumes, configs and secrets that it uses. Of what differs, the service's name is told.
echo '@@bunker project'
{ printf '%s\n' "$old"; echo '@@'; printf '%s\n' "$new"; } | awk '
  BEGIN { now = 0 }
  $0 == "@@" { now = 1; next }
  /^[^ ]/ { section = $1 }
  /^  [^ ]/ { item = $1; gsub(/[":]/, "", item); part = ""; if (now && section == "services:") known[item] }
  /^    [^ ]/ { part = $1 }
  section != "services:" { shared[now, section item] = shared[now, section item] $0 "\n"; next }
  part == "build:" { built[now, item] = built[now, item] $0 "\n" }
  /^      [^ ]/ && part == "networks:" { name = $1; gsub(/[":]/, "", name); uses[item, part name] }
  $(NF - 1) == "source:" && part ~ /^(volumes|configs|secrets):$/ { uses[item, part $NF] }
  END {
    for (item in known) {
      print "known", item
      if (built[0, item] != built[1, item]) print "builds", item
    }
    for (pair in uses) {
      split(pair, one, SUBSEP)
      if (shared[0, one[2]] != shared[1, one[2]]) print "uses", one[1]
    }
  }'
echo '@@bunker end'
