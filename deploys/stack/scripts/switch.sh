#!/bin/sh
# Put the wanted commit and the bundle in place. Standard input: the bundle.
# Files that were edited by hand are kept as a patch before they are overwritten.
STAGE=/var/lib/bunker/stage/changemaker
mkdir -p "$KEPT"
rm -rf "$STAGE"
mkdir -p "$STAGE"
base64 -d | tar -x -f - -C "$STAGE"
rm -f "$APPLIED"
images_forget
cd "$DIRECTORY"
git() { runuser -u "$OWNER" -- git -c core.hooksPath=/dev/null -C "$DIRECTORY" "$@" 9>&-; }
git_unlock || exit 75
umask 022
# What an operator's sudo left to root is given to the owner: every tracked path, and those of the
# wanted commit, with their folders. Files that the owner cannot read neither can containers.
{ git ls-files -z; git ls-tree -r -z --name-only "$COMMIT"; } | xargs -0 -r sh -c '
  for path; do
    while :; do
      printf "./%s\0" "$path"
      case "$path" in */*) path=${path%/*} ;; *) break ;; esac
    done
  done
' sh | sort -z -u | xargs -0 -r sh -c '
  find "$@" -maxdepth 0 -user root -print0 2>/dev/null
  true
' sh | xargs -0 -r chown -h "$OWNER:"
git ls-files -z | runuser -u "$OWNER" -- xargs -0 -r sh -c '
  for path; do [ -L "$path" ] || [ ! -f "$path" ] || [ -r "$path" ] || printf "%s\0" "$path"; done
' sh | xargs -0 -r sh -c 'owner=$1; shift; chown "$owner:" "$@" && chmod u+rw,go+r "$@"' sh "$OWNER"
now=$(date -u +%Y%m%dT%H%M%SZ)
if git rev-parse --verify -q HEAD >/dev/null; then
  if [ "$(git config --type=bool core.sparseCheckout || true)" = true ]; then
    git sparse-checkout disable
  fi
  for flag in --no-assume-unchanged --no-skip-worktree; do
    git ls-files -v -z | sed -z -n 's/^[a-zS] //p' | git update-index -q "$flag" -z --stdin
  done
  if ! git diff --quiet HEAD -- $(unplaced); then
    patch="$KEPT/edited-by-hand-$now.patch"
    ( umask 077; git diff --binary HEAD -- $(unplaced) > "$patch" )
    echo "edits by hand were kept in $patch"
  fi
fi
# Files that git does not know, where the wanted commit has one of its own.
{ git ls-files -z; for path in $PLACED; do printf '%s\0' "${path#"$DIRECTORY"/}"; done; } \
  | sort -z > "$STAGE.known"
git ls-tree -r -z --name-only "$COMMIT" | sort -z | comm -z -23 - "$STAGE.known" | xargs -0 -r sh -c '
  commit=$1; owner=$2; shift 2
  for path; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    runuser -u "$owner" -- git show "$commit:$path" | cmp -s - "$path" || printf "%s\0" "$path"
  done
' sh "$COMMIT" "$OWNER" > "$STAGE.in-the-way"
if [ -s "$STAGE.in-the-way" ]; then
  ( umask 077; tar --null --files-from "$STAGE.in-the-way" -cf "$KEPT/in-the-way-$now.tar" )
  echo "files that were in the way of the new ones were kept in $KEPT/in-the-way-$now.tar"
fi
rm -f "$STAGE.known" "$STAGE.in-the-way"
git checkout --quiet --force --detach "$COMMIT"
umask 077
put_files
