#!/bin/sh
# Whose upgrade this is: the next run finishes it where this one is cut off.
printf '%s\n' "$RUN" > /var/lib/bunker/os-upgrade.new
mv -f /var/lib/bunker/os-upgrade.new /var/lib/bunker/os-upgrade
