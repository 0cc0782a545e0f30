#!/bin/sh
[ "$(readlink -f /etc/localtime)" = "$(readlink -f "/usr/share/zoneinfo/$ZONE")" ]
systemctl is-enabled --quiet "$SERVICE"
systemctl is-active --quiet "$SERVICE" || systemd-detect-virt --quiet --container
