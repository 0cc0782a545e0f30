#!/bin/sh
systemctl is-enabled --quiet fail2ban.service
systemctl is-active --quiet fail2ban.service
# A jail can be without its action and still say that it bans.
for jail in $JAILS; do
  fail2ban-client get "$jail" actions | grep -qx bunker
done
# The table is made at the first ban; from then on the rule has to stand in it.
if table=$(nft --numeric-priority list table inet "$TABLE" 2>/dev/null); then
  printf '%s\n' "$table" | grep -q 'hook prerouting priority -150'
  printf '%s\n' "$table" | grep -q ' drop$'
fi
