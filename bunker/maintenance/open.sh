#!/bin/sh
# Opens maintenance for $SECONDS_LONG, with REASON and BY as JSON texts; what was open is replaced.
# Guarded like the lease, whose run may be opening its own at the same time.
umask 077
install -d -m 0700 /run/bunker /var/lib/bunker
exec 8>/run/bunker/lease.lock
flock -w 20 8
now=$(date +%s)
printf '{\n"until": %d,\n"reason": %s,\n"by": %s,\n"run": null,\n"opened": %d\n}\n' \
  "$((now + SECONDS_LONG))" "$REASON" "$BY" "$now" > /var/lib/bunker/maintenance.json.new
mv -f /var/lib/bunker/maintenance.json.new /var/lib/bunker/maintenance.json
