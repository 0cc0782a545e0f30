listens() {
  for port in $PORTS; do
    ss -Hltn "sport = :$port" | grep -q . || return 1
  done
}
reload_sshd() {
  mkdir -p /run/sshd
  sshd -t
  # Where systemd holds the port (Ubuntu), a generator reads it from sshd's configuration.
  if systemctl is-active --quiet "$SOCKET"; then
    systemctl daemon-reload
    if ! listens; then
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
