#!/bin/sh
@sshd_reload@
if [ -n "$MODULI" ]; then
  # A copy of our own: the package's file is replaced at upgrades.
  awk '$1 !~ /^#/ && $5 >= 3071' /etc/ssh/moduli > "$MODULI.new"
  chmod 0644 "$MODULI.new"
  mv -f "$MODULI.new" "$MODULI"
fi
reload_sshd
# sshd re-executes itself on reload; it listens again a moment later.
tries=50
until listens; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { echo "sshd does not listen on $PORTS" >&2; exit 1; }
  sleep 0.1
done
