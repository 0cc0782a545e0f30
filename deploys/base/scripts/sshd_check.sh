#!/bin/sh
@sshd_reload@
@sshd_expected@
systemctl is-active --quiet "$SERVICE" || systemctl is-active --quiet "$SOCKET" || {
  echo "neither $SERVICE nor $SOCKET runs"
  exit 1
}
listens || { echo "sshd listens on port $(sshd_ports | tr '\n' ' ')instead of $PORTS"; exit 1; }
[ -z "$MODULI" ] || [ -s "$MODULI" ]
# Where systemd holds the port, sshd's directory is only there while sshd runs.
[ -d /run/sshd ] || exit 0
as_expected
