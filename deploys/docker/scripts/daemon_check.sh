#!/bin/sh
# The engine runs with these settings, and its packets pass DOCKER-USER first. An engine that filters
# with nftables has no such chain, and published ports would go around the firewall.
no() { echo "$1" >&2; exit 1; }
systemctl is-enabled --quiet docker.service || no 'docker.service does not start at boot'
systemctl is-active --quiet docker.service || no 'docker.service does not run'
[ "$(cut -d' ' -f1 /var/lib/bunker/docker-started-with 2>/dev/null)" = "$FINGERPRINT" ] \
  || no 'the engine was last started with other settings'
info=$(docker info --format '{{.LoggingDriver}} {{.LiveRestoreEnabled}} {{json .}}')
case $info in 'local true '*) ;; *) no "the engine does not run with its settings: ${info%% {*}";; esac
case $info in *'"FirewallBackend":{"Driver":"nftables'*) no 'the engine filters with nftables, past DOCKER-USER';; esac
