#!/bin/sh
# apt and dpkg on a host that others use as well: whoever holds one of their locks (cloud-init and
# unattended-upgrades at the first boot, an operator) has $PATIENCE seconds in all, and is named.
PATIENCE=${PATIENCE:-300}
APT_LOCKS=${APT_LOCKS:-/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock}
export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1
waited=0
# Who holds a lock of dpkg's kind: its process and command line; false where there is none.
holder_of() {
  inode=$(stat -c %i "$1" 2>/dev/null) || return 1
  pid=$(awk -v inode="$inode" '$2 != "->" && $6 ~ (":" inode "$") { print $5; exit }' /proc/locks)
  [ -n "$pid" ] || return 1
  command=$(tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | cut -c 1-120) || command=
  echo "process $pid (${command:-it does not say what it is})"
}
wait_for_locks() {
  if command -v cloud-init >/dev/null && cloud-init status 2>/dev/null | grep -q 'status: running'; then
    timeout "$PATIENCE" cloud-init status --wait >/dev/null 2>&1 9>&- || true
  fi
  for lock in $APT_LOCKS; do
    while holder=$(holder_of "$lock"); do
      if [ "$waited" -ge "$PATIENCE" ]; then
        echo "$lock is held by $holder for $PATIENCE seconds already; nothing was installed" >&2
        exit 75
      fi
      [ "$waited" -gt 0 ] || echo "waiting for $holder, which holds $lock"
      sleep 1
      waited=$((waited + 1))
    done
  done
}
# Runs a command when the locks are free, and again where another program was quicker.
patiently() {
  while :; do
    wait_for_locks
    code=0
    # Into a file, not a pipe: what a package starts may hold a pipe open long after apt has ended,
    # or was killed, and this would wait for it with the host's lock in its hands.
    log=$(mktemp)
    exec 8<>"$log"
    rm -f "$log"
    "$@" >&8 2>&1 </dev/null 8>&- 9>&- || code=$?
    said=$(cat /proc/self/fd/8)
    exec 8>&-
    case $code,$said in
      0,*) break ;;
      *'Could not get lock'*|*'locked by another process'*|*'Unable to acquire the dpkg'*) ;;
      *) break ;;
    esac
    [ "$waited" -lt "$PATIENCE" ] || break
    sleep 1
    waited=$((waited + 1))
  done
  printf '%s\n' "$said"
  return "$code"
}
apt() {
  patiently apt-get -q -o DPkg::Lock::Timeout="$PATIENCE" -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}
# An installation that was cut off is finished first.
finish_installation() { patiently dpkg --configure -a --force-confold; }
# What a simulation would remove, one name a line.
removals() { sed -n 's/^Remv \([^ ]*\).*/\1/p' | sort -u; }
