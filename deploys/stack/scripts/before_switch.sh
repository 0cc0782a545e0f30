#!/bin/sh
# Until files are switched there is nothing to roll back. Whatever fails before that leaves the
# names of images as they were, and leaves no mark that something was begun.
# The images that the names on standard input stand for, as they are before a build.
images_remember() {
  mkdir -p "$KEPT"
  [ ! -e "$KEPT/images-before" ] || return 0
  while read -r name; do
    id=$(docker image inspect --format '{{.Id}}' "$name" 2>/dev/null </dev/null) || continue
    echo "$id $name"
  done > "$KEPT/images-before.new"
  mv -f "$KEPT/images-before.new" "$KEPT/images-before"
  [ ! -e "$KEPT/built" ] || mv -f "$KEPT/built" "$KEPT/built-before"
}
images_back() {
  [ -e "$KEPT/images-before" ] || return 0
  while read -r id name; do
    [ "$(docker image inspect --format '{{.Id}}' "$name" 2>/dev/null </dev/null)" = "$id" ] \
      || docker tag "$id" "$name" </dev/null || return 1
  done < "$KEPT/images-before"
  rm -f "$KEPT/built"
  [ ! -e "$KEPT/built-before" ] || mv -f "$KEPT/built-before" "$KEPT/built"
  rm -f "$KEPT/images-before"
}
images_forget() { rm -f "$KEPT/images-before" "$KEPT/built-before"; }
