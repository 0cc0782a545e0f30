#!/bin/sh
# The package lists; a mirror that answers badly gets a second try.
printf '%s\n' "$RUN" > /var/lib/bunker/os-upgrade.new
mv -f /var/lib/bunker/os-upgrade.new /var/lib/bunker/os-upgrade
update() { apt -o APT::Update::Error-Mode=any update; }
update || { sleep 3; update; } || exit 69
: > /var/lib/bunker/package-lists
