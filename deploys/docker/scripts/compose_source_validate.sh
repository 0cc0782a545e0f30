#!/bin/sh
@compose_source_uris@
[ -n "$(archives)" ] || { echo "no source of apt provides the main component of $CODENAME"; exit 1; }
