#!/bin/sh
# Migrations run in a container of the new image, before it serves.
[ ! -d "$UPGRADE" ] || : > "$UPGRADE/migrating"
compose run --rm --no-deps -T api npx prisma migrate deploy
printf '%s\n' "$COMMIT" > "$KEPT/migrated.new"
mv -f "$KEPT/migrated.new" "$KEPT/migrated"
