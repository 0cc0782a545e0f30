#!/bin/sh
# Database and cache first, so that migrations run before new code serves.
if ! bring v2-postgres redis; then
  explain
  exit 70
fi
if [ "$(sql "select to_regclass('public._prisma_migrations') is null")" = t ]; then
  # An empty database is seeded, once. The mark survives an interruption between the two.
  : > "$KEPT/seed-pending"
fi
