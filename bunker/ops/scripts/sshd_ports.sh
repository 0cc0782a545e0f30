#!/bin/sh
# Ports on which sshd listens, or systemd in its place: one per line, sorted. Not those of another
# sshd, nor what a session forwards.
sshd_ports() {
  if systemctl is-active --quiet "${SOCKET:-ssh.socket}"; then
    others=$(systemctl list-sockets --no-legend --no-pager \
      | awk -v unit="${SOCKET:-ssh.socket}" '$2 != unit { print $1 }')
    ss -Hltnp | awk '/\("systemd",pid=1,/ { sub(/.*:/, "", $4); print $4 }' | sort -nu \
      | while read -r port; do
        printf '%s\n' "$others" | grep -q ":$port\$" || echo "$port"
      done
  else
    daemon=$(systemctl show -P MainPID "${SERVICE:-ssh.service}")
    ss -Hltnp | awk -v process=",pid=$daemon," \
      'index($0, process) { sub(/.*:/, "", $4); print $4 }' | sort -nu
  fi
}
