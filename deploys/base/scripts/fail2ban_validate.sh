#!/bin/sh
# fail2ban's own parser reads its whole configuration with the staged files in their places.
cp -a /etc/fail2ban "$STAGE/configuration"
cp -a "$STAGE/etc/fail2ban/." "$STAGE/configuration/"
fail2ban-client -c "$STAGE/configuration" -t
rm -rf "$STAGE/configuration"
