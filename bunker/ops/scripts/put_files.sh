#!/bin/sh
# Move the files below $STAGE to where $INSTRUCTIONS put them, each atomically.
put_files() {
  printf '%s\n' "$INSTRUCTIONS" | while read -r action mode owner path; do
    [ -n "$path" ] || continue  # a component without files
    if [ "$action" = remove ]; then
      rm -f "$path"
      continue
    fi
    directory=$(dirname "$path")
    [ -d "$directory" ] || ( umask 022; mkdir -p "$directory" )
    rm -f "$directory"/.bunker.??????  # left by a run that was killed between the next two lines
    temporary=$(mktemp "$directory/.bunker.XXXXXX")
    cat "$STAGE$path" > "$temporary"
    chown "$owner:" "$temporary"
    chmod "$mode" "$temporary"
    mv -f -T "$temporary" "$path"
  done
  rm -rf "$STAGE"
}
