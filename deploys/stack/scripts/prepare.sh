#!/bin/sh
# Everything that can fail before the instance is touched: the new files are laid out beside the
# running ones, Compose reads them, images are pulled and built. Standard input: the bundle.
STAGE=/var/lib/bunker/stage/changemaker-images
rm -rf "$STAGE"
laid_out=
trap 'code=$?; cd /; rm -rf "$STAGE" "$laid_out"; [ "$code" = 0 ] || images_back || true' EXIT
mkdir -p "$STAGE/bundle"
base64 -d | tar -x -f - -C "$STAGE/bundle"
# As a checkout has them: `git archive` leaves out what the code marks with export-ignore. They are
# laid out where the owner may write, with another index, so that the checkout's own stays as it is.
runuser -u "$OWNER" -- sh -c 'rm -rf /var/tmp/bunker-code.??????' 2>/dev/null || true
laid_out=$(runuser -u "$OWNER" -- mktemp -d /var/tmp/bunker-code.XXXXXX)
git() {
  runuser -u "$OWNER" -- env GIT_INDEX_FILE="$laid_out/index" git -c core.hooksPath=/dev/null \
    -c core.splitIndex=false -c core.fsmonitor=false \
    -C "$DIRECTORY" --work-tree="$laid_out/tree" "$@" </dev/null 9>&-
}
(
  umask 022
  runuser -u "$OWNER" -- mkdir "$laid_out/tree"
  git read-tree "$COMMIT"
  git checkout-index --all
)
mv -T "$laid_out/tree" "$STAGE/tree"
cp -a "$STAGE/bundle$DIRECTORY/." "$STAGE/tree/"
cd "$STAGE/tree"
compose() { docker compose -p "$PROJECT" "$@" </dev/null 9>&-; }
# Where a registry wants another login: what to do, as the sentences beside the logins say it.
explain_refused_logins() {
  logins=${DOCKER_CONFIG:-/nowhere}/refused
  [ -e "$logins" ] && grep -qiE 'unauthorized|401|denied|basic auth|authentication' "$STAGE/said" || return 0
  while IFS='|' read -r address sentence; do
    if grep -qF "$address/" "$STAGE/said"; then echo "$sentence"; fi
  done < "$logins" > "$STAGE/refused"
  [ -s "$STAGE/refused" ] || cut -d '|' -f 2- "$logins" > "$STAGE/refused"
  cat "$STAGE/refused"
}
# A port that something else has would stop the containers half-way. What Compose makes of the files
# holds secrets: nothing but ports and names comes from here.
refuse_taken_ports() {
  ports=$(printf '%s\n' "$resolved" | awk '
    function tell() { if (port ~ /^[1-9][0-9]*$/) print "wanted", port, protocol, ip; port = "" }
    /^[^ ]/ { tell(); section = $1 }
    /^  [^ ]/ { tell(); part = "" }
    /^    [^ ]/ { tell(); part = $1 }
    section != "services:" || part != "ports:" { next }
    { gsub(/["\047]/, "") }
    /^ *- / { tell(); ip = "*"; protocol = "tcp"; sub(/^ *- /, "") }
    $1 == "host_ip:" { ip = $2 }
    $1 == "published:" { port = $2 }
    $1 == "protocol:" { protocol = $2 }
    END { tell() }')
  [ -n "$ports" ] || return 0
  taken=$({
    printf '%s\n' "$ports"
    docker ps -q </dev/null | xargs -r docker inspect --format '{{$one := .}}{{range $port, $places := .NetworkSettings.Ports}}{{range $places}}container {{.HostPort}} {{$port}} {{or .HostIp "*"}} {{$one.Name}} {{with $one.Config.Labels}}{{with index . "com.docker.compose.project"}}{{.}}{{end}}{{end}}
{{end}}{{end}}' 2>/dev/null || true
    ss -Hltunp 2>/dev/null | awk '{ print "process", $5, $1, $0 }' || true
  } | awk -v project="$PROJECT" '
    function wild(ip) { return ip == "*" || ip == "0.0.0.0" || ip == "::" }
    # The first wanted port that this address takes; 0 for none.
    function wanted(port, protocol, ip, i) {
      for (i = 1; i <= n; i++) {
        if (ports[i] == port && protocols[i] == protocol && !(port in ours) && !(port in told)) {
          if (ips[i] == ip || wild(ips[i]) || wild(ip)) { told[port]; return i }
        }
      }
      return 0
    }
    $1 == "wanted" { n++; ports[n] = $2; protocols[n] = $3; ips[n] = $4 }
    $1 == "container" && NF > 4 {
      sub(/.*\//, "", $3); sub(/^\//, "", $5)
      if ($6 == project) ours[$2]
      else rows[++m] = $2 " " $3 " " $4 " " $5 " " $6
    }
    $1 == "process" {
      port = $2; sub(/.*:/, "", port)
      ip = substr($2, 1, length($2) - length(port) - 1); gsub(/[][]|%.*/, "", ip)
      name = match($0, /\(\("[^"]+"/) ? substr($0, RSTART + 3, RLENGTH - 4) : ""
      rows[++m] = port " " $3 " " ip " | " name
    }
    END {
      for (r = 1; r <= m; r++) {
        split(rows[r], row, " ")
        if (!wanted(row[1], row[2], row[3])) continue
        port = row[1] (row[2] == "tcp" ? "" : "/" row[2])
        if (row[4] != "|") {
          print "port " port " is taken by the container " row[4] (row[5] == "" ? "" : " of the project " row[5]) \
            ": give one of the two another port, or stop that one (docker stop " row[4] "); nothing was changed"
        } else {
          print "port " port " is taken by " (row[5] == "" ? "another process" : "the process " row[5]) \
            " of this host: give the project another port, or stop that one; nothing was changed"
        }
      }
    }')
  [ -z "$taken" ] || { printf '%s\n' "$taken" >&2; exit 70; }
}
# Before engine 23, BuildKit ignores registry mirrors that speak plain HTTP; the classic builder
# does not.
case $(docker version --format '{{.Server.Version}}') in
  19.*|20.*) export DOCKER_BUILDKIT=0 ;;
esac
resolved=$(compose config)
refuse_taken_ports
compose pull --quiet --policy missing --ignore-buildable 2>"$STAGE/said" || {
  code=$?
  cat "$STAGE/said" >&2
  explain_refused_logins >&2
  exit "$code"
}
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
