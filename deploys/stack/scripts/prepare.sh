#!/bin/sh
# Everything that can fail before the instance is touched: the new files are laid out beside the
# running ones, Compose reads them, images are pulled and built. Standard input: the bundle.
STAGE=/var/lib/bunker/stage/changemaker-images
rm -rf "$STAGE"
trap 'code=$?; cd /; rm -rf "$STAGE"; [ "$code" = 0 ] || images_back || true' EXIT
mkdir -p "$STAGE/tree" "$STAGE/bundle"
base64 -d | tar -x -f - -C "$STAGE/bundle"
( umask 022; runuser -u "$OWNER" -- git -C "$DIRECTORY" archive --format=tar "$COMMIT" 9>&- | tar -x -f - -C "$STAGE/tree" )
cp -a "$STAGE/bundle$DIRECTORY/." "$STAGE/tree/"
cd "$STAGE/tree"
compose() { docker compose -p "$PROJECT" "$@" </dev/null 9>&-; }
# Before engine 23, BuildKit ignores registry mirrors that speak plain HTTP; the classic builder
# does not.
case $(docker version --format '{{.Server.Version}}') in
  19.*|20.*) export DOCKER_BUILDKIT=0 ;;
esac
compose config --quiet
compose pull --quiet --policy missing --ignore-buildable
# The host may have rolled back by itself, images included, since that was decided.
[ "$(cat "$KEPT/built" 2>/dev/null)" = "$COMMIT" ] || BUILD=yes
# A changed setting is no reason to build: a new image would restart what did not change.
for image in $(compose config --images); do
  docker image inspect "$image" >/dev/null 2>&1 || BUILD=yes
done
if [ -n "$BUILD" ]; then
  # From here on the images may be those of this commit, and after it they are.
  compose config --images | sort -u | images_remember
  rm -f "$KEPT/built"
  compose build --quiet
  printf '%s\n' "$COMMIT" > "$KEPT/built.new"
  mv -f "$KEPT/built.new" "$KEPT/built"
fi
