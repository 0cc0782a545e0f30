#!/bin/sh
# Replaces a container that answers behind nginx without a refused request. A bridge container of
# the new image stands in while Compose recreates the real one. Who answers is decided by address
# translation in nginx's own network namespace: only new connections are led elsewhere, those in
# flight end where they began, and no address that nginx still remembers leads nowhere.
# For a few seconds two containers of the service run at once.
BRIDGE=$PROJECT-api-bridge
CHAIN=BUNKER_SWAP

# The container of a service that Compose keeps running; empty when there is none.
container_of() {
  docker ps -q --filter "label=com.docker.compose.project=$PROJECT" \
    --filter "label=com.docker.compose.service=$1" \
    --filter label=com.docker.compose.oneoff=False | head -n 1
}
# What a container is: its state, and its health check's word ("none" without a check).
condition_of() {
  docker inspect --format \
    '{{.State.Status}} {{with index .State "Health"}}{{.Status}}{{else}}none{{end}}' "$1" 2>/dev/null
}
address_of() {
  docker inspect --format "{{(index .NetworkSettings.Networks \"$network\").IPAddress}}" "$1"
}
inside() {
  pid=$(docker inspect --format '{{.State.Pid}}' "$1")
  shift
  nsenter -t "$pid" -n "$@" 9>&-
}

# Nothing of a swap is left afterwards, whoever began it and wherever it was cut off.
swap_clear() {
  docker rm -f "$BRIDGE" >/dev/null 2>&1 || true
  swap_unroute
}
swap_unroute() {
  proxy=$(container_of nginx)
  if [ -n "$proxy" ] && inside "$proxy" iptables -w -t nat -S "$CHAIN" >/dev/null 2>&1; then
    inside "$proxy" iptables -w -t nat -D OUTPUT -j "$CHAIN" 2>/dev/null || true
    inside "$proxy" iptables -w -t nat -F "$CHAIN" || true
    inside "$proxy" iptables -w -t nat -X "$CHAIN" || true
  fi
}

# From now on every new connection of nginx to the service's ports goes to the address $1, except
# to containers that were there before the swap began.
swap_route() {
  {
    printf '*nat\n:%s - [0:0]\n' "$CHAIN"
    for address in $others "$1"; do
      printf '%s\n' "-A $CHAIN -d $address -j RETURN"
    done
    for port in $ports; do
      printf '%s\n' "-A $CHAIN -d $subnet -p tcp -m tcp --dport $port -j DNAT --to-destination $1"
    done
    echo COMMIT
  } | inside "$proxy" iptables-restore -w --noflush
  inside "$proxy" iptables -w -t nat -C OUTPUT -j "$CHAIN" 2>/dev/null \
    || inside "$proxy" iptables -w -t nat -I OUTPUT 1 -j "$CHAIN"
}

# Wait until the container $1 has answered nginx's last request, at most its grace period.
swap_drain() {
  grace=$(docker inspect --format '{{.Config.StopTimeout}}' "$1")
  case "$grace" in ''|*[!0-9]*) grace=10 ;; esac
  filter="dst $(address_of "$proxy") and ( $(printf 'sport = :%s or ' $ports | sed 's/ or $//') )"
  until=$(( $(date +%s) + grace ))
  quiet=0
  while [ "$quiet" -lt 2 ] && [ "$(date +%s)" -le "$until" ]; do
    if [ -z "$(inside "$1" ss -Htn state established state syn-recv state close-wait "$filter")" ]; then
      quiet=$((quiet + 1))
    else
      quiet=0
    fi
    sleep 0.2
  done
}

# How long nginx remembers an address, in seconds; empty where it remembers until it is reloaded
# (or for longer than anyone would wait).
swap_memory() {
  seconds=$(docker exec "$proxy" nginx -T 2>/dev/null </dev/null \
    | sed -n 's/^[^#]*resolver[[:space:]].*valid=\([0-9]*\)s\{0,1\}[[:space:];].*/\1/p' | sort -n | tail -n 1)
  if [ -n "$seconds" ] && [ "$seconds" -le 60 ]; then
    echo "$seconds"
  fi
}

# Which containers Compose would recreate, one name a line. Not by a dry run of `up`: where a
# service waits for another one's end, it waits for ever.
swap_outdated() {
  compose --dry-run create --no-build 2>&1 \
    | sed -n 's/^.*Container  *\([^ ]*\)  *Recreate *$/\1/p'
}

# Whether the api can be swapped; says why not. Sets what the other functions read.
swap_possible() {
  old=$(container_of api)
  [ -n "$old" ] && [ "$(condition_of "$old")" = 'running healthy' ] || return 1
  outdated=$(swap_outdated)
  has_name() { printf '%s\n' "$outdated" | grep -qxF "$1"; }
  has_name "$(docker inspect --format '{{.Name}}' "$old" | cut -c2-)" || return 1
  for program in nsenter ss iptables iptables-restore; do
    command -v "$program" >/dev/null || { echo "api: replaced with a gap: $program is not there"; return 1; }
  done
  proxy=$(container_of nginx)
  if [ -z "$proxy" ] || has_name "$(docker inspect --format '{{.Name}}' "$proxy" | cut -c2-)"; then
    echo 'api: replaced with a gap: nginx does not stay as it is'
    return 1
  fi
  networks='{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{"\n"}}{{end}}'
  network=$(docker inspect --format "$networks" "$old" "$proxy" | sed '/^$/d' | sort | uniq -d)
  subnet=$(docker network inspect --format '{{range .IPAM.Config}}{{.Subnet}}{{"\n"}}{{end}}' "$network" 2>/dev/null | sed '/^$/d')
  case "$subnet" in
    ''|*:*|*' '*|*'
'*) echo 'api: replaced with a gap: it and nginx do not share exactly one IPv4 network'; return 1 ;;
  esac
  old_address=$(address_of "$old")
  others=$(docker network inspect --format '{{range .Containers}}{{.IPv4Address}}{{"\n"}}{{end}}' "$network" \
    | sed '/^$/d; s,/.*,,' | grep -vxF "$old_address")
  ports=$(inside "$old" ss -Htln | awk '$4 !~ /^127\./ && $4 !~ /^\[::1\]/ { sub(/.*:/, "", $4); print $4 }' | sort -u)
  [ -n "$ports" ] || { echo 'api: replaced with a gap: it listens on no port'; return 1; }
}

# Start the bridge and wait until it is healthy. What runs is not touched: this is a canary.
swap_bridge() {
  # Nothing reaches the bridge before it is healthy, whatever the name service says.
  swap_route "$old_address" || return 1
  compose run -d --no-deps --use-aliases --name "$BRIDGE" api >/dev/null
  until=$(( $(date +%s) + TIMEOUT ))
  while :; do
    condition=$(condition_of "$BRIDGE") || condition=gone
    case "$condition" in
      'running healthy') return 0 ;;
      'running starting') ;;
      *) break ;;
    esac
    if [ "$(date +%s)" -ge "$until" ]; then
      break
    fi
    sleep 0.2
  done
  echo "the new api did not become healthy ($condition); the one that runs was not touched" >&2
  echo '--- new api; its last log lines:' >&2
  docker logs --tail 25 "$BRIDGE" >&2 2>&1 </dev/null || true
  docker rm -f "$BRIDGE" >/dev/null 2>&1 || true
  # nginx may still remember the bridge's address, and is led to the old one until it does not.
  sleep $(( ${memory:-2} + 1 ))
  return 1
}

# Replace the api; 1 when that failed before the old one was touched, 2 when after.
swap_api() {
  swap_began=$(date +%s)
  memory=$(swap_memory)
  swap_bridge || return 1
  swap_route "$(address_of "$BRIDGE")" || return 1
  swap_drain "$old"
  # Not --no-deps: Compose 2.26 would leave depends_on out of the service's hash, and recreate the
  # container once more in the next `up`.
  bring api || return 2
  new=$(container_of api)
  swap_route "$(address_of "$new")" || return 2
  swap_drain "$BRIDGE"
  docker stop "$BRIDGE" >/dev/null
  docker rm -f "$BRIDGE" >/dev/null
  if [ -n "$memory" ]; then
    sleep $(( memory + 1 ))
  else
    docker exec "$proxy" nginx -s reload >/dev/null 2>&1 </dev/null
    sleep 2
  fi
  swap_unroute
  echo "api: replaced without a gap in $(( $(date +%s) - swap_began )) s"
}
