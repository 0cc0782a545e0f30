#!/bin/sh
# Put in front of every script that changes a host: where another run than $LEASE_RUN holds the
# host's lease, nothing is changed. An expired lease, or one that cannot be read, does not count.
lease() {
  sed -n "/^\"$1\": /{s/^[^:]*: //;s/,\$//;s/^\"//;s/\"\$//;p;}" /run/bunker/lease.json 2>/dev/null ||
    true # released a moment ago
}
if [ -f /run/bunker/lease.json ]; then
  LEASE_HOLDER=$(lease run) LEASE_EXPIRES=$(lease expires)
  case $LEASE_EXPIRES in '' | *[!0-9]*) LEASE_EXPIRES=0 ;; esac
  if [ "$LEASE_HOLDER" != "$LEASE_RUN" ] && [ "$(date +%s)" -le "$LEASE_EXPIRES" ]; then
    printf 'held by %s for run %s (%s); nothing was changed\n' \
      "$(lease owner)" "$LEASE_HOLDER" "$(lease purpose)" >&2
    exit 75
  fi
fi
