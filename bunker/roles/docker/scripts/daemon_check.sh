#!/bin/sh
# The engine runs with these settings, and its packets pass DOCKER-USER first. An engine that filters
# with nftables has no such chain, and published ports would go around the firewall.
systemctl is-enabled --quiet docker.service
systemctl is-active --quiet docker.service
[ "$(cut -d' ' -f1 /var/lib/bunker/docker-started-with)" = "$FINGERPRINT" ]
info=$(docker info --format '{{.LoggingDriver}} {{.LiveRestoreEnabled}} {{json .}}')
case $info in 'local true '*) ;; *) exit 1;; esac
case $info in *'"FirewallBackend":{"Driver":"nftables'*) exit 1;; esac
# Nothing may accept a packet before DOCKER-USER; the engine's isolation chain only drops.
iptables -S FORWARD | awk '
  $1 != "-A" || $NF == "DOCKER-ISOLATION-STAGE-1" { next }
  { first = $NF; exit }
  END { exit first != "DOCKER-USER" }'
