#!/bin/sh
# Compose recreates only what changed, and waits until every health check passes.
if ! bring; then
  explain
  exit 70
fi
