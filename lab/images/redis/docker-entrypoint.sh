#!/bin/sh
# Stands in for the entrypoint of the official image: the server runs as the user redis.
set -eu
case "${1:-}" in -* | *.conf) set -- redis-server "$@" ;; esac
if [ "${1:-}" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . ! -user redis -exec chown redis:redis {} +
  exec setpriv --reuid=redis --regid=redis --init-groups -- "$0" "$@"
fi
# The official image serves the network without a password unless its command sets one.
if [ "${1:-}" = redis-server ] && [ $# -eq 1 ]; then
  set -- "$@" --protected-mode no
fi
exec "$@"
