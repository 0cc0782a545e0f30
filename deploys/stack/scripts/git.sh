#!/bin/sh
# Process id of a git that works on the instance's repository, whoever started it.
git_at_work() {
  for process in /proc/[0-9]*; do
    name=
    read -r name 2>/dev/null < "$process/comm" || continue
    case "$name" in git|git-*) ;; *) continue ;; esac
    where=$(readlink "$process/cwd") || continue
    case "$where/" in "$DIRECTORY"/*) echo "${process#/proc/}"; return 0 ;; esac
  done
  return 1
}
# Attributes for files of the fleet, which are laid out byte for byte (bunker/folder_source.py).
AS_THEY_ARE='* -text -filter -ident !working-tree-encoding'
# Pathspecs of all files but those that are placed: they need not be as a commit has them, and no
# copy of them is kept, for they hold secrets.
unplaced() {
  echo .
  for path in $PLACED; do
    case "$path" in "$DIRECTORY"/*) echo ":(exclude,literal)${path#"$DIRECTORY"/}" ;; esac
  done
}
git_locks() {
  find "$DIRECTORY/.git" -path "$DIRECTORY/.git/objects" -prune -o -name '*.lock' -type f "$@"
}
# Locks of a git that was killed are removed; one that is at work is waited for, half a minute.
git_unlock() {
  tries=0
  while [ -n "$(git_locks -print -quit)" ]; do
    pid=$(git_at_work) || { git_locks -exec rm -f {} +; return 0; }
    tries=$((tries + 1))
    if [ "$tries" -gt 30 ]; then
      echo "another git is at work in $DIRECTORY (process $pid); try again when it has ended" >&2
      return 1
    fi
    sleep 1
  done
}
