#!/bin/sh
# Only where the database was empty when this instance was first deployed.
if [ -e "$KEPT/seed-pending" ]; then
  compose run --rm --no-deps -T api npx prisma db seed
  rm -f "$KEPT/seed-pending"
fi
