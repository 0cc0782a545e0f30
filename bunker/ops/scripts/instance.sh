#!/bin/sh
# What an instance is right now: its folder, checkout, containers, marks of an unfinished change.
# Only reads.
line() { printf '%s %s\n' "$1" "$(printf '%s' "$2" | tr -d '\000-\037\177' | cut -c 1-300)"; }
echo '@@bunker place'
# Of a folder that is not there yet: where it will be.
at=$DIRECTORY
until [ -e "$at" ] || [ -L "$at" ]; do at=$(dirname "$at"); done
line real "$(realpath -m "$DIRECTORY")"
if [ "$at" != "$DIRECTORY" ]; then kind=absent; elif [ -d "$DIRECTORY" ]; then kind=folder; else kind=other; fi
line kind "$kind"
[ -w "$at" ] || line unwritable "$at"
if ! runuser -u "$OWNER" -- test -x "$([ "$kind" = absent ] && echo "$at" || dirname "$at")"; then
  line closed "$([ "$kind" = absent ] && echo "$at" || dirname "$at")"
fi
checkout=
if [ "$kind" = folder ]; then
  owner=$(stat -c %U -- "$DIRECTORY")
  line owner "$owner"
  ls -A "$DIRECTORY" | grep -vxE '\.git|lost\+found' | head -n 4 | while read -r name; do
    line holds "$name"
  done
  if [ -L "$DIRECTORY/.git" ]; then line git link
  elif [ -f "$DIRECTORY/.git" ]; then line git "file $(head -n 1 "$DIRECTORY/.git")"
  elif [ -d "$DIRECTORY/.git" ]; then
    line git folder
    git_owner=$(stat -c %U -- "$DIRECTORY/.git")
    line git_owner "$git_owner"
    # No other user's repository is read by root: its configuration may name programs.
    case "$owner $git_owner" in
      "root root"|"root $OWNER"|"$OWNER root"|"$OWNER $OWNER") checkout=yes ;;
    esac
  fi
fi
cd "$DIRECTORY" 2>/dev/null || cd /
git() {
  command git -c safe.directory='*' -c core.fsmonitor=false -c core.hooksPath=/dev/null "$@"
}
if [ -n "$checkout" ]; then
  git config --get-regexp '^remote\..*\.url$' | while read -r _ url; do
    line remote "$(printf '%s' "$url" | sed 's,://[^/@]*@,://,')"
  done
  [ -z "$(git config core.worktree || true)" ] || line git "elsewhere $(git config core.worktree)"
  [ "$(git config --type=bool core.bare || true)" != true ] || line git bare
  [ ! -s .git/shallow ] || line shallow yes
  ! git rev-parse --verify -q refs/remotes/origin/files >/dev/null || line brought yes
fi
echo '@@bunker engine'
if command -v docker >/dev/null; then
  docker version --format '{{.Server.Version}}' 2>/dev/null || true
fi
if [ -n "$checkout" ]; then
  echo '@@bunker head'; git rev-parse --verify -q HEAD || true
  # Whether the wanted commit is an older one; what is not there yet is none.
  if [ -n "$WANTED" ] && [ "$WANTED" != "$(git rev-parse --verify -q HEAD || true)" ] \
    && git merge-base --is-ancestor "$WANTED" HEAD 2>/dev/null; then
    echo '@@bunker older'; echo yes
  fi
  echo '@@bunker edited'
  if git rev-parse --verify -q HEAD >/dev/null; then
    git --no-optional-locks status --porcelain --untracked-files=no -- $(unplaced)
    # Files that git was told not to look at.
    git ls-files -v -- $(unplaced) | sed -n 's/^[a-zS] \(.*\)/ M \1 (hidden from git)/p'
  fi
  echo '@@bunker services'
  if [ -f .env ] && command -v docker >/dev/null; then
    docker compose -p "$PROJECT" config --services 2>/dev/null || true
  fi
fi
echo '@@bunker containers'
if command -v docker >/dev/null; then instance_containers || true; fi
echo '@@bunker migrated'; cat "$KEPT/migrated" 2>/dev/null || true
echo '@@bunker built'; cat "$KEPT/built" 2>/dev/null || true
echo '@@bunker seed'; [ ! -e "$KEPT/seed-pending" ] || echo yes
echo '@@bunker configuration'; cat "$APPLIED" 2>/dev/null || true
echo '@@bunker armed'; [ ! -e "$UPGRADE/from" ] || echo yes
last=$(ls -1 "$GENERATIONS"/*.json 2>/dev/null | tail -n 1)
echo '@@bunker generation'; cat "$last" 2>/dev/null || true
echo '@@bunker token'
echo "$(basename "${last:-none}" .json)-$(cat "$UPGRADE/attempts" 2>/dev/null || echo 0)"
echo '@@bunker database'
if command -v docker >/dev/null; then
  line state "$(database_state)"
  gone=$(database_gone)
  if [ -n "$gone" ]; then
    line gone "$gone"
    database_volumes | while read -r volume; do line elsewhere "$volume"; done
    ls -1t "$SNAPSHOTS"/*.dump 2>/dev/null | while read -r file; do
      line snapshot "$(basename "$file" .dump)"
    done
  fi
fi
if [ -e "$KEPT/new-database" ]; then
  line new "$(head -n 1 "$KEPT/new-database")"
fi
echo '@@bunker space'
# Where something is written: what is free there, in KB and files.
root=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null || true)
for place in "$DIRECTORY" "${root:-/var/lib/docker}" /var/lib/bunker; do
  until [ -d "$place" ]; do place=$(dirname "$place"); done
  line place "$(df -P -k "$place" | awk 'NR == 2 { print $4 }') $(
    df -P -i "$place" | awk 'NR == 2 { print ($2 > 0 ? $4 : "-") }'
  ) $(df -P "$place" | awk 'NR == 2 { sub(/^.*% */, ""); print }')"
done
if [ -n "$checkout" ] && git rev-parse --verify -q HEAD >/dev/null; then
  line tree "$(git ls-tree -r -l HEAD | awk '{ size += $4 } END { print int(size / 1024) + 4 * NR, NR }')"
fi
if command -v docker >/dev/null; then
  # Images that were built here are built again for other code.
  line built "$(docker ps -a --filter "label=com.docker.compose.project=$PROJECT" \
    --filter label=com.docker.compose.oneoff=False --format '{{.ID}}' 2>/dev/null \
    | xargs -r docker inspect --format '{{.Image}}' 2>/dev/null | sort -u \
    | xargs -r docker image inspect --format '{{len .RepoDigests}} {{.Size}}' 2>/dev/null \
    | awk '$1 == 0 { size += $2 } END { print int(size / 1024) }')"
  line unused "$(docker image ls -q --filter dangling=true 2>/dev/null | grep -c '')"
fi
line snapshots "$(du -sk "$SNAPSHOTS" 2>/dev/null | cut -f 1)"
echo '@@bunker egress'
sed -n 's/^-A bunker-from-containers -p \([a-z]*\) --dport \([0-9]*\) -j RETURN$/\1 \2/p' \
  /etc/ufw/after.rules 2>/dev/null || true
boot
tell_layout
echo '@@bunker end'
