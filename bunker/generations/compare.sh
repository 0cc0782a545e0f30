#!/bin/sh
# Everything that tells two generations apart and that only this host knows. Only reads.
# OLD and NEW are folder names, OLD_COMMIT and NEW_COMMIT what their code was.
MIGRATIONS=api/prisma/migrations
OWNER=$(stat -c %U "$DIRECTORY")
# As its owner: root must not run what a repository's own configuration names.
as_owner() {
  runuser -u "$OWNER" -- git -C "$DIRECTORY" "$@" </dev/null
}
files() {
  cd "$GENERATIONS/$1/files" 2>/dev/null || { echo "@@bunker $2 none"; return 0; }
  find . -type f | LC_ALL=C sort | while read -r path; do
    echo "@@bunker $2 $(stat -c '%a %U' "$path") $(printf '%s' "${path#.}" | base64 | tr -d '\n') $(base64 < "$path" | tr -d '\n')"
  done
}
commits() {
  if list=$(as_owner log --no-color --no-decorate --format='%h %s' --max-count=200 "$1..$2" 2>/dev/null); then
    printf '%s\n' "$list" | while read -r line; do
      [ -z "$line" ] || echo "@@bunker $3 $(printf '%s' "$line" | base64 | tr -d '\n')"
    done
  else
    echo "@@bunker $3-unknown"
  fi
}
migrations() {
  # With -z, or git would quote some names.
  as_owner ls-tree -z --name-only "$1:$MIGRATIONS" 2>/dev/null | tr '\0' '\n' | while read -r name; do
    sql=$(as_owner show "$1:$MIGRATIONS/$name/migration.sql" 2>/dev/null | base64 | tr -d '\n')
    [ -z "$sql" ] || echo "@@bunker migration $name $sql"
  done
}
files "$OLD" old
files "$NEW" new
commits "$OLD_COMMIT" "$NEW_COMMIT" added
commits "$NEW_COMMIT" "$OLD_COMMIT" removed
migrations "$OLD_COMMIT"
migrations "$NEW_COMMIT"
echo '@@bunker end'
