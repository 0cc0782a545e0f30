#!/bin/sh
# Stands in for the entrypoint of the official image: scripts of /docker-entrypoint.d, and templates
# of /etc/nginx/templates in which only variables that are set are replaced.
set -eu
templates=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
suffix=${NGINX_ENVSUBST_TEMPLATE_SUFFIX:-.template}
output=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}

if [ "${1:-}" = nginx ] || [ "${1:-}" = nginx-debug ]; then
  if [ -d "$templates" ]; then
    known=$(env | sed -n "s/^\(${NGINX_ENVSUBST_FILTER:-}[A-Za-z0-9_]*\)=.*/\${\1}/p" | tr '\n' ' ')
    find "$templates" -follow -type f -name "*$suffix" | sort | while read -r template; do
      relative=${template#"$templates"/}
      target=$output/${relative%"$suffix"}
      mkdir -p "$(dirname "$target")"
      envsubst "$known" < "$template" > "$target"
    done
  fi
  for script in /docker-entrypoint.d/*; do
    case "$script" in
      *.envsh) . "$script" ;;
      *.sh) [ ! -x "$script" ] || "$script" ;;
    esac
  done
fi
exec "$@"
