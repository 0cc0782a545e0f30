#!/bin/sh
# Code that no git server has comes over standard input, as a bundle of git's in base64.
if [ ! -d "$DIRECTORY" ]; then ( umask 022; mkdir -p "$DIRECTORY" ); fi
if [ "$(stat -c %U "$DIRECTORY")" != "$OWNER" ]; then chown "$OWNER:" "$DIRECTORY"; fi
given=$(mktemp -d /run/bunker-code.XXXXXX)
trap 'rm -rf "$given"' EXIT
base64 -d > "$given/bundle"
chmod 0755 "$given"
git() { runuser -u "$OWNER" -- git -c core.hooksPath=/dev/null -C "$DIRECTORY" "$@" 9>&-; }
umask 022
if [ -d "$DIRECTORY/.git" ]; then git_unlock || exit 75; else git init --quiet; fi
printf '%s\n' "$AS_THEY_ARE" | runuser -u "$OWNER" -- sh -c '
  mkdir -p "$1" && cat > "$1/attributes"
' sh "$DIRECTORY/.git/info"
chmod 0644 "$given/bundle"
git fetch --quiet --force "$given/bundle" '+refs/heads/*:refs/remotes/origin/*'
git cat-file -e "$COMMIT^{tree}" || {
  echo "commit $COMMIT is not among the files that were sent" >&2
  exit 66
}
