#!/bin/sh
@sshd_reload@
systemctl is-active --quiet "$SERVICE" || systemctl is-active --quiet "$SOCKET"
listens
[ -z "$MODULI" ] || [ -s "$MODULI" ]
# Where systemd holds the port, sshd's directory is only there while sshd runs.
[ -d /run/sshd ] || exit 0
effective=$(sshd -T)
for line in 'passwordauthentication no' 'kbdinteractiveauthentication no' 'maxauthtries 4' \
  'authenticationmethods publickey' 'allowtcpforwarding no' 'x11forwarding no'; do
  printf '%s\n' "$effective" | grep -qx "$line"
done
