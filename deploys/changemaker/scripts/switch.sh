#!/bin/sh
# Put the wanted commit and the bundle in place. Standard input: the bundle.
# Files that were edited by hand are kept as a patch before they are overwritten.
STAGE=/var/lib/bunker/stage/changemaker
KEPT=/var/lib/bunker/changemaker
mkdir -p "$KEPT"
rm -rf "$STAGE"
mkdir -p "$STAGE"
base64 -d | tar -x -f - -C "$STAGE"
rm -f /var/lib/bunker/applied/changemaker
cd "$DIRECTORY"
git() { runuser -u "$OWNER" -- git -C "$DIRECTORY" "$@" 9>&-; }
rm -f .git/index.lock
umask 022
# Tracked files that somebody's sudo made unreadable for the owner, and so for containers as well.
git ls-files -z | runuser -u "$OWNER" -- xargs -0 -r sh -c '
  for path; do [ -L "$path" ] || [ ! -f "$path" ] || [ -r "$path" ] || printf "%s\0" "$path"; done
' sh | xargs -0 -r sh -c 'owner=$1; shift; chown "$owner:$owner" "$@" && chmod u+rw,go+r "$@"' sh "$OWNER"
if git rev-parse --verify -q HEAD >/dev/null; then
  if ! git diff --quiet HEAD --; then
    patch="$KEPT/edited-by-hand-$(date -u +%Y%m%dT%H%M%SZ).patch"
    ( umask 077; git diff HEAD -- > "$patch" )
    echo "edits by hand were kept in $patch"
  fi
fi
git checkout --quiet --force --detach "$COMMIT"
umask 077
put_files
