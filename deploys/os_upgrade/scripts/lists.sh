#!/bin/sh
# The package lists; a mirror that answers badly gets a second try.
update() { apt -o APT::Update::Error-Mode=any update; }
update || { sleep 3; update; } || exit 69
: > /var/lib/bunker/package-lists
