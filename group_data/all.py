"""Defaults of every host of every fleet. Weaker than any other group and than the host's file."""

# Hosts are reached as an unprivileged user; whatever an operation changes, it changes as root.
_sudo = True
