cd "$DIRECTORY"
compose() { docker compose -p "$PROJECT" "$@" </dev/null 9>&-; }
# Why these services (none named: all) are unhealthy, a line each: "failed" where waiting is of no
# use, "waits", or "ends" for one that still does what it is there for.
unhealthy() {
  rows=$(instance_containers) || { echo 'waits the engine does not answer'; return 0; }
  printf '%s\n' "$rows" | awk -F '|' -v wanted=" $* " '
    $0 == "" { next }
    wanted != "  " && !index(wanted, " " $1 " ") { next }
    $2 == "exited" && $5 == "once" && $4 == 0 { next }
    $2 == "exited" || $2 == "dead" { print "failed " $6 " ended with " $4; next }
    $2 == "running" && $3 == "unhealthy" { print "failed " $6 " is unhealthy"; next }
    $2 == "running" && $3 != "starting" { if ($5 == "once") print "ends " $6; next }
    { print "waits " $6 " is " $2 " (" $3 ")" }'
}
# Bring up these services (none named: all) and wait until they are healthy. What does something and
# ends is done when it has ended with 0, which `up --wait` of Compose takes for a failure. A short
# while is given to it; one that takes longer goes on by itself.
bring() {
  until=$(( $(date +%s) + TIMEOUT ))
  patience=$(( $(date +%s) + 10 ))
  orphans=
  [ $# -gt 0 ] || orphans=--remove-orphans
  timeout "$TIMEOUT" docker compose -p "$PROJECT" up -d --no-build $orphans "$@" </dev/null 9>&- || return 1
  [ $# -gt 0 ] || set -- $(compose config --services)
  while :; do
    found=$(unhealthy "$@")
    now=$(date +%s)
    case "$found" in
      '') return 0 ;;
      *failed\ *) break ;;
      *waits\ *) [ "$now" -lt "$until" ] || break ;;
      *) [ "$now" -lt "$patience" ] || return 0 ;;
    esac
    sleep 0.5
  done
  printf '%s\n' "$found" | sed -n 's/^\(failed\|waits\) //p' >&2
  return 1
}
# The last log lines of every container that is unhealthy, so that the operator sees why.
explain() {
  instance_containers | while IFS='|' read -r service state health code once name status; do
    # A container in a crash loop may just be starting again: only a passed check counts as well.
    case "$state $health $once $code" in
      "running healthy "*|"running none "*|"exited "*" once 0") continue ;;
    esac
    echo "--- $service ($name) is $state ($status); its last log lines:" >&2
    docker logs --tail 25 "$name" >&2 2>&1 </dev/null || true
  done
}
