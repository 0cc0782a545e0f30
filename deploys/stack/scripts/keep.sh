#!/bin/sh
# Keeping generations: what is needed to roll back to one without the controller.
owners_git() {
  runuser -u "$OWNER" -- git -c core.hooksPath=/dev/null -C "$DIRECTORY" "$@" 9>&-
}
as_owner() { owners_git "$@" </dev/null; }
# Service, image and reference of every container of the project.
running_images() {
  docker ps -a --filter "label=com.docker.compose.project=$PROJECT" \
    --filter label=com.docker.compose.oneoff=False --format '{{.ID}}' </dev/null \
    | xargs -r docker inspect --format \
      '{{index .Config.Labels "com.docker.compose.service"}} {{.Image}} {{.Config.Image}}' | sort -u
}
tag_images() {
  while read -r service image reference; do
    docker tag "$image" "bunker-kept/$PROJECT/$service:g$1" </dev/null
  done < "$GENERATIONS/$1/images"
}
# keep_generation NUMBER COMMIT: the instance as it is now is that generation.
keep_generation() {
  padded=$(printf '%06d' "$1")
  folder=$GENERATIONS/$padded
  rm -rf "$folder.new"
  mkdir -p "$folder.new/files"
  echo "$2" > "$folder.new/commit"
  for path in $PLACED; do
    # Not with --parents: coreutils 9.1 of Debian 12 fails there on an absolute path.
    mkdir -p "$folder.new/files$(dirname "$path")"
    cp -a "$path" "$folder.new/files$path"
  done
  running_images > "$folder.new/images"
  rm -rf "$folder"
  mv "$folder.new" "$folder"
  tag_images "$padded"
  as_owner update-ref "refs/bunker/g$padded" "$2"
}
# Twenty generations are remembered; the images of the last five that were reached going forward
# are kept, and those of returns among the last five.
drop_generations() {
  remembered=$(ls -1 "$GENERATIONS"/*.json | tail -n 20)
  kept=$({
    printf '%s\n' "$remembered" | xargs grep -L '"rollback_of"' | tail -n 5
    printf '%s\n' "$remembered" | tail -n 5
  } | xargs -n 1 basename | sed 's/\.json$//')
  { docker image ls --format '{{.Repository}}:{{.Tag}}' "bunker-kept/$PROJECT/*" </dev/null; former_tags; } \
    | while read -r tag; do
      case "$kept" in
        *"${tag##*:g}"*) ;;
        *) docker image rm "$tag" >/dev/null </dev/null || true ;;
      esac
    done
  ls -1 "$GENERATIONS"/*.json | head -n -20 | while read -r file; do
    rm -rf "$file" "${file%.json}"
    as_owner update-ref -d "refs/bunker/g$(basename "$file" .json)" || true
  done
  # What failed upgrades built is of no use a day later.
  docker image prune --force --filter "label=com.docker.compose.project=$PROJECT" \
    --filter until=24h >/dev/null </dev/null || true
}
# Tags of an older release, PROJECT-SERVICE: by that name another project's may match, so only those
# count whose image a record of this application names for that generation and service.
former_tags() {
  docker image ls --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' "bunker-kept/$PROJECT-*" </dev/null \
    | while read -r id tag; do
      service=${tag#"bunker-kept/$PROJECT-"}
      service=${service%:g*}
      ! grep -q "^$service $id " "$GENERATIONS/${tag##*:g}/images" 2>/dev/null || echo "$tag"
    done
}
