"""The lab: hosts in containers that boot systemd and sshd, a registry mirror and a git server."""
