#!/bin/sh
# Migrations that failed half-way, for whoever settles them. Only reads.
sql 'select 1' >/dev/null 2>&1 || { echo 'the database does not answer' >&2; explain; exit 70; }
echo '@@bunker failed'
failed_migrations
echo '@@bunker end'
