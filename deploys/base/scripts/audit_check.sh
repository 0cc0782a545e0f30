#!/bin/sh
systemd-detect-virt --quiet --container || {
  systemctl is-active --quiet auditd.service
  auditctl -l | grep -q 'key=identity\|-k identity'
}
! systemctl is-failed --quiet auditd.service
