#!/bin/sh
# Records of a migration that failed half-way how that was settled: $HOW is --rolled-back or --applied.
if [ "$HOW" = --applied ] && [ ! -d "$DIRECTORY/api/prisma/migrations/$MIGRATION" ]; then
  echo "the code that runs does not have $MIGRATION, so it cannot count as applied: undo what it left, and record it as rolled back" >&2
  exit 70
fi
compose run --rm --no-deps -T api npx prisma migrate resolve "$HOW" "$MIGRATION"
