cd "$DIRECTORY"
KEPT=/var/lib/bunker/changemaker
mkdir -p "$KEPT"
compose() { docker compose -p "$PROJECT" "$@" </dev/null 9>&-; }
sql() {
  docker compose -p "$PROJECT" exec -T v2-postgres sh -c \
    'PGPASSWORD=$POSTGRES_PASSWORD exec psql -X -q -t -A -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "$1"' \
    sh "$1" </dev/null 9>&-
}
# The last log lines of every container that is not well, so that the operator sees why.
explain() {
  docker ps -a --filter "label=com.docker.compose.project=$PROJECT" \
    --format '{{.Names}} {{.State}} {{.Status}}' | while read -r name state status; do
    # A container in a crash loop may just be starting again: only a passed check counts as well.
    case "$state $status" in
      "running "*"(healthy)"*) continue ;;
      "running "*health*) ;;
      "running "*) continue ;;
    esac
    echo "--- $name is $state ($status); its last log lines:" >&2
    docker logs --tail 25 "$name" >&2 2>&1 </dev/null || true
  done
}
