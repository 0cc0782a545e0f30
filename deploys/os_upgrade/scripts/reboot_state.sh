#!/bin/sh
# This boot, and whether another one is due. The kernel's own boot id is the machine's, which in a
# container is not the host's.
echo '@@bunker boot'
systemctl show --property UserspaceTimestampMonotonic --property UserspaceTimestamp --value | tr '\n' ' '; echo
echo '@@bunker reboot'
if [ -e /run/reboot-required ]; then
  if [ -s /run/reboot-required.pkgs ]; then sort -u /run/reboot-required.pkgs
  else echo 'a package asks for it'; fi
fi
echo '@@bunker kernel'; uname -r
echo '@@bunker kernels'; ls -1 /boot 2>/dev/null | sed -n 's/^vmlinuz-//p'
echo '@@bunker end'
