#!/bin/sh
# The address that the project's settings name, by what was placed on the host.
front_door() {
  HEADER=
  ADDRESS=$(sed -n 's/^BUNKER_HEALTH_URL=//p' "$DIRECTORY/.env" 2>/dev/null | tail -n 1 | tr -d "\"'")
}
