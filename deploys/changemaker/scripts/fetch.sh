#!/bin/sh
# Bring the wanted commit into the instance's repository. Its files are not touched.
if [ ! -d "$DIRECTORY" ]; then
  ( umask 022; install -d -m 0755 -o "$OWNER" -g "$OWNER" "$DIRECTORY" )
fi
home=$(getent passwd "$OWNER" | cut -d: -f6)
git() {
  runuser -u "$OWNER" -- env HOME="$home" GIT_TERMINAL_PROMPT=0 \
    GIT_SSH_COMMAND="ssh -F none -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=$home/.ssh/changemaker_known_hosts -i $home/.ssh/changemaker_deploy_key" \
    git -c credential.helper= -c "credential.helper=store --file=$home/.config/bunker/git-credentials" -C "$DIRECTORY" "$@" 9>&-
}
# Whoever used git here with sudo left files behind that the owner cannot read.
if [ -d "$DIRECTORY/.git" ]; then
  find "$DIRECTORY/.git" ! -user "$OWNER" -exec chown -h "$OWNER:$OWNER" {} +
fi
umask 022
if [ ! -d "$DIRECTORY/.git" ]; then
  git init --quiet
fi
if git remote get-url origin >/dev/null 2>&1; then
  git remote set-url origin "$REPOSITORY"
else
  git remote add origin "$REPOSITORY"
fi
if ! git cat-file -e "$COMMIT^{commit}" 2>/dev/null; then
  git fetch --quiet --force --tags origin '+refs/heads/*:refs/remotes/origin/*'
  git cat-file -e "$COMMIT^{commit}" 2>/dev/null || {
    echo "commit $COMMIT is on no branch and no tag of the repository any more" >&2
    exit 66
  }
fi
