#!/bin/sh
# The files are the former ones again: load them, or no firewall where there was none.
# Every line is tried: a half-way revert would be worse than a failing one.
set +e
if grep -qx 'ENABLED=yes' /etc/ufw/ufw.conf; then
  "$UFW_INIT" force-reload
else
  systemctl disable --quiet ufw.service
  "$UFW_INIT" force-stop 2>/dev/null || "$UFW_INIT" stop
  systemctl stop ufw.service
fi
if ! grep -q '^:DOCKER-USER' /etc/ufw/after.rules; then
  for tool in iptables ip6tables; do
    "$tool" -F DOCKER-USER 2>/dev/null && "$tool" -A DOCKER-USER -j RETURN
    for chain in bunker-from-containers bunker-to-containers; do
      "$tool" -F "$chain" 2>/dev/null && "$tool" -X "$chain"
    done
  done
fi
exit 0
