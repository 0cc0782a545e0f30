#!/bin/sh
# Where the API is asked as a visitor would ask it, by what was placed on the host.
front_door() {
  placed=$(sed -n 's/^DOMAIN=//p' "$DIRECTORY/.env" 2>/dev/null | tail -n 1 | tr -d "\"'")
  DOMAIN=${placed:-${DOMAIN:-}}
  port=$(sed -n 's/^NGINX_HTTP_PORT=//p' "$DIRECTORY/.env" 2>/dev/null | tail -n 1 | tr -cd '0-9')
  HEADER="Host: $DOMAIN"
  ADDRESS=http://127.0.0.1:${port:-80}/api/health
}
