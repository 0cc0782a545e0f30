#!/bin/sh
# Compose recreates only what changed, and waits until every health check passes.
if ! compose up -d --no-build --remove-orphans --wait --wait-timeout "$TIMEOUT"; then
  explain
  exit 70
fi
