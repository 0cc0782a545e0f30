#!/bin/sh
# A kernel without AppArmor has nothing that could fail; one that has it has to have its profiles.
[ "$(cat "$PARAMETER" 2>/dev/null)" = Y ] || exit 0
! systemd-detect-virt --quiet --container || exit 0
if systemctl is-failed --quiet apparmor.service; then
  echo 'the kernel has AppArmor, and loading its profiles failed: systemctl status apparmor.service'
  exit 1
fi
systemctl is-active --quiet apparmor.service || {
  echo 'the kernel has AppArmor, and its profiles are not loaded'
  exit 1
}
