#!/bin/sh
# ufw-init, not `ufw reload`: when that fails it writes ENABLED=no and still says active.
@firewall_live@
systemctl enable --quiet ufw.service
if iptables -n -L ufw-user-input >/dev/null 2>&1; then
  "$UFW_INIT" force-reload
else
  "$UFW_INIT" start
fi
systemctl start ufw.service
grep -qx 'ENABLED=yes' /etc/ufw/ufw.conf
live_rules > /var/lib/bunker/firewall-live.new
mv -f /var/lib/bunker/firewall-live.new /var/lib/bunker/firewall-live
