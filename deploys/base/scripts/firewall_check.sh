#!/bin/sh
# Enabled for the next boot, and loaded now exactly as it was when it was last activated.
@firewall_live@
grep -qx 'ENABLED=yes' /etc/ufw/ufw.conf
systemctl is-enabled --quiet ufw.service
rules=$(live_rules)
[ "$rules" = "$(cat /var/lib/bunker/firewall-live)" ]
for port in $SSH_PORTS; do
  printf '%s\n' "$rules" | grep -q -- "^iptables -A ufw-user-input -p tcp -m tcp --dport $port -j ACCEPT"
done
printf '%s\n' "$rules" | grep -qx -- 'iptables -P INPUT DROP'
printf '%s\n' "$rules" | grep -qx -- 'iptables -A bunker-to-containers -j DROP'
