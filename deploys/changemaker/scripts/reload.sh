#!/bin/sh
# Compose does not see that a folder which a container reads from the checkout holds other files
# now. Where such files are nginx's configuration, it is made to read them; open requests go on.

# Bind mounts of the container $1 that nginx is configured by: where they come from and go to.
reload_mounts() {
  docker inspect --format '{{range .Mounts}}{{if eq .Type "bind"}}{{println .Source .Destination}}{{end}}{{end}}' "$1" \
    | sed -n "\,^$DIRECTORY/[^ ]* /etc/nginx\(/\|\$\),p" | sort
}
# What stands in them, as one hash.
reload_fingerprint() {
  reload_mounts "$1" | while read -r source destination; do
    echo "$destination"
    find "$source" -type f -print0 | sort -z | xargs -0 -r sha256sum
  done | sha256sum | cut -c1-64
}
# Whether a file that is mounted by itself was replaced: the container still has the old one.
reload_stale() {
  reload_mounts "$1" | while read -r source destination; do
    [ -f "$source" ] || continue
    docker exec "$1" cat "$destination" </dev/null | cmp -s - "$source" || echo "$destination"
  done
}

# Make every nginx of the project that was started before $1 (epoch) read what changed.
reload_changed() {
  for name in nginx admin; do
    container=$(container_of "$name")
    [ -n "$container" ] && [ -n "$(reload_mounts "$container")" ] || continue
    mark=$KEPT/nginx-$name
    fingerprint=$(reload_fingerprint "$container")
    born=$(date +%s -d "$(docker inspect --format '{{.State.StartedAt}}' "$container")")
    if [ "$born" -lt "$1" ] && [ "$fingerprint" != "$(cat "$mark" 2>/dev/null)" ]; then
      stale=$(reload_stale "$container")
      if [ -n "$stale" ]; then
        echo "$name: started again, it had the old $(echo $stale)"
        docker restart "$container" >/dev/null 9>&- || return 1
      else
        # The image's own entrypoint fills in templates, whatever nginx is then asked to do.
        entrypoint=$(docker inspect --format '{{join .Config.Entrypoint " "}}' "$container")
        docker exec "$container" $entrypoint nginx -t >"$KEPT/nginx-test" 2>&1 </dev/null || {
          echo "$name refuses its new configuration:" >&2
          tail -n 25 "$KEPT/nginx-test" >&2
          rm -f "$KEPT/nginx-test"
          return 1
        }
        rm -f "$KEPT/nginx-test"
        docker exec "$container" nginx -s reload >/dev/null 2>&1 </dev/null || return 1
        echo "$name: reads its changed configuration"
      fi
    fi
    printf '%s\n' "$fingerprint" > "$mark.new"
    mv -f "$mark.new" "$mark"
  done
}
