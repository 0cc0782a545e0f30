#!/bin/sh
# A port that is left over is a door that no one watches. Only a socket may have more of its own.
listens() {
  found=" $(sshd_ports | tr '\n' ' ')"
  [ "$found" != " $PORTS " ] || return 0
  systemctl is-active --quiet "$SOCKET" || return 1
  for port in $PORTS; do
    case "$found" in *" $port "*) ;; *) return 1 ;; esac
  done
}
reload_sshd() {
  mkdir -p /run/sshd
  sshd -t
  # Where systemd holds the port (Ubuntu), a generator reads it from sshd's configuration.
  if systemctl is-active --quiet "$SOCKET"; then
    systemctl daemon-reload
    if [ "$(sshd_ports | tr '\n' ' ')" != "$PORTS " ]; then
      # Sessions outlive this (KillMode=process), and a socket does not start beside its service.
      systemctl restart "$SOCKET" || { systemctl stop "$SERVICE"; systemctl restart "$SOCKET"; }
    fi
    # Not a reload: sshd would try to bind the port that systemd holds, and end.
    systemctl try-restart "$SERVICE"
  else
    systemctl enable --quiet "$SERVICE"
    systemctl reload-or-restart "$SERVICE"
  fi
}
