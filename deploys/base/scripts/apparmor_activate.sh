#!/bin/sh
if [ "$(cat "$PARAMETER" 2>/dev/null)" = Y ] && ! systemd-detect-virt --quiet --container; then
  systemctl reset-failed apparmor.service 2>/dev/null || true
  systemctl enable --quiet apparmor.service
  systemctl start apparmor.service
fi
