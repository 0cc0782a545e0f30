#!/bin/sh
echo '@@bunker rebooting'; cat /var/lib/bunker/reboot 2>/dev/null || true
