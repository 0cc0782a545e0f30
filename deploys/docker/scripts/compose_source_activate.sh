#!/bin/sh
@compose_source_uris@
archives | while read -r uri signed_by; do
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$uri" "$RELEASE"
  # apt prints the name of an option that is not set; a key that stands inline spans lines.
  case $signed_by in /*) printf 'Signed-By: %s\n' "$signed_by";; esac
  echo
done > "$SOURCE.new"
chmod 0644 "$SOURCE.new"
mv -f "$SOURCE.new" "$SOURCE"
apt-get update --quiet --quiet --error-on=any -o Dir::Etc::sourcelist="$SOURCE" -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0
apt-cache policy "$PACKAGE" | grep -Eq '^ +Candidate: ([0-9]+:)?2\.' || {
  apt-cache policy "$PACKAGE" >&2
  echo "$RELEASE offers no $PACKAGE of version 2" >&2
  exit 1
}
