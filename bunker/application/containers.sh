#!/bin/sh
# The containers of an instance, a line each: service|state|health|exit code|once|name|status.
# "once": it is one that does something and ends. Docker does not start it again for ever, and it
# publishes no port and has no health check but its image's, or another service waits for its end.
# False where the engine does not answer. A template may not name what a container lacks, such as
# .State.Health: the client then gives up on it.
instance_containers() {
  statuses=$(docker ps -a --no-trunc --filter "label=com.docker.compose.project=$PROJECT" \
    --filter label=com.docker.compose.oneoff=False --format '{{.ID}}|{{.Status}}' \
    </dev/null 2>/dev/null 9>&-) || return 1
  found=$(printf '%s\n' "$statuses" | cut -d '|' -f 1 | xargs -r docker inspect --format \
    '{{.Id}}|{{index .Config.Labels "com.docker.compose.service"}}|{{.Name}}|{{.State.Status}}|{{with index .State "Health"}}{{.Status}}{{else}}none{{end}}|{{.State.ExitCode}}|{{.HostConfig.RestartPolicy.Name}}|{{if .HostConfig.PortBindings}}1{{else}}0{{end}}|{{.Image}}|{{index .Config.Labels "com.docker.compose.depends_on"}}' \
    2>/dev/null 9>&- || true)
  awaited=" $(printf '%s\n' "$found" | sed 's/.*|//' | tr ',' '\n' \
    | sed -n 's/:service_completed_successfully.*//p' | tr '\n' ' ')"
  printf '%s\n' "$found" | while IFS='|' read -r id service name state health code policy ports image _; do
    [ -n "$id" ] || continue
    once=-
    case "$policy" in ''|no|on-failure)
      case "$awaited" in
        *" $service "*) once=once ;;
        *)
          if [ "$ports" = 0 ]; then
            if [ "$health" = none ] \
              || [ "$(docker inspect --format '{{json (index .Config "Healthcheck")}}' "$id" </dev/null)" \
                = "$(docker image inspect --format '{{json (index .Config "Healthcheck")}}' "$image" </dev/null)" ]
            then once=once; fi
          fi ;;
      esac ;;
    esac
    status=$(printf '%s\n' "$statuses" | sed -n "s/^$id|//p")
    printf '%s|%s|%s|%s|%s|%s|%s\n' "$service" "$state" "$health" "$code" "$once" "${name#/}" "$status"
  done
}
