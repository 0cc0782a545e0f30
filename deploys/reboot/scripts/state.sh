#!/bin/sh
echo '@@bunker deployed'
[ -z "$(ls /var/lib/bunker/generations/*.json 2>/dev/null)" ] || echo yes
echo '@@bunker rebooting'; cat /var/lib/bunker/reboot 2>/dev/null || true
