#!/bin/sh
# Which run reboots this boot away: whoever resumes it sees by the boot whether that has happened.
printf '%s %s\n' "$RUN" "$BOOT" > /var/lib/bunker/reboot.new
mv -f /var/lib/bunker/reboot.new /var/lib/bunker/reboot
