#!/bin/sh
echo '@@bunker deployed'
[ -z "$(ls "$GENERATIONS"/*.json 2>/dev/null)" ] || echo yes
echo '@@bunker rebooting'; cat /var/lib/bunker/reboot 2>/dev/null || true
