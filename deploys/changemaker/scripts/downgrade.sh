#!/bin/sh
# Which migrations the commit that runs has beyond an older one, with their SQL and that of those
# before. Only reads.
wanted=$(migrations_in "$COMMIT")
names=$(
  migrations_in HEAD | while IFS= read -r name; do
    case "
$wanted
" in *"
$name
"*) printf '%s\n' "old $name" ;; *) printf '%s\n' "new $name" ;; esac
  done
)
echo '@@bunker migrations'
if [ -n "$names" ]; then
  printf '%s\n' "$names"
  printf '%s\n' "$names" | tell_migrations HEAD
fi
echo '@@bunker end'
