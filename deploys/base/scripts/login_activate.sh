#!/bin/sh
# login.defs has no drop-ins: its one line is set in place, everything else stays the package's.
if grep -Eq '^UMASK[[:space:]]' /etc/login.defs; then
  sed -E 's/^UMASK[[:space:]].*/UMASK\t\t027/' /etc/login.defs > /etc/login.defs.bunker
else
  { cat /etc/login.defs; printf '\nUMASK\t\t027\n'; } > /etc/login.defs.bunker
fi
chmod 0644 /etc/login.defs.bunker
mv -f /etc/login.defs.bunker /etc/login.defs
