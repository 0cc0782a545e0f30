#!/bin/sh
# Stands in for the entrypoint of the official image: the same variables, the same order of things.
# Honours POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB (each also as ..._FILE), POSTGRES_INITDB_ARGS,
# POSTGRES_HOST_AUTH_METHOD, PGDATA and /docker-entrypoint-initdb.d. No secret goes into an argument.
set -eu

from_file() {
  eval "file=\${$1_FILE:-}"
  if [ -n "$file" ]; then
    eval "$1=\$(cat \"\$file\")"
    export "${1?}"
  fi
}

case "${1:-}" in -*) set -- postgres "$@" ;; esac
if [ "${1:-}" != postgres ]; then
  exec "$@"
fi

if [ "$(id -u)" = 0 ]; then
  install -d -m 0700 -o postgres -g postgres "$PGDATA"
  install -d -m 2775 -o postgres -g postgres /var/run/postgresql
  find "$PGDATA" ! -user postgres -exec chown postgres {} +
  exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  from_file POSTGRES_USER
  from_file POSTGRES_PASSWORD
  from_file POSTGRES_DB
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
    echo "Error: the database is not initialised and POSTGRES_PASSWORD is not set." >&2
    exit 1
  fi

  # initdb reads the password from a file of the user's own that is gone right after.
  secret=$(mktemp)
  printf '%s\n' "${POSTGRES_PASSWORD:-}" > "$secret"
  set -- initdb --username="$user" --auth-local=trust --auth-host=trust
  [ ! -s "$secret" ] || [ -z "${POSTGRES_PASSWORD:-}" ] || set -- "$@" --pwfile="$secret"
  # shellcheck disable=SC2086 # arguments by intention
  "$@" --pgdata="$PGDATA" ${POSTGRES_INITDB_ARGS:-}
  rm -f "$secret"
  printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"

  # Only on the socket until it is complete: a probe over TCP sees no half-made database.
  pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses=''" --wait start
  sql() { psql -X -v ON_ERROR_STOP=1 --no-password --username="$user" "$@"; }
  if [ "$database" != postgres ]; then
    echo 'CREATE DATABASE :"name";' | sql --dbname=postgres --set=name="$database"
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh) echo "running $file"; sh "$file" ;;
      *.sql) echo "running $file"; sql --dbname="$database" --file="$file" ;;
      *.sql.gz) echo "running $file"; gunzip -c "$file" | sql --dbname="$database" ;;
    esac
  done
  pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
  echo "PostgreSQL init process complete; ready for start up."
  set -- postgres
fi

exec "$@"
