#!/bin/sh
# Place one component. Standard input: its files as a base64 tar archive.
# Order: stage, validate, arm the revert, move into place, activate, check, record.
# The applied hash is recorded last, so an interrupted run is seen and finished by the next one.
STAGE=/var/lib/bunker/stage/$NAME
OLD=/var/lib/bunker/revert/$NAME
export STAGE
rm -rf "$STAGE"
mkdir -p "$STAGE" /var/lib/bunker/revert
base64 -d | tar -x -f - -C "$STAGE"

if [ -n "$VALIDATE" ]; then
  if ! answer=$(sh -eu -c "$VALIDATE" 2>&1 </dev/null); then
    rm -rf "$STAGE"
    printf '%s: the new configuration is not valid, nothing was changed:\n%s\n' "$NAME" "$answer" >&2
    exit 65
  fi
fi

# An unconfirmed change of a run that died is undone: the last good state is restored first.
put_back

# The former files, and how to restore them. Those that a run left which died in between are kept:
# what stands in place since then may be new already.
keep_old() {
  rm -rf "$OLD.new"
  mkdir -p "$OLD.new/files"
  {
    echo '#!/bin/sh'
    echo "# Puts back what stood here before a change of $NAME that did not come up."
    echo 'set -u'
    # Whoever else reverts, the timer has nothing left to do and its name is free for the next run.
    [ -z "$CONFIRM" ] || echo "systemctl stop 'bunker-revert-$NAME.timer' 2>/dev/null"
  } > "$OLD.new/revert"
  printf '%s
' "$INSTRUCTIONS" | while read -r action mode owner path; do
    [ -n "$path" ] || continue
    if [ -e "$path" ] || [ -L "$path" ]; then
      mkdir -p "$OLD.new/files$(dirname "$path")"
      cp -a "$path" "$OLD.new/files$path"
      echo "cp -a '$OLD/files$path' '$path.bunker-revert' && mv -f -T '$path.bunker-revert' '$path'"
    else
      echo "rm -f '$path'"
    fi
  done >> "$OLD.new/revert"
  printf '%s\n' "$REVERT" > "$OLD.new/activate"
  {
    echo "sh '$OLD/activate'; code=\$?"
    echo "rm -f '/var/lib/bunker/applied/$NAME'"
    echo "rm -rf '$OLD'"
    echo 'exit $code'
  } >> "$OLD.new/revert"
  chmod 0700 "$OLD.new/revert"
  rm -rf "$OLD"
  mv "$OLD.new" "$OLD"
}
if [ -n "$CONFIRM" ]; then
  keep_old
  systemctl reset-failed "bunker-revert-$NAME.service" 2>/dev/null || true
  systemd-run --quiet --unit="bunker-revert-$NAME" --on-active="$CONFIRM" --timer-property=AccuracySec=1s \
    $CLEAN_SHELL "$OLD/revert" 9>&-
else
  OLD=/var/lib/bunker/former/$NAME
  mkdir -p /var/lib/bunker/former
  [ -d "$OLD" ] || keep_old
fi

rm -f "/var/lib/bunker/applied/$NAME"
put_files

works() {
  # What it prints is of interest only where it fails.
  if [ -n "$ACTIVATE" ] && ! answer=$(sh -eu -c "$ACTIVATE" 2>&1 </dev/null 9>&-); then
    printf '%s: its files are in place, but activating them failed:\n%s\n' "$NAME" "$answer" >&2
    return 1
  fi
  [ -n "$CHECK" ] || return 0
  # A service that was just started may need a moment before it agrees.
  tries=0
  until sh -eu -c "$CHECK" </dev/null >/dev/null 2>&1 9>&-; do
    tries=$((tries + 1))
    if [ "$tries" -ge 30 ]; then
      echo "$NAME: its files are in place, but the running system does not agree with them:" \
        "$(failed_line "$CHECK")" >&2
      return 1
    fi
    sleep 0.5
  done
}
if ! works; then
  if [ -n "$CONFIRM" ]; then
    put_back
  elif ! answer=$(sh "$OLD/revert" 2>&1 </dev/null 9>&-); then
    printf '%s: its former files are in place again, but do not come up either:\n%s\n' "$NAME" "$answer" >&2
    exit 70
  fi
  echo "$NAME: it is put back as it was before" >&2
  exit 70
fi
if [ -z "$CONFIRM" ]; then
  printf '%s\n' "$FINGERPRINT" > "/var/lib/bunker/applied/$NAME.new"
  mv -f "/var/lib/bunker/applied/$NAME.new" "/var/lib/bunker/applied/$NAME"
  rm -rf "$OLD"
fi
