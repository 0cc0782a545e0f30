#!/bin/sh
# The former daemon.json is back: the engine is started with it. Which settings it was started with
# is on record for our own starts only.
rm -f /var/lib/bunker/docker-started-with
systemctl reset-failed docker.service 2>/dev/null || true
systemctl restart docker.service || { journalctl -u docker -n 5 --no-pager >&2; exit 1; }
tries=300
until docker info >/dev/null 2>&1; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { echo 'the engine does not answer with its former settings' >&2; exit 1; }
  sleep 0.1
done
