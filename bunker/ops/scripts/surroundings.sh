#!/bin/sh
# What else a host brings along that a deploy does not touch. Only reads; no value of a variable is
# told, as it may be a secret. `holder_of` and APT_LOCKS are of apt.sh.
line() { printf '%s %s\n' "$1" "$(printf '%s' "$2" | tr -d '\000-\037\177' | cut -c 1-200)"; }
echo '@@bunker surroundings'
sed -nE 's/^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)=.*/\2/p' /etc/environment 2>/dev/null \
  | grep -vxE 'PATH|LANG|LANGUAGE|LC_[A-Z]*' | head -n 20 | while read -r name; do
  line variable "$name"
done
# The last assignment counts.
language=$(sed -nE "s/^[[:space:]]*LANG=[\"']?([A-Za-z0-9_.@-]+).*/\1/p" /etc/locale.conf /etc/default/locale 2>/dev/null | tail -n 1)
line language "$language"
for file in /etc/ssh/sshd_config.d/*cloud-init* /etc/sudoers.d/*cloud-init* \
  /etc/netplan/*cloud-init* /etc/network/interfaces.d/*cloud-init*; do
  [ ! -f "$file" ] || line cloud-init "$file"
done
[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] || line apparmor no
for lock in $APT_LOCKS; do
  if holder=$(holder_of "$lock"); then
    line lock "$lock is held by $holder"
    break
  fi
done
