#!/bin/bash
# Holds the lease of this host for one run, for as long as its controller's heart beats.
#
# Variables: RUN_DIRECTORY STATE_DIRECTORY TOKEN BEAT (seconds) MAINTENANCE (seconds, or empty)
# RUN, and OWNER PURPOSE as JSON texts. Times are this host's clock.
#
# Says one JSON object on a line at once: held, or refused with who holds it. Then one for every
# line that it reads: beat (renew), try (take it if it is free), yield (give it up, stay), head TEXT
# (keep the audit log's head), release (give it up, end). Without a line for two heartbeats, or
# when the connection ends, it gives up its own lease and ends.
#
# lease.json has one field on a line, so that hosts without a JSON reader can read it.
LEASE=$RUN_DIRECTORY/lease.json
MAINTAINED=$STATE_DIRECTORY/maintenance.json
LIFETIME=$((2 * BEAT))
ABANDONED=900 # seconds of maintenance left to a host whose run died
umask 077
trap '' PIPE
install -d -m 0700 "$RUN_DIRECTORY" "$STATE_DIRECTORY" || exit 74
exec 8>"$RUN_DIRECTORY/lease.lock" || exit 74

guarded() { # everything that reads and then writes goes one at a time
  flock -w 20 8 || { echo 'the lock of the lease is stuck' >&2; exit 75; }
  now=$(date +%s)
  "$@"
  local code=$?
  flock -u 8
  return $code
}

line_of() { # file field: its whole line, without the comma
  sed -n "/^\"$2\": /{s/,\$//;p;}" "$1" 2>/dev/null
}

value_of() { # file field: a number, or a text without its quotes
  line_of "$1" "$2" | sed 's/^[^:]*: //;s/^"//;s/"$//'
}

number() { # 0 where it is none
  case $1 in '' | *[!0-9]*) echo 0 ;; *) echo "$1" ;; esac
}

write_lease() { # acquired
  printf '{\n"owner": %s,\n"run": "%s",\n"purpose": %s,\n"token": "%s",\n' \
    "$OWNER" "$RUN" "$PURPOSE" "$TOKEN" > "$LEASE.new" &&
    printf '"acquired": %d,\n"expires": %d\n}\n' "$1" "$((now + LIFETIME))" >> "$LEASE.new" &&
    mv -f "$LEASE.new" "$LEASE"
}

write_maintenance() { # until opened reason-line by-line
  printf '{\n"until": %d,\n%s,\n%s,\n"run": "%s",\n"opened": %d\n}\n' \
    "$1" "$3" "$4" "$RUN" "$2" > "$MAINTAINED.new" && mv -f "$MAINTAINED.new" "$MAINTAINED"
}

open_maintenance() { # one that a person opened stays as it is
  [ -n "$MAINTENANCE" ] || return 0
  if [ "$now" -lt "$(number "$(value_of "$MAINTAINED" until)")" ] &&
    [ "$(value_of "$MAINTAINED" run)" != "$RUN" ]; then
    return 0
  fi
  write_maintenance "$((now + MAINTENANCE))" "$now" "\"reason\": $PURPOSE" "\"by\": $OWNER"
}

close_maintenance() { # only this run's; a run that died leaves a little of it
  [ -n "$MAINTENANCE" ] && [ "$(value_of "$MAINTAINED" run)" = "$RUN" ] || return 0
  if [ -n "$1" ]; then
    rm -f "$MAINTAINED"
  elif [ "$((now + ABANDONED))" -lt "$(number "$(value_of "$MAINTAINED" until)")" ]; then
    write_maintenance "$((now + ABANDONED))" "$(number "$(value_of "$MAINTAINED" opened)")" \
      "$(line_of "$MAINTAINED" reason)" "$(line_of "$MAINTAINED" by)"
  fi
}

mine() { [ "$(value_of "$LEASE" token)" = "$TOKEN" ]; }

take() {
  local acquired=$now expires
  expires=$(number "$(value_of "$LEASE" expires)")
  if [ "$now" -le "$expires" ]; then
    acquired=$(number "$(value_of "$LEASE" acquired)")
    if [ "$(value_of "$LEASE" run)" != "$RUN" ]; then
      printf '{"lease": "refused", %s, %s, %s, "held_seconds": %d, "expires_in": %d}\n' \
        "$(line_of "$LEASE" owner)" "$(line_of "$LEASE" run)" "$(line_of "$LEASE" purpose)" \
        "$((now - acquired))" "$((expires - now))"
      return 0
    fi
  fi
  write_lease "$acquired" && open_maintenance || exit 74
  held=yes
  echo '{"lease": "held"}'
}

renew() {
  if [ -n "$held" ] && mine; then
    write_lease "$(number "$(value_of "$LEASE" acquired)")" || exit 74
    echo '{"lease": "renewed"}'
  elif [ -n "$held" ]; then
    held=
    echo '{"lease": "lost"}'
    exit 0
  else
    echo '{"lease": "none"}'
  fi
}

keep_head() { # text
  if [ -n "$held" ] && mine && printf '%s\n' "$1" > "$STATE_DIRECTORY/audit-head.json.new" &&
    sync "$STATE_DIRECTORY/audit-head.json.new" &&
    mv -f "$STATE_DIRECTORY/audit-head.json.new" "$STATE_DIRECTORY/audit-head.json"; then
    echo '{"head": "kept"}'
  else
    echo '{"head": "refused"}'
  fi
}

give_up() { # how: "released" where the run is done with the host, empty where it died
  if [ -n "$held" ] && mine; then
    close_maintenance "$1"
    rm -f "$LEASE"
  fi
  held=
}

held=
trap 'guarded give_up ""' EXIT
trap 'exit 0' HUP INT TERM
guarded take
while IFS= read -r -t "$LIFETIME" line; do
  case $line in
    beat) guarded renew ;;
    try) if [ -n "$held" ]; then echo '{"lease": "held"}'; else guarded take; fi ;;
    yield) guarded give_up released && echo '{"lease": "yielded"}' ;;
    'head '*) guarded keep_head "${line#head }" ;;
    release) guarded give_up released && echo '{"lease": "released"}' && exit 0 ;;
  esac
done
exit 0
