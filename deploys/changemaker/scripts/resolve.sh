#!/bin/sh
# Records of a migration that failed half-way how that was settled: $HOW is --rolled-back or --applied.
compose run --rm --no-deps -T api npx prisma migrate resolve "$HOW" "$MIGRATION"
