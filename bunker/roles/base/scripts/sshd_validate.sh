#!/bin/sh
# The configuration as sshd would read it with the staged drop-in in front of everything else.
grep -Eiq '^[[:space:]]*Include[[:space:]]+/etc/ssh/sshd_config\.d/\*\.conf' /etc/ssh/sshd_config || {
  echo '/etc/ssh/sshd_config does not include /etc/ssh/sshd_config.d/*.conf'
  exit 1
}
mkdir -p /run/sshd
[ -s /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
{
  echo "Include $STAGE/etc/ssh/sshd_config.d/00-bunker.conf"
  cat /etc/ssh/sshd_config
} > "$STAGE/sshd_config"
sshd -t -f "$STAGE/sshd_config"
effective=$(sshd -T -f "$STAGE/sshd_config")
for port in $PORTS; do
  printf '%s\n' "$effective" | grep -qx "port $port" || { echo "sshd would not listen on port $port"; exit 1; }
  owner=$(ss -Hltnp "sport = :$port" | grep -v -e '"sshd"' -e '"systemd"' || true)
  [ -z "$owner" ] || { echo "port $port is taken: $owner"; exit 1; }
done
rm -f "$STAGE/sshd_config"
