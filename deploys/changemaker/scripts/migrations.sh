#!/bin/sh
# Which migrations commits have, and their SQL: a call of git or two, however many they are.
MIGRATIONS=api/prisma/migrations
# Bytes of SQL that are told: of migrations that may have to be classified, and of those before them.
MOST_NEW=16777216
MOST_OLD=2097152
# The names in a commit; nothing where it is not there. With -z, or git would quote some of them.
migrations_in() {
  as_owner ls-tree -r -z --name-only "$1:$MIGRATIONS" 2>/dev/null | tr '\0' '\n' \
    | sed -n 's|^\([^/]*\)/migration\.sql$|\1|p'
}
# Standard input: a line for each migration, "new NAME" or, for one that is only the history of
# others, "old NAME". Each one's SQL comes from the first of these commits that has it. What is too
# long is left out: new ones by themselves, old ones all together.
tell_migrations() {
  asked=$(cat)
  rows=$(
    {
      printf '%s\n' "$asked"
      for commit in "$@"; do
        printf '%s\n' "$asked" | sed "s|^... |$commit:$MIGRATIONS/|; s|\$|/migration.sql|"
      done | owners_git cat-file --buffer --batch-check='%(objectname) %(objecttype) %(objectsize)'
    } | awk -v count="$(printf '%s\n' "$asked" | wc -l)" -v most_new="$MOST_NEW" -v most_old="$MOST_OLD" '
      NR <= count { old[NR] = $1 == "old"; name[NR] = substr($0, 5); next }
      { at = (NR - 1) % count + 1 }
      $1 ~ /^[0-9a-f]+$/ && $2 == "blob" && !(at in blob) {
        blob[at] = $1
        size[at] = $3
        if (old[at]) olds += $3
      }
      END {
        for (at = 1; at <= count; at++) {
          if (!(at in blob)) continue
          if (old[at] ? olds > most_old : (news += size[at]) > most_new) continue
          print blob[at], name[at]
        }
      }'
  )
  echo '@@bunker sql'
  [ -z "$rows" ] || printf '%s\n' "$rows"
  echo '@@bunker contents'
  [ -z "$rows" ] || printf '%s\n' "$rows" | cut -d ' ' -f 1 | sort -u \
    | owners_git cat-file --buffer --batch | gzip -c | base64
}
