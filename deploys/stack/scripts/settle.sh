#!/bin/sh
# After the gate: for a while no container restarts, and the kind finds no fault with what is logged.
containers() {
  docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$PROJECT" \
    --filter label=com.docker.compose.oneoff=False
}
starts() {
  containers | xargs -r docker inspect \
    --format '{{.Name}} {{.Id}} {{.RestartCount}} {{.State.StartedAt}} {{.State.Running}}' | sort
}
since=$(date +%s)
before=$(starts)
until=$(( since + QUIET_SECONDS ))
while [ "$(date +%s)" -lt "$until" ]; do
  sleep 1
  after=$(starts)
  if [ "$after" != "$before" ]; then
    # What was to end may end with 0 meanwhile.
    ended=" $(instance_containers | awk -F '|' '$2 == "exited" && $4 == 0 && $5 == "once" { print "/" $6 }' | tr '\n' ' ')"
    changed=$(printf '%s\n%s\n' "$before" "$after" | sort | uniq -u | cut -d ' ' -f 1 | sort -u \
      | while read -r name; do case "$ended" in *" $name "*) ;; *) echo "${name#/}" ;; esac; done)
    before=$after
    [ -n "$changed" ] || continue
    echo 'the gate was passed, and then containers did not keep running:' >&2
    printf '%s\n' "$changed" >&2
    explain
    exit 70
  fi
  found=$(logged_faults "$since")
  if [ -n "$found" ]; then
    echo "the gate was passed, and then $found" >&2
    exit 70
  fi
done
