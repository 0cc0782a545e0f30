#!/bin/sh
# Bring the wanted commit into the instance's repository. Its files are not touched.
# An operator's sudo, or a mount point, may have left the folder to root: the plan said so.
[ -d "$DIRECTORY" ] || ( umask 022; mkdir -p "$DIRECTORY" )
if [ "$(stat -c %U "$DIRECTORY")" != "$OWNER" ]; then chown "$OWNER:" "$DIRECTORY"; fi
chmod u+rwx "$DIRECTORY"
if [ -d "$DIRECTORY/.git" ]; then
  find "$DIRECTORY/.git" ! -user "$OWNER" -exec chown -h "$OWNER:" {} +
  git_unlock || exit 75
fi
home=$(getent passwd "$OWNER" | cut -d: -f6)
git() {
  runuser -u "$OWNER" -- env HOME="$home" GIT_TERMINAL_PROMPT=0 \
    GIT_SSH_COMMAND="ssh -F none -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=$home/.ssh/${APP_NAME}_known_hosts -i $home/.ssh/${APP_NAME}_deploy_key" \
    git -c credential.helper= -c "credential.helper=store --file=$home/.config/bunker/git-credentials$CREDENTIALS" \
    -c core.hooksPath=/dev/null -C "$DIRECTORY" "$@" 9>&-
}
umask 022
if [ ! -d "$DIRECTORY/.git" ]; then
  git init --quiet
fi
attributes=$DIRECTORY/.git/info/attributes
[ "$(cat "$attributes" 2>/dev/null)" != "$AS_THEY_ARE" ] || rm -f "$attributes"
if git remote get-url origin >/dev/null 2>&1; then
  git remote set-url origin "$REPOSITORY"
else
  git remote add origin "$REPOSITORY"
fi
fetch() {
  # A work tree that was removed by hand may name a commit that is gone, which stops every fetch.
  git worktree prune
  if [ "$(git rev-parse --is-shallow-repository)" = true ]; then set -- --unshallow "$@"; fi
  # All branches: whatever a clone of a single one is set to. A branch that is gone may be in the
  # way of a new one of a longer name.
  git fetch --quiet --force --prune --no-recurse-submodules --tags "$@" \
    origin '+refs/heads/*:refs/remotes/origin/*'
}
# A partial clone would ask the server for files while they are laid out: it is made whole, once.
if [ -n "$(git config --get-regexp '^remote\..*\.promisor$' || true)" ]; then
  for key in $(git config --name-only --get-regexp '^remote\..*\.partialclonefilter$' || true); do
    git config --unset-all "$key"
  done
  fetch --refetch
  for key in $(git config --name-only --get-regexp '^remote\..*\.promisor$') extensions.partialclone; do
    git config --unset-all "$key" || true
  done
fi
# Without its files a commit is of no use: an interrupted fetch may have brought one alone.
whole() { git cat-file -e "$COMMIT^{tree}" 2>/dev/null; }
whole || fetch
whole || {
  echo "commit $COMMIT is on no branch and no tag of the repository any more" >&2
  exit 66
}
