#!/bin/sh
@compose_source_uris@
grep -qx "Suites: $RELEASE" "$SOURCE"
archives | while read -r uri signed_by; do
  grep -qxF "URIs: $uri" "$SOURCE"
done
