#!/bin/sh
# Restarted, never reloaded: after a reload that changed its action a jail can stand without any and
# still list addresses as banned. Bans are kept in fail2ban's database and set again at the start.
systemctl enable --quiet fail2ban.service
systemctl reset-failed fail2ban.service 2>/dev/null || true
systemctl restart fail2ban.service
tries=100
until ( for jail in $JAILS; do fail2ban-client get "$jail" actions 2>/dev/null | grep -qx bunker || exit 1; done ); do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { journalctl -u fail2ban.service -n 20 --no-pager >&2; exit 1; }
  sleep 0.1
done
